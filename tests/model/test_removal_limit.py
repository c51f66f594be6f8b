"""How many removals a count or a share allows."""

from __future__ import annotations

import contextlib
import json
import re

import pytest

from reconciler.json_schemas import schema_text
from reconciler.model.desired import DEFAULT_REMOVALS, Limit


@pytest.mark.parametrize(
    ("limit", "members", "allowed"),
    [
        pytest.param(Limit("x", percent=25), 0, 1, id="at least one, even of none"),
        pytest.param(Limit("x", percent=25), 3, 1, id="at least one"),
        pytest.param(Limit("x", percent=25), 7, 1, id="rounded down"),
        pytest.param(Limit("x", percent=25), 8, 2, id="exactly"),
        pytest.param(Limit("x", percent=100), 9, 9, id="everybody"),
        pytest.param(Limit("x", percent=0), 1000, 0, id="0% allows nobody"),
        pytest.param(Limit("x"), 1000, 0, id="neither count nor share allows nobody"),
        pytest.param(Limit("x", percent=29), 100, 29, id="29% of a hundred, whatever floats make of it"),
        pytest.param(Limit("x", percent=0.1), 1024, 1, id="a fraction of a percent"),
        pytest.param(Limit("x", count=0), 1000, 0, id="a count of none"),
        pytest.param(Limit("x", count=5), 2, 5, id="a count is a count"),
        pytest.param(DEFAULT_REMOVALS, 100, 25, id="the default is a quarter"),
    ],
)
def test_a_limit_allows_a_count_or_a_share_rounded_down(limit: Limit, members: int, allowed: int) -> None:
    assert limit.allowed(members) == allowed


@pytest.mark.parametrize("members", [1, 10, 33, 100, 1023])
def test_a_share_is_what_whole_numbers_say(members: int) -> None:
    allowed = [Limit("x", percent=percent).allowed(members) for percent in range(1, 101)]
    assert allowed == [max(1, members * percent // 100) for percent in range(1, 101)]


@pytest.mark.parametrize(
    ("limit", "text"),
    [
        (Limit("x", percent=25.0), "25%"),
        (Limit("x", percent=12.5), "12.5%"),
        (Limit("x", count=3), "3"),
        (Limit("x", count=0), "0"),
    ],
)
def test_a_limit_reads_as_the_file_writes_it(limit: Limit, text: str) -> None:
    assert str(limit) == text


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("3", Limit("x", count=3)),
        (" 3.0 ", Limit("x", count=3)),
        ("0", Limit("x", count=0)),
        ("25%", Limit("x", percent=25.0)),
        ("12.5 %", Limit("x", percent=12.5)),
        ("100.0%", Limit("x", percent=100.0)),
        ("0%", Limit("x", percent=0.0)),
    ],
)
def test_a_limit_is_read_as_the_file_and_the_command_line_write_it(text: str, limit: Limit) -> None:
    assert Limit.parse(text, "x") == limit


@pytest.mark.parametrize("text", ["", "%", "-1", "2.5", "101%", "100.1%", "1e3", "nan%", "３", "1_000", "few", "3%%"])
def test_what_is_neither_a_count_nor_a_share_is_no_limit(text: str) -> None:
    with pytest.raises(ValueError, match="neither a count nor a share"):
        Limit.parse(text, "x")


def test_the_published_schema_takes_the_same_texts() -> None:
    pattern = json.loads(schema_text("groups.schema.json"))["$defs"]["max_removals"]["pattern"]
    texts = [
        "3",
        "3.0",
        "25%",
        "12.5 %",
        "100.0%",
        "101%",
        "2.5",
        "1234567",
        "",
        "%",
        "0.1234567%",
        "007",
        "99.999999%",
    ]
    for text in texts:
        with contextlib.nullcontext() if re.search(pattern, text) else pytest.raises(ValueError, match="neither"):
            Limit.parse(text, "x")
