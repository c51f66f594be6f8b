"""Whether a stream gets colours: by --color, then by the environment, then by what the stream is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final, TextIO

COLOR_CHOICES: Final = ("auto", "always", "never")


def use_color(choice: str, stream: TextIO | None) -> bool:
    """Return whether this stream (None: closed) gets colours, with this value of --color."""
    return wants_color(choice, os.environ, is_terminal=stream is not None and stream.isatty())


def wants_color(choice: str, environment: Mapping[str, str], *, is_terminal: bool) -> bool:
    """Return whether colours are wanted: by the option, else by NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE and CLICOLOR.

    An empty variable counts as unset, as no-color.org and force-color.org specify.
    """
    if choice != "auto":
        return choice == "always"
    if environment.get("NO_COLOR"):
        return False
    for name in ("FORCE_COLOR", "CLICOLOR_FORCE"):
        if environment.get(name, "0") not in ("", "0"):
            return True
    if "0" in (environment.get("FORCE_COLOR"), environment.get("CLICOLOR")):
        return False
    return is_terminal and environment.get("TERM") != "dumb"
