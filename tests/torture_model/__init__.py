"""A state machine that plays with the program, and a small world of its own that decides what is right."""
