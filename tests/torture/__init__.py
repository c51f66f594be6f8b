"""Everything that can go wrong, at every point where it can; `make torture` runs all of it."""
