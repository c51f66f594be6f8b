"""Messages are data: a known code with the parameters of its sentence, and nothing else."""

from __future__ import annotations

import ast
import json
import os
from collections.abc import Iterator
from datetime import date

import pytest

from reconciler.message_catalogue import CATALOGUE, MessageKind
from reconciler.messages import LiteralText, Message, Parameter, Value, parameter_types
from reconciler.model.text import Untrusted
from reconciler.report.options import RenderOptions
from reconciler.report.pieces import message_pieces, plain_text
from tests.docs.pages import ROOT

GOLDEN = ROOT / "tests" / "golden" / "messages.txt"
_EXAMPLES: dict[str, Value] = {
    "text": "project-alpha",
    "live": Untrusted('Call "me"\n+1 202 555 0143'),
    "int": 3,
    "date": date(2026, 12, 31),
    "texts": ("a", "b"),
    "message": Message.of("not-admin"),
    "messages": (Message.of("no-participants"), Message.of("count-differs", read=1, listed=4)),
}


def example(code: str) -> Message:
    return Message.of(code, **{name: _EXAMPLES[kind] for name, kind in parameter_types(code).items()})


@pytest.mark.parametrize("code", CATALOGUE)
def test_every_message_can_be_made_written_and_read_back(code: str) -> None:
    message = example(code)
    assert message.to_text() == "".join(
        piece.text if isinstance(piece, LiteralText) else Message.of("saved-text", text=as_text(piece.value)).to_text()
        for piece in message.pieces()
    )
    assert Message.from_json(json.loads(json.dumps(message.to_json()))) == message
    assert hash(message) == hash(example(code))


def as_text(value: Value) -> str:
    return '"Call \\"me\\"\n+1 202 555 0143"' if isinstance(value, Untrusted) else str(value)


