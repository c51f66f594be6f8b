"""One module per command, imported only when the command runs; a folder for a command with parts of its own.

In a folder, `__init__.py` has the arguments and options. Code that several commands use is one folder up.
"""
