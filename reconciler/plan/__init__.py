"""Stage 4: changes become an ordered, guarded plan, and the plan file. Pure."""
