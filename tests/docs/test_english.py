"""Prose is free of the phrases on the word list (`tests/docs/plain_english.py`)."""

from __future__ import annotations

import pytest

from tests.docs.plain_english import CHECKED, PHRASES, ROOTS, Text, hits


@pytest.mark.parametrize("root", CHECKED)
def test_prose_is_free_of_the_phrases_on_the_word_list(root: str) -> None:
    assert [str(hit) for hit in hits(ROOTS[root]())] == []


@pytest.mark.parametrize("root", ROOTS)
def test_every_root_has_texts(root: str) -> None:
    assert len(list(ROOTS[root]())) > 5


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("'0' is no number above 0.", "is no number"),
        ("A mistake is\ntold with its place.", "is told"),
        ("5 groups are as the file says.", "as the file says"),
        ("Whoever has the link can join.", "Whoever"),
        ("Is it a hand, or the file?", "a hand"),
        ("The tag is another one by now.", "by now"),
        ("Only groups that the file wants otherwise than before.", "the file wants"),
    ],
)
def test_the_list_finds_the_habits_that_it_is_for(text: str, phrase: str) -> None:
    assert phrase in [hit.phrase for hit in hits(iter([Text("here", text)]))]


def test_good_english_passes() -> None:
    text = "The list is not complete. A handful of groups changed; there is no state file. Nobody is removed."
    assert hits(iter([Text("here", text)])) == []
    assert len(PHRASES) >= 30