@pytest.mark.parametrize(
    ("code", "params"),
    [
        ("no-such-code", {}),
        ("last-day", {}),
        ("last-day", {"day": "2026-12-31"}),
        ("last-day", {"day": date(2026, 12, 31), "more": 1}),
        ("observed-text", {"field": "name", "live": "a string", "desired": Untrusted("b")}),
        ("unmanaged-groups", {"count": True}),
        ("name-ambiguous", {"count": 2, "name": Untrusted("a"), "ids": ["1", "2"]}),
        ("member-list-doubtful", {"doubts": ("a", "b")}),
    ],
)
def test_an_unknown_code_or_wrong_parameters_fail_at_once(code: str, params: dict[str, Value]) -> None:
    with pytest.raises(ValueError, match="message"):
        Message.of(code, **params)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "a sentence",
        {"code": "not-admin", "text": "…"},
        {"code": "not-admin", "text": "…", "params": {}, "more": 1},
        {"code": "not-admin", "text": 1, "params": {}},
        {"code": ["not-admin"], "text": "…", "params": {}},
        {"code": "no-such-code", "text": "…", "params": {}},
        {"code": "not-admin", "text": "…", "params": {"more": 1}},
        {"code": "last-day", "text": "…", "params": {"day": "tomorrow"}},
        {"code": "last-day", "text": "…", "params": {"day": 3}},
        {"code": "name-ambiguous", "text": "…", "params": {"count": 2, "name": "a", "ids": ["1", 2]}},
        {"code": "member-list-doubtful", "text": "…", "params": {"doubts": ["a"]}},
    ],
)
def test_what_is_no_message_of_this_catalogue_is_not_read(value: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the message is for programmers
        Message.from_json(value)


def test_a_saved_message_is_read_whatever_its_sentence_was() -> None:
    saved = {**Message.of("not-admin").to_json(), "text": "an older sentence"}
    assert Message.from_json(saved) == Message.of("not-admin")


def test_a_renderer_gets_our_words_apart_from_what_comes_from_outside() -> None:
    message = Message.of("name-ambiguous", count=2, name=Untrusted("A"), ids=("1@g.us", "2@g.us"))
    assert message.pieces() == (
        Parameter("count", 2),
        LiteralText(" live groups are called "),
        Parameter("name", Untrusted("A")),
        LiteralText(": "),
        Parameter("ids", "1@g.us"),
        LiteralText(", "),
        Parameter("ids", "2@g.us"),
        LiteralText("; set the right one as this group's `id`"),
    )


@pytest.mark.parametrize(("count", "text"), [(1, "1 live group is"), (2, "2 live groups are")])
def test_a_sentence_agrees_with_its_number(count: int, text: str) -> None:
    assert Message.of("unmanaged-groups", count=count).to_text().startswith(text)


def test_a_message_holds_other_messages() -> None:
    doubts = (Message.of("count-differs", read=3, listed=4), Message.of("own-account-missing"))
    message = Message.of("removals-doubtful", doubts=doubts)
    assert "(3 participants in the group but 4 in the list and the account itself is missing)" in message.to_text()


def test_parameters_compare_in_any_order() -> None:
    one = Message("count-differs", (("read", 1), ("listed", 2)))
    assert one == Message("count-differs", (("listed", 2), ("read", 1)))


def shown(message: Message, *, show_phones: bool = False) -> str:
    return plain_text(message_pieces(message), RenderOptions(show_phones=show_phones))


def test_live_text_is_masked_escaped_and_quoted_and_days_stay() -> None:
    hostile = Untrusted('\x1b[2J "x" +1 202 555 0143')
    text = shown(Message.of("observed-text", field="name", live=hostile, desired=hostile))
    assert "\x1b" not in text
    assert "555 0143" not in text
    assert r'"\x1b[2J \"x\" +1 202 ••• ••43"' in text
    assert "555 0143" in shown(Message.of("saved-text", text="+1 202 555 0143"), show_phones=True)
    assert shown(Message.of("last-day", day=date(2026, 12, 31))) == "last day is 2026-12-31"


def test_text_of_others_is_not_printed_by_mistake() -> None:
    for text in (Untrusted("anything"), Message.of("not-admin")):
        with pytest.raises(TypeError):
            str(text)
        with pytest.raises(TypeError):
            f"{text}"
        with pytest.raises(TypeError):
            "%s" % text  # noqa: UP031 - what somebody might write


def test_the_sentences_of_the_catalogue_are_the_reviewed_ones() -> None:
    """Set RECONCILER_UPDATE_GOLDEN=1 to write them anew, and read the difference."""
    text = "".join(f"{code}\n  {example(code).to_text()!r}\n" for code in sorted(CATALOGUE))
    if os.environ.get("RECONCILER_UPDATE_GOLDEN"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert GOLDEN.read_text(encoding="utf-8") == text


def made_in_source() -> Iterator[tuple[str, str, frozenset[str]]]:
    """Every `Message.of("code", …)` of the program: where, its code, the names of its parameters."""
    for file in sorted((ROOT / "reconciler").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "of":
                first = node.args[0] if node.args else None
                if isinstance(node.func.value, ast.Name) and node.func.value.id == "Message":
                    assert isinstance(first, ast.Constant), f"{file.name}:{node.lineno}: write the code itself"
                    names = frozenset(keyword.arg or "**" for keyword in node.keywords)
                    yield f"{file.name}:{node.lineno}", str(first.value), names


def test_every_message_of_the_program_is_in_the_catalogue_with_these_parameters() -> None:
    for place, code, names in made_in_source():
        assert code in CATALOGUE, place
        assert names == parameter_types(code).keys(), place


def test_every_sentence_of_the_catalogue_is_used() -> None:
    assert CATALOGUE.keys() - {code for _, code, _ in made_in_source()} == set()


def test_every_guard_says_when_it_applies_and_what_lifts_it() -> None:
    for code, sentence in CATALOGUE.items():
        if sentence.kind in (MessageKind.REFUSAL, MessageKind.BLOCKED):
            assert sentence.when, code
            assert sentence.override, code
        if sentence.kind is MessageKind.DOUBT:
            assert sentence.when, code
