"""Stage 4: order and guard the changes as a plan; read, check and recheck a saved one. Pure."""
