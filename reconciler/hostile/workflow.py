"""Hostile text in a workflow command: `::error file=groups.yaml,line=3::message`.

GitHub reads a command to the end of its line, and takes these escapes out again (actions/toolkit, `command.ts`): in
the message `%25`, `%0D`, `%0A`; in a property also `%3A` and `%2C`, since a colon ends the properties and a comma one
of them.
"""

from __future__ import annotations

from reconciler.hostile.escaping import shown

_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


def command_data(text: str, *, show_phones: bool = False) -> str:
    """The message of a command: one line, masked; what is shown is what `safe` shows."""
    return shown(text, show_phones=show_phones).translate(_DATA)


def command_property(text: str, *, show_phones: bool = False) -> str:
    """The value of a property, `file` or `title`: it cannot begin another property or end them."""
    return shown(text, show_phones=show_phones).translate(_PROPERTY)
