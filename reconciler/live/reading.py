"""A value inside an answer that knows where it stands, so that an unknown shape is told by endpoint and field. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from reconciler.errors import BadAnswer


@dataclass(frozen=True, slots=True)
class Value:
    """Any JSON at one place of an answer: `where` is "data[3].name"."""

    raw: Any
    endpoint: str
    where: str = "data"

    def wrong(self, expected: str) -> BadAnswer:
        """The error for this value not being what it should: "data[3].name: expected text, found a number"."""
        return BadAnswer(
            f"{self.where}: expected {expected}, found {_kind(self.raw)}",
            endpoint=self.endpoint,
            hint="the API answered in a shape that this version does not know",
        )

    def has(self, *names: str) -> bool:
        """Whether this is an object with one of these fields (null counts)."""
        return isinstance(self.raw, dict) and any(name in self.raw for name in names)

    def field(self, *names: str) -> Value:
        """The first of these fields that is there and not null; a null value under the first name otherwise."""
        if not isinstance(self.raw, dict):
            raise self.wrong("an object")
        for name in names:
            if self.raw.get(name) is not None:
                return Value(self.raw[name], self.endpoint, f"{self.where}.{name}")
        return Value(None, self.endpoint, f"{self.where}.{names[0]}")

    @property
    def told(self) -> bool:
        """Whether there is anything but null here."""
        return self.raw is not None

    def entries(self) -> Iterator[Value]:
        """The entries of an array."""
        if not isinstance(self.raw, list):
            raise self.wrong("an array")
        return (Value(item, self.endpoint, f"{self.where}[{at}]") for at, item in enumerate(self.raw))

    def text(self) -> str:
        """A text. Halves of surrogate pairs, left where a name was cut, become the replacement character."""
        if not isinstance(self.raw, str):
            raise self.wrong("text")
        return self.raw.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")

    def flag(self) -> bool:
        """True or false."""
        if not isinstance(self.raw, bool):
            raise self.wrong("true or false")
        return self.raw

    def count(self) -> int:
        """A whole number, no less than 0."""
        if isinstance(self.raw, bool) or not isinstance(self.raw, int) or self.raw < 0:
            raise self.wrong("a whole number")
        return self.raw


def _kind(raw: Any) -> str:
    """What a value is, in words; its content may be anybody's, so that it is not repeated."""
    if raw is None:
        return "nothing"
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, int | float):
        return "a number"
    if isinstance(raw, str):
        return "other text" if raw else "an empty text"
    return "an array" if isinstance(raw, list) else "an object"
