"""How much WhatsApp and the API take: the numbers that more than one stage holds to."""

from __future__ import annotations

from typing import Final

MAX_NAME: Final = 100
"""Characters of a group's name."""

MAX_DESCRIPTION: Final = 2048
"""Characters of a group's description."""

MAX_MEMBERS: Final = 1024
"""Participants of a group, the instance included."""

MAX_PEOPLE_A_CALL: Final = 256
"""Participants that one call adds or removes."""
