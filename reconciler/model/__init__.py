"""Nouns without I/O: people and their identity, desired and live groups, plans and results."""
