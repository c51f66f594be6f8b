"""Question 3: how long the work without the network takes, and how much memory, beside reading the same YAML alone."""
