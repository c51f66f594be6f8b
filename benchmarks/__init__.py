"""Measured comparisons, run by hand with `make bench`: what the calls, the time and the memory of this program come to.

Each question is a room or a module with `ask(size, folder) -> Answer`; `__main__` asks them all and writes
RESULTS.md and a chart for each. Nothing of this is shipped.
"""
