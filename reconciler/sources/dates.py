"""Read days as other programs write them, and only those that mean one day."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

_ISO = re.compile(r"(?P<year>[0-9]{4})(?P<mark>[-/.])(?P<month>[0-9]{1,2})(?P=mark)(?P<day>[0-9]{1,2})", re.ASCII)
_DAY_LAST = re.compile(r"(?P<one>[0-9]{1,2})(?P<mark>[-/.])(?P<two>[0-9]{1,2})(?P=mark)(?P<year>[0-9]{4})", re.ASCII)
_TIME = re.compile(r"[T ]+[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?(?: ?Z|[+-][0-9]{2}:?[0-9]{2})?", re.ASCII)
_WRITE: Final = "write it as YYYY-MM-DD"


class NotOneDay(Exception):
    """A text is not a day, or may be two: `message` follows the text, `hint` has the way out."""

    def __init__(self, message: str, hint: str = _WRITE) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def read_day(text: str) -> date:
    """Return the day that a text means; a time of the day after it does not count. Raise NotOneDay.

    `2027-07-31`, `2027/7/31`; `31.07.2027`, where the day is first; `31/07/2027` and `07/31/2027`, which are one day
    only because no month has the number 31.
    """
    text = text.strip()
    time = _TIME.search(text)
    if time is not None and time.end() == len(text):
        text = text[: time.start()]
    if match := _ISO.fullmatch(text):
        return _day(int(match["year"]), int(match["month"]), int(match["day"]))
    match = _DAY_LAST.fullmatch(text)
    if match is None:
        raise NotOneDay("is not a date")
    one, two, year = int(match["one"]), int(match["two"]), int(match["year"])
    if match["mark"] == "." or one > 12 or one == two:
        return _day(year, two, one)
    if two > 12:
        return _day(year, one, two)
    first, second = _day(year, two, one), _day(year, one, two)
    raise NotOneDay(f"may be {first.isoformat()} or {second.isoformat()}")


def _day(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise NotOneDay("is not a day of the calendar") from None
