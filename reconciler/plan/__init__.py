"""Stage 4: changes become an ordered, guarded plan, and a saved one is held against what is live. Pure."""
