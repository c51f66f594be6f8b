"""The embedded API server, for trials and tests. Imports nothing of the rest of the package."""
