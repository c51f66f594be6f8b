"""Stage 5: execute a plan, verify it, and return what happened."""
