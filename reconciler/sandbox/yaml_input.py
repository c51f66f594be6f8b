"""YAML files for the sandbox, read into values that know where they stand, so that errors can say so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.sandbox.errors import SandboxError


@dataclass(frozen=True, slots=True)
class YamlValue:
    """A value of a document and its place: `first.yaml: groups[2].name`."""

    value: Any
    where: str

    def fields(self, known: Sequence[str], required: Sequence[str] = ()) -> dict[str, YamlValue]:
        """A mapping's values by key; no other keys than these are allowed."""
        if not isinstance(self.value, dict):
            raise self.wrong(f"expected a mapping with {', '.join(known)}")
        unknown = [str(key) for key in self.value if key not in known]
        if unknown:
            raise self.wrong(f"unknown key {unknown[0]!r}; known: {', '.join(known)}")
        for key in required:
            if key not in self.value:
                raise self.wrong(f"the key {key!r} is missing")
        joint = "." if self.where[-1] not in ": " else ""
        return {key: YamlValue(value, f"{self.where}{joint}{key}") for key, value in self.value.items()}

    def entries(self) -> list[YamlValue]:
        """A list's values; a key with nothing behind it is an empty list."""
        if self.value in (None, ""):
            return []
        if not isinstance(self.value, list):
            raise self.wrong("expected a list")
        return [YamlValue(value, f"{self.where}[{number}]") for number, value in enumerate(self.value)]

    def text(self) -> str:
        """Text."""
        if not isinstance(self.value, str):
            raise self.wrong("expected text; put it in quotes")
        return self.value

    def flag(self) -> bool:
        """Yes or no, as true or false."""
        if self.value in (True, "true"):
            return True
        if self.value in (False, "false"):
            return False
        raise self.wrong("expected true or false")

    def number(self) -> float:
        """A number, not negative."""
        if isinstance(self.value, bool) or not isinstance(self.value, (int, float)) or not self.value >= 0:
            raise self.wrong("expected a number that is not negative")
        return float(self.value)

    def integer(self) -> int:
        """An integer."""
        if isinstance(self.value, bool) or not isinstance(self.value, int):
            raise self.wrong("expected an integer")
        return self.value

    def count(self) -> int:
        """An integer, not negative."""
        if self.integer() < 0:
            raise self.wrong("expected an integer that is not negative")
        return self.integer()

    def wrong(self, message: str) -> SandboxError:
        """An error about this value."""
        return SandboxError(f"{self.where.rstrip(': ')}: {message}")

    @contextmanager
    def blamed(self) -> Iterator[None]:
        """Say of every SandboxError inside that this value is to blame."""
        try:
            yield
        except SandboxError as error:
            raise self.wrong(str(error)) from None


def read_document(path: Path, typed: bool) -> YamlValue:
    """A YAML file's document; with `typed` False every scalar stays the text that was written, phone numbers too.

    Raises SandboxError where the file cannot be read or is no YAML.
    """
    import yaml

    try:
        text = path.read_text(encoding="utf-8")
        value = yaml.load(text, yaml.SafeLoader if typed else yaml.BaseLoader)  # noqa: S506 -- both build plain data only
    except (OSError, UnicodeDecodeError) as error:
        raise SandboxError(f"{path} cannot be read: {error}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise SandboxError(f"{path} is no valid YAML: {' '.join(str(error).split())}") from error
    return YamlValue(value, f"{path}: ")
