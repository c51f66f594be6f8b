"""What a commit's message tells beside its subject: the pull request, who approved it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Final

from reconciler.timeline.model import CommitRef

_NUMBER: Final = re.compile(r"\((?P<number>[#!][0-9]{1,9})\)\s*$", re.ASCII)
_MERGED_NUMBER: Final = re.compile(r"Merge pull request (?P<number>#[0-9]{1,9})\b", re.ASCII)
_MERGE_REQUEST: Final = re.compile(r"^See merge request [^\s!]*(?P<number>![0-9]{1,9})\s*$", re.ASCII | re.MULTILINE)
_TRAILER: Final = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9-]*)[ \t]*:[ \t]*(?P<value>.*\S)")
_ADDRESS: Final = re.compile(r"\s*<[^<>]*>\s*$")
_APPROVALS: Final = frozenset({"approved-by", "reviewed-by"})
_LAST_SECOND: Final = 253_402_300_799
"""The end of the year 9999, beyond which there is no date."""


def commit_ref(oid: str, seconds: int, author: str, message: str, merged_author: str = "") -> CommitRef:
    """Return a commit by its facts; `seconds` since 1970, `merged_author` made what a merge brought in."""
    subject, _, body = message.strip().partition("\n")
    found = _NUMBER.search(subject) or _MERGED_NUMBER.match(subject) or _MERGE_REQUEST.search(body)
    trailers = list(_trailers(body))
    return CommitRef(
        oid=oid,
        at=datetime.fromtimestamp(min(max(seconds, 0), _LAST_SECOND), UTC),
        author=merged_author or author,
        subject=subject.strip(),
        pull_request=found["number"] if found else "",
        merged_by=author if merged_author not in ("", author) else "",
        approved_by=tuple(dict.fromkeys(_ADDRESS.sub("", value) for name, value in trailers if name in _APPROVALS)),
    )


def _trailers(body: str) -> Iterator[tuple[str, str]]:
    """Yield name, in small letters, and value of the lines that end a message; git counts its last paragraph alone."""
    for line in re.split(r"\n\s*\n", body.strip())[-1].splitlines():
        if (found := _TRAILER.fullmatch(line.strip())) is not None:
            yield found["name"].lower(), found["value"]


def reviews_of(message: str) -> Iterator[tuple[str, date]]:
    """Yield key and day of each trailer `Reviewed: KEY`, several with commas between them."""
    for name, value in _trailers(message.strip().partition("\n")[2]):
        for word in value.split(",") if name == "reviewed" else ():
            key, _, day = word.strip().rpartition("@")
            with suppress(ValueError):
                if key:
                    yield key, date.fromisoformat(day)
