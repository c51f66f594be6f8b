"""No number is whole in a diff of YAML, however its escapes and line breaks hide it; the lines stay those of a diff."""

from __future__ import annotations

from difflib import unified_diff

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.sanitize.yaml_text import yaml_diff, yaml_lines


def digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


@pytest.mark.parametrize(
    "text",
    [
        r'name: "Call +1 202\xa0555\xa00143"',
        r'name: "1\u200b202\u200b555\u200b0143"',
        r'name: "+1\x09202\x09555\x090143"',
        r'name: "+1\t202\t555\t0143"',
        r'name: "+1\_202\_555\_0143"',
        r'name: "+1 202\U000e0067555\U000e0067 0143"',
        r'{"name": "+1 202\udb40\udc67555\udb40\udc670143"}',
        r'name: "\x2b\x31\x32\x30\x32\x35\x35\x35\x30\x31\x34\x33"',
        "name: Call +1 202\n      555 0143\nid: x",
        "name: Call +1\n 202\n 555\n 0143",
        'name: "Call +1 202\\\n    \\ 555 0143"',
        "description: |\n      +1 202 555\n      0143\n",
        "description: |\n      +1 202 555\n      0143: ask\n",
    ],
)
def test_a_number_is_masked_whatever_is_in_it(text: str) -> None:
    shown = "\n".join(yaml_lines(text.split("\n"), show_phones=False))
    assert "5550143" not in digits(shown)
    assert "2555" not in digits(shown).replace(r"\x", "")
    assert shown.count("\n") == text.count("\n")
    assert yaml_lines(["a: +1 202 555 0143"], show_phones=True) == ["a: +1 202 555 0143"]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("  a1: 030 23125 001", "  a1: 030 ••• ••01"),
        ("  - x2: 030 23125 001", "  - x2: 030 ••• ••01"),
        (r'name: "tab\tand \"quotes\""', r'name: "tab\tand \"quotes\""'),
        ("until: 2099-12-31", "until: 2099-12-31"),
    ],
)
def test_keys_dates_and_escapes_without_a_number_stay(line: str, shown: str) -> None:
    assert yaml_lines([line], show_phones=False) == [shown]


def test_members_one_a_line_are_masked_one_by_one() -> None:
    lines = ["members:", "- +1 202 555 0143", "- 0202 5550144", "- alice"]
    assert yaml_lines(lines, show_phones=False)[1:] == ["- +1 202 ••• ••43", "- 020 ••• ••44", "- alice"]


LINES = st.lists(st.sampled_from(["a: 1", "b: 2", "c: [x]", "", "# d"]), min_size=1, max_size=12)


@given(LINES, LINES)
def test_it_is_the_unified_diff(old: list[str], new: list[str]) -> None:
    old, new = [*old, "end"], [*new, "end"]
    if old != new:
        lines = list(yaml_diff("f", "\n".join(old), "\r\n".join(new), show_phones=False))
        assert lines == list(unified_diff(old, new, "f", "f", lineterm=""))
