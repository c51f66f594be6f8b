"""Text is compared in one form; a mistyped name has a suggestion."""

from __future__ import annotations

import pytest

from reconciler.model.text import (
    Untrusted,
    closest_name,
    folded_name,
    is_blank,
    mistyped_name,
    normalize,
    quote,
    texts_equal,
)


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("Board", "Board", True),
        ("Board", "board", False),
        ("Caf\u00e9", "Cafe\u0301", True),
        ("a\r\nb", "a\nb", True),
        ("a\rb", "a\nb", True),
        ("a\n\r\nb", "a\n\nb", True),
        ("a\nb\n", "a\nb", True),
        (" \u00a0a\u2003", "a", True),
        ("a  b", "a b", False),
        ("", " \n\t", True),
        ("", "a", False),
        ("\u212b", "\u00c5", True),
        ("\u2460", "1", False),
        ("a\u200b", "a", False),
    ],
)
def test_texts_are_equal_after_nfc_line_ends_and_outer_white_space(one: str, other: str, equal: bool) -> None:
    assert texts_equal(one, other) is equal
    assert texts_equal(other, one) is equal


@pytest.mark.parametrize("text", ["  Cafe\u0301\r\nb\r", "", "plain", "\u00a0x\n"])
def test_a_comparable_text_stays_as_it_is(text: str) -> None:
    assert normalize(normalize(text)) == normalize(text)


@pytest.mark.parametrize(("text", "quoted"), [("A", '"A"'), ('A", "B', '"A\\", \\"B"'), ("a\\", '"a\\\\"'), ("", '""')])
def test_where_a_text_in_quotes_ends_cannot_be_faked(text: str, quoted: str) -> None:
    assert quote(text) == quoted


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("pln", "plan"),
        ("Plan", "plan"),
        ("aply", "apply"),
        ("родтели-5б", "родители-5б"),
        ("xyz", None),
        ("", None),
        ("p" * 100_000, None),
    ],
)
def test_only_a_close_name_is_suggested(word: str, expected: str | None) -> None:
    assert closest_name(word, ("plan", "apply", "родители-5б")) == expected


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("alise", "alice"),
        ("alcie", "alice"),
        ("alic", "alice"),
        ("alicee", "alice"),
        ("anna-kock", "anna-koch"),
        ("anja-koch", None),
        ("barbel-kohler", None),
        ("bob", None),
        ("baerbel", "bärbel"),
        ("barbel", "bärbel"),
        ("BÄRBEL", "bärbel"),
        ("gross", "groß"),
        ("jose", "josé"),
        ("juergen", None),
        ("jurgen", None),
        ("alice", None),
        ("Ina Neumann", None),
        ("lukas", None),
        ("x" * 200, None),
    ],
)
def test_a_mistyped_name_differs_by_one_slip_and_is_no_namesake(word: str, name: str | None) -> None:
    accented = ("bärbel", "groß", "josé", "jürgen", "jûrgen", "juergén")
    names = (*accented, "alice", "anna-koch", "barbel-heide", "rob", "Lena Lehmann", "lucas", "lukass")
    assert mistyped_name(word, names) == name


@pytest.mark.parametrize(
    "text", ["", " \t\r\n", "\u00a0", "\u200b", "\u2060\ufeff", "\u202a\u202c", "\u3164", "\u2800\ufe0f"]
)
def test_a_text_of_which_nothing_shows_is_blank(text: str) -> None:
    assert is_blank(text)


@pytest.mark.parametrize("text", ["a", ".", "\u200b.", "❤\ufe0f", "\U0001fae8", "\ue000", "\u0301"])
def test_a_text_of_which_anything_shows_is_not_blank(text: str) -> None:
    assert not is_blank(text)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Eltern 3b", "ELTERN  3B", True),
        ("Eltern 3b", "🎒 Eltern-3b! ", True),
        ("Straße", "STRASSE", True),
        ("İstanbul", "istanbul", True),
        ("Men 1️⃣", "men 1", True),
        ("e\u0301cole", "École", True),
        ("Team 1", "Team 2", False),
        ("Cole", "Côle", False),
        ("हिंदी", "हदी", False),
        ("🎉", "🎊", False),
        ("!", "", False),
    ],
)
def test_a_folded_name_has_its_letters_digits_and_marks_alone(one: str, other: str, same: bool) -> None:
    assert (folded_name(one) == folded_name(Untrusted(other))) == same
