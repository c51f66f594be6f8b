"""A state machine that edits the file and the world at random and runs the program in between."""
