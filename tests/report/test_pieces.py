"""Pieces: what is ours stays as it is, what comes from outside is masked and harmless."""

from __future__ import annotations

import pytest

from reconciler.diff.change import TextChange
from reconciler.messages import LiteralText, Message
from reconciler.model.person_ref import PersonRef
from reconciler.model.text import Untrusted
from reconciler.report.pieces import (
    InviteLink,
    OutsideText,
    PersonName,
    PhoneNumber,
    Piece,
    QuotedText,
    Span,
    TextDiff,
    first_pieces,
    join_pieces,
    literal,
    message_pieces,
    plain_text,
    spans,
)
from tests.report.report_samples import ALICE, BRAZILIAN, FULL, LID_ONLY, MASKED, NOBODY, STRANGER


@pytest.mark.parametrize(
    ("who", "masked", "full"),
    [
        (ALICE, "alice", "alice"),
        (STRANGER, "+1 202 ••• ••46", "+12025550146"),
        (BRAZILIAN, "+55 319 ••• ••00", "+5531996348800"),
        (PersonRef(None, "12025550143@s.whatsapp.net"), "+1 202 ••• ••43", "12025550143@s.whatsapp.net"),
        (LID_ONLY, "76699677012110@lid", "76699677012110@lid"),
        (PersonRef(None, None, None, "x12025550143@y"), "x+1 202 ••• ••43@y", "x12025550143@y"),
        (NOBODY, "(unidentified)", "(unidentified)"),
        (PersonRef(None, None, "Bob +1 202 555 0143"), "Bob +1 202 ••• ••43", "Bob +1 202 555 0143"),
        (PersonRef(None, None, "+1202\u200b5550143"), "+1 202 ••• ••43", "+1202\\u200b5550143"),
        (PersonRef(None, None, "Bob\x1b[2J"), "Bob\\x1b[2J", "Bob\\x1b[2J"),
    ],
)
def test_person_is_called_by_label_else_number_else_private_id(who: PersonRef, masked: str, full: str) -> None:
    assert plain_text((PersonName(who),), MASKED) == masked
    assert plain_text((PersonName(who),), FULL) == full


def test_backticks_are_code_in_our_words_alone() -> None:
    pieces = (LiteralText("run `reconciler pin` for "), OutsideText("`key`"))
    assert list(spans(pieces, MASKED)) == [Span("run "), Span("reconciler pin", code=True), Span(" for `key`")]
    assert plain_text(pieces, MASKED) == "run `reconciler pin` for `key`"


@pytest.mark.parametrize(
    ("piece", "masked", "full"),
    [
        (LiteralText("10, 20, 30, 40"), "10, 20, 30, 40", "10, 20, 30, 40"),
        (OutsideText("call +1 202 555 0143\n"), "call +1 202 ••• ••43\\n", "call +1 202 555 0143\\n"),
        (QuotedText('a" +12025550143'), '"a\\" +1 202 ••• ••43"', '"a\\" +12025550143"'),
        (PhoneNumber("+12025550143"), "+1 202 ••• ••43", "+12025550143"),
        (InviteLink("https://chat.whatsapp.com/Code12345678"), *["https://chat.whatsapp.com/Code12345678"] * 2),
        (InviteLink("+12025550143"), "+1 202 ••• ••43", "+12025550143"),
        (TextDiff(TextChange("name", Untrusted(""), "x\x1b")), '(none) → "x\\x1b"', '(none) → "x\\x1b"'),
    ],
)
def test_each_piece_is_masked_and_escaped_by_its_kind(piece: Piece, masked: str, full: str) -> None:
    assert plain_text((piece,), MASKED) == masked
    assert plain_text((piece,), FULL) == full


def test_a_text_from_outside_is_cut_where_it_would_fill_the_screen() -> None:
    assert plain_text((OutsideText("x" * 1001),), FULL) == "x" * 1000 + " … (1 more characters)"


def test_a_message_keeps_its_words_and_quotes_live_text() -> None:
    message = Message.of("not-connected", instance="inst_1", status=Untrusted("`odd`"))
    assert [type(piece) for piece in message_pieces(message)].count(QuotedText) == 1
    assert '"`odd`"' in plain_text(message_pieces(message), MASKED)
    assert not any(span.code for span in spans(message_pieces(message), MASKED))
    assert message_pieces(None) == ()


def test_parts_that_are_empty_get_no_separator() -> None:
    assert plain_text(join_pieces(": ", [(), literal("a"), (), literal("b")]), MASKED) == "a: b"
    assert join_pieces(": ", [(), ()]) == ()


def test_of_many_texts_the_first_are_shown_and_the_others_counted() -> None:
    assert plain_text(first_pieces(["a", "b", "c"], 2), MASKED) == "a, b and 1 more"
    assert plain_text(first_pieces(["a", "b"], 2), MASKED) == "a, b"
