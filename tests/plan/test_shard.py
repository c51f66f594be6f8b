"""Shards: how a key finds its part, and what is no shard."""

from __future__ import annotations

import subprocess
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.plan.shard import Shard, shard_number


def test_the_split_is_sha_256_of_the_key_as_a_number_modulo_n_and_stays_so_for_ever() -> None:
    # By `printf project-alpha | sha256sum`: another program, another language finds the same shard.
    digest = 0x21D123703106994FA0581E31A03015AABDC2720ED243F542E9C220E8FB779D2E
    assert shard_number("project-alpha", 5) == digest % 5 + 1


def test_the_split_does_not_depend_on_the_process_that_makes_it() -> None:
    code = "from reconciler.plan.shard import shard_number as s; print([s(f'group-{n}', 7) for n in range(50)])"
    ran = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("0", "1")
    }
    assert ran == {f"{[shard_number(f'group-{n}', 7) for n in range(50)]}\n"}


@given(st.text(), st.integers(1, 200))
def test_every_key_is_in_one_shard_however_its_characters_are_composed(key: str, count: int) -> None:
    having = [index for index in range(1, count + 1) if Shard(index, count).contains(key)]
    assert having == [shard_number(key, count)]
    assert shard_number(unicodedata.normalize("NFD", key), count) == shard_number(key, count)


def test_many_keys_are_spread_evenly() -> None:
    sizes = [sum(Shard(index, 5).contains(f"group-{number}") for number in range(1000)) for index in range(1, 6)]
    assert sum(sizes) == 1000
    assert all(150 < size < 250 for size in sizes)


@pytest.mark.parametrize(("text", "shard"), [("1/1", Shard(1, 1)), (" 2/5 ", Shard(2, 5)), ("9/100", Shard(9, 100))])
def test_a_shard_is_read_as_it_is_written(text: str, shard: Shard) -> None:
    assert Shard.parse(text) == shard
    assert str(shard) == text.strip()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        *((text, "as I/N") for text in ("", "2", "2/", "/5", "a/b", "2/5/7", "2 / 5", "2:5", "٢/5")),
        *((text, "as I/N") for text in ("-1/5", "+1/5", "1.0/5", "02/5", "0/5", "0/0", "1/0", "1/1000000")),
        ("6/5", "the last of 5 shards is 5/5; shards count from 1"),
        ("1/100001", "at most 100000 shards"),
    ],
)
def test_what_is_no_shard_is_told_in_words(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Shard.parse(text)
