"""Regular expressions for names, by an engine whose time grows only with the length of the name, so that none hangs."""

from __future__ import annotations

from typing import Final

MAX_PATTERN_BYTES: Final = 1_000_000
"""What a compiled pattern may take, so that a short one such as `(a{1000}){1000}` does not fill the memory."""


class NamePattern:
    """A regular expression that a whole name must match. Raises ValueError for one that is not valid.

    It has no look-around and no back-references.
    """

    def __init__(self, pattern: str) -> None:
        from jsonschema_rs import Draft202012Validator, RegexOptions

        options = RegexOptions(size_limit=MAX_PATTERN_BYTES)
        # By itself, too: `a)|(b` is valid only within brackets.
        Draft202012Validator({"pattern": pattern}, pattern_options=options)
        validator = Draft202012Validator({"pattern": rf"^(?:{pattern})$"}, pattern_options=options)
        self._is_valid = validator.is_valid

    def __call__(self, name: str) -> bool:
        """Return whether the whole name matches."""
        return self._is_valid(name)
