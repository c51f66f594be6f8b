"""Question 1: how many calls a run makes, counted at the server, beside the fewest that can do the work."""
