"""Stage 6: plans and results become text and JSON. Pure."""
