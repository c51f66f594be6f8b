"""Anchored patterns: what they match, what they do not, and that none takes for ever."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.restrictions import glob_match

TABLE = [
    ("sales-*", "sales-north", True),
    ("sales-*", "sales-", True),
    ("sales-*", "big-sales-north", False),
    ("sales-*", "Sales-north", False),
    ("sales-*", "sales-a/b", False),
    ("*-sales", "a-sales-b", False),
    ("sales", "sales", True),
    ("sales", "sales-north", False),
    ("sal?s", "sales", True),
    ("sal?s", "sals", False),
    ("sal?s", "sal/s", False),
    ("*.yaml", "people.yaml", True),
    ("*.yaml", "sales/people.yaml", False),
    ("*.yaml", "peopleXyaml", False),
    ("sales/*.yaml", "sales/a.yaml", True),
    ("sales/*.yaml", "sales/north/a.yaml", False),
    ("sales/*/a.yaml", "sales/north/a.yaml", True),
    ("sales/*/a.yaml", "sales/a.yaml", False),
    ("sales/**", "sales/a.yaml", True),
    ("sales/**", "sales/north/east/a.yaml", True),
    ("sales/**", "sales", False),
    ("sales/**", "sales.yaml", False),
    ("sales/**", "sales-north/a.yaml", False),
    ("sales/**", "x/sales/a.yaml", False),
    ("**", "a.yaml", True),
    ("**", "a/b/c.yaml", True),
    ("**/a.yaml", "a.yaml", True),
    ("**/a.yaml", "x/y/a.yaml", True),
    ("**/a.yaml", "xa.yaml", False),
    ("**/a.yaml", "x/ya.yaml", False),
    ("sales/**/a.yaml", "sales/a.yaml", True),
    ("sales/**/a.yaml", "sales/x/y/a.yaml", True),
    ("sales/**/a.yaml", "sales/xa.yaml", False),
    ("sales**", "sales-north/a.yaml", True),
    ("a**b", "a/x/b", True),
    ("***", "a/b", True),
    ("*", "", True),
    ("?", "", False),
    ("", "", True),
    ("", "a", False),
    ("[ab]", "a", False),
    ("[ab]", "[ab]", True),
    ("a.c", "abc", False),
    ("caf\u00e9-*", "cafe\u0301-a", True),
    ("a\nb*", "a\nbc", True),
]


@pytest.mark.parametrize(("pattern", "text", "expected"), TABLE)
def test_a_pattern_matches_the_whole_text_and_one_star_stays_in_its_folder(
    pattern: str, text: str, expected: bool
) -> None:
    assert glob_match(pattern, text) is expected


def as_expression(pattern: str) -> str:
    """The same pattern for Python's regular expressions, as a second opinion."""
    text = re.escape(pattern)
    text = re.sub(r"(?:(?<=/)|\A)\\\*\\\*/", "(?:.*/)?", text)
    text = re.sub(r"(?:\\\*){2,}", ".*", text)
    return text.replace(r"\*", "[^/]*").replace(r"\?", "[^/]")


@given(st.text("ab/*?", max_size=8), st.text("ab/", max_size=8))
def test_patterns_agree_with_the_same_patterns_as_regular_expressions(pattern: str, text: str) -> None:
    assert glob_match(pattern, text) is (re.fullmatch(as_expression(pattern), text) is not None)


def test_no_pattern_takes_for_ever() -> None:
    begun = time.process_time()
    assert not glob_match("**a*" * 50, "a" * 2000 + "b/" * 500 + "c")
    assert time.process_time() - begun < 5
