"""Stage 2: the API becomes the live state, with the fewest calls."""
