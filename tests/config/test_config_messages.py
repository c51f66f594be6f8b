"""Text of a file in a message is escaped, short, and without a whole phone number."""

from __future__ import annotations

import pytest

from reconciler.config.findings import MOST, Findings
from reconciler.config.quoting import did_you_mean, shown, shown_person, trail_text
from reconciler.config.tree import Place
from reconciler.errors import Kind


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
        ("２０２５５５０１４３", "`20 25 ••• ••43`"),
        ("2026-12-31", "`2026-12-31`"),
        ("31.12.2026", "`31.12.2026`"),
        ("123456", "`123456`"),
        ("a\x00\x1b[2Jb\u2028\u202ec\n", "`a\\x00\\x1b[2Jb\\u2028\\u202ec\\n`"),
        ("x" * 60, f"`{'x' * 60}`"),
        ("x" * 61, f"`{'x' * 59}…`"),
        ("\n" * 1000, "`" + "\\n" * 29 + "\\…`"),
    ],
)
def test_a_quoted_text_gives_nothing_away_and_moves_nothing(text: str, expected: str) -> None:
    assert shown(text) == expected


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
    assert shown_person(reference) == expected


def test_a_place_reads_like_a_path_and_hides_numbers() -> None:
    assert trail_text(("groups", "project-alpha", "members", 2)) == "groups.project-alpha.members[2]"
    assert trail_text(("people", "+1 202 555 0143")) == "people.+1 202 ••• ••43"
    assert trail_text(()) == ""


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
def test_only_a_near_name_is_suggested(word: str, hint: str) -> None:
    assert did_you_mean(word, ("name", "description", "members")) == hint


def test_an_error_is_kept_once_and_no_more_than_can_be_read() -> None:
    findings = Findings()
    for number in range(MOST + 5):
        findings.error(Kind.VALUE, Place("g.yaml"), f"error {number // 2}", mark=(1, 1))
    full_at_first = findings.full
    for number in range(MOST + 5):
        findings.error(Kind.VALUE, Place("g.yaml"), f"error {number}", mark=(1, 1))
    assert (full_at_first, findings.full) == (False, True)
    problems = findings.problems({})
    assert len(problems) == MOST + 1
    assert problems[0].kind is Kind.LIMIT
