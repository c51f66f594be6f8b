"""Every fault, crash, race and false answer, at every call of one apply that uses every action."""
