"""The place of a character of an expression in the file is right in every style of YAML text, or not given at all."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.config.expressions import place_in_file

words = st.text("ab&|'\"\\.(>:# é", min_size=1, max_size=12)
values = st.lists(words, min_size=1, max_size=4).map("\n".join)


@given(st.sampled_from(["'", '"', "|", ">", None]), values)
def test_a_place_in_the_file_has_the_character_of_the_value(style: str | None, value: str) -> None:
    text = yaml.dump({"rules": [{"require": value}]}, default_style=style, allow_unicode=True, width=20)
    (entry,) = yaml.load(text, yaml.BaseLoader)["rules"]
    lines = entry["require"].split("\n")
    for row, line in enumerate(lines):
        for column, char in enumerate(line):
            place = place_in_file(text, ("rules", 0, "require"), entry["require"], row + 1, column + 1)
            if place is not None and char != " ":
                assert text.split("\n")[place[0] - 1][place[1] - 1] == char


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: x > y\n", (1, 6)),
        ("a: 'x > y'\n", (1, 7)),
        ('a: "x > y"\n', (1, 7)),
        ("a: |\n  x > y\n", (2, 5)),
        ("a: >-\n  x\n  > y\n", (3, 3)),
        ("a: >-\r\n  x\r\n  > y\r\n", (3, 3)),
        ("b: &b x > y\na: *b\n", None),
        ('a: "x \\x3e y"\n', None),
    ],
)
def test_the_operator_is_found_in_each_style(text: str, place: tuple[int, int] | None) -> None:
    assert place_in_file(text, ("a",), "x > y", 1, 3) == place
