"""One module a command, which is imported when the command is run; a folder where a command has parts of its own.

In a folder `command.py` says the arguments and options, and the parts serve no other command. What several commands
use stands one folder up.
"""
