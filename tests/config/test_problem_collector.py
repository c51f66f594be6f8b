"""Text of a file in a message is escaped, short, and without a whole phone number."""

from __future__ import annotations

import pytest

from reconciler.config.document import SourceLocation
from reconciler.config.problem_collector import (
    MAX_PROBLEMS,
    ProblemCollector,
    did_you_mean,
    format_path,
    quote_person,
    quote_value,
)
from reconciler.errors import ConfigError, ProblemKind


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("alice", "`alice`"),
        ("+1 202 555 0143", "`+1 202 ••• ••43`"),
        ("+491715550143", "`+49 171 ••• ••43`"),
        ("+999123456789", "`+999 12 ••• ••89`"),
        ("call 0171/555 01-43 now", "`call 017 ••• ••43 now`"),
        ("12025550143@s.whatsapp.net", "`+1 202 ••• ••43`"),
        ("76699677012110@lid", "`76699677012110@lid`"),
        ("120363012345678901@g.us", "`120363012345678901@g.us`"),
        ("1202_555_0143", "`1 202 ••• ••43`"),
        ("+१२०२५५५०१४३", "`+1 202 ••• ••43`"),
        ("+1202\u200b5550143", "`+1 202 ••• ••43`"),
        ("２０２５５５０１４３", "`202 ••• ••43`"),
        ("2026-12-31", "`2026-12-31`"),
        ("31.12.2026", "`31.12.2026`"),
        ("123456", "`123456`"),
        ("a\x00\x1b[2Jb\u2028\u202ec\n", "`a\\x00\\x1b[2Jb\\u2028\\u202ec\\n`"),
        ("x" * 60, f"`{'x' * 60}`"),
        ("x" * 61, f"`{'x' * 59}…`"),
        ("\n" * 1000, "`" + "\\n" * 29 + "\\…`"),
    ],
)
def test_a_quoted_text_is_masked_escaped_and_short(text: str, expected: str) -> None:
    assert quote_value(text) == expected


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("+1 202 555 O143", "`+1 •••43`"),
        ("+1 202 555 0143", "`+1 202 ••• ••43`"),
        ("bob2026", "`bob2026`"),
        ("12025550143@c.us", "`+1 202 ••• ••43`"),
    ],
)
def test_a_mistyped_number_is_masked_as_a_whole(reference: str, expected: str) -> None:
    assert quote_person(reference) == expected


def test_a_path_is_readable_and_masks_numbers() -> None:
    assert format_path(("groups", "project-alpha", "members", 2)) == "groups.project-alpha.members[2]"
    assert format_path(("people", "+1 202 555 0143")) == "people.+1 202 ••• ••43"
    assert format_path(()) == ""


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("descripton", "did you mean `description`?"),
        ("Members", "did you mean `members`?"),
        ("restrictions", ""),
        ("", ""),
        ("x" * 10_000, ""),
    ],
)
def test_only_a_close_name_is_suggested(word: str, hint: str) -> None:
    assert did_you_mean(word, ("name", "description", "members")) == hint


def test_an_error_is_reported_once_and_their_number_is_limited() -> None:
    problems = ProblemCollector()
    for number in range(MAX_PROBLEMS + 5):
        problems.error(ProblemKind.VALUE, SourceLocation("g.yaml"), f"error {number // 2}", mark=(1, 1))
    full_at_first = problems.limit_reached
    for number in range(MAX_PROBLEMS + 5):
        problems.error(ProblemKind.VALUE, SourceLocation("g.yaml"), f"error {number}", mark=(1, 1))
    assert (full_at_first, problems.limit_reached) == (False, True)
    located = problems.locate_all({})
    assert len(located) == MAX_PROBLEMS + 1
    assert located[0].kind is ProblemKind.LIMIT


def test_an_error_counts_errors_and_warnings_apart() -> None:
    problems = ProblemCollector()
    problems.error(ProblemKind.VALUE, SourceLocation("a"), "wrong")
    problems.warning(ProblemKind.VALUE, SourceLocation("a"), "odd")
    assert ConfigError(problems.locate_all({})).message == "1 error, 1 warning in the configuration"
