"""What is asked of the live groups with the file at hand, in the fewest calls that are safe: what there is, whose."""
