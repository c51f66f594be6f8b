"""What the stages of a run have to tell, as data: a code and typed parameters, which each renderer writes in its way.

`message_catalogue` has the sentence for every code. A sentence names its parameters and their types:

    {key}           text of the program or the file: a key, an error       str
    {name:live}     text that somebody else wrote, shown in quotes          Untrusted
    {count:int}     a number                                                int
    {day:date}      a day                                                   date
    {ids:texts}     several texts, joined by commas                         tuple of str
    {cause:message} another message                                         Message
    {why:messages}  several messages, joined by "and"                       tuple of Message
    {count:is|are}  one of two words, by a number                           int
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from string import Formatter
from typing import Any, NoReturn, TypeAlias

from reconciler.message_catalogue import CATALOGUE
from reconciler.model.serialize import to_json
from reconciler.model.text import Untrusted, quote

Scalar: TypeAlias = "str | int | date | Untrusted"
Value: TypeAlias = "Scalar | Message | tuple[str, ...] | tuple[Message, ...]"


@dataclass(frozen=True, slots=True)
class LiteralText:
    """A piece of a sentence of the catalogue: the program's own text, with its backticks, and safe as it is."""

    text: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """A piece of a sentence that comes from outside: to be masked and escaped, an `Untrusted` one also quoted."""

    name: str
    value: Scalar


Piece: TypeAlias = LiteralText | Parameter


@dataclass(frozen=True, slots=True)
class Message:
    """Something to tell. Raises ValueError for a code that the catalogue lacks, and for wrong parameters."""

    code: str
    params: tuple[tuple[str, Value], ...] = ()

    @classmethod
    def of(cls, code: str, **params: Value) -> Message:
        """Return the message of this code."""
        return cls(code, tuple(params.items()))

    def __post_init__(self) -> None:
        types, values = parameter_types(self.code), dict(self.params)
        if types.keys() != values.keys() or len(values) != len(self.params):
            raise ValueError(f"the message {self.code} takes {', '.join(types) or 'nothing'}, not {', '.join(values)}")
        for name, kind in types.items():
            if not _is_of(kind, values[name]):
                raise ValueError(f"the message {self.code} takes a {kind} as {name}")
        object.__setattr__(self, "params", tuple((name, values[name]) for name in types))

    def __str__(self) -> NoReturn:
        raise TypeError("a message is not text: render it, or take its to_text()")

    def pieces(self) -> tuple[Piece, ...]:
        """Return the sentence in pieces, in order; the pieces of other messages in it stand among them."""
        return tuple(self._pieces())

    def _pieces(self) -> Iterator[Piece]:
        return sentence_pieces(CATALOGUE[self.code].text, dict(self.params))

    def to_text(self) -> str:
        """Return the sentence as plain text for a document: in full, names of others in quotes."""
        return "".join(piece.text if isinstance(piece, LiteralText) else _plain(piece.value) for piece in self.pieces())

    def to_json(self) -> dict[str, Any]:
        """Return the message for a document: its code, its sentence, its parameters."""
        return {
            "code": self.code,
            "text": self.to_text(),
            "params": {name: to_json(value) for name, value in self.params},
        }

    @classmethod
    def from_json(cls, value: object) -> Message:
        """Return the message in a document, whatever its sentence was when it was saved; raise ValueError for none."""
        if not isinstance(value, dict) or value.keys() != {"code", "text", "params"}:
            raise ValueError("not an object with code, text and params")
        code, params = value["code"], value["params"]
        if not (isinstance(code, str) and isinstance(value["text"], str) and isinstance(params, dict)):
            raise ValueError("code and text are strings, params is an object")  # noqa: TRY004 - all is one error here
        types = parameter_types(code)
        if types.keys() != params.keys():
            raise ValueError(f"the message {code} takes other parameters")
        return cls(code, tuple((name, _from_json(kind, params[name])) for name, kind in types.items()))


@cache
def parameter_types(code: str) -> Mapping[str, str]:
    """Return the type of each parameter of a code, in the order of the sentence; raise ValueError for no code."""
    return {name: "int" if "|" in kind else kind for _, name, kind in _template(code) if name}


@cache
def _template(code: str) -> tuple[tuple[str, str, str], ...]:
    """Return a sentence taken apart: text, then name and type of the parameter behind it ("" where there is none)."""
    entry = CATALOGUE.get(code)
    if entry is None:
        raise ValueError("no message has this code")
    return _parts(entry.text)


@cache
def _parts(sentence: str) -> tuple[tuple[str, str, str], ...]:
    parts = Formatter().parse(sentence)
    return tuple((literal, name or "", (spec or "text") if name else "") for literal, name, spec, _ in parts)


def sentence_pieces(sentence: str, values: Mapping[str, Any]) -> Iterator[Piece]:
    """Yield a sentence, written as in the catalogue, in pieces; the pieces of other messages in it stand among them."""
    for literal, name, kind in _parts(sentence):
        if literal:
            yield LiteralText(literal)
        if "|" in kind:
            one, many = kind.split("|")
            yield LiteralText(one if values[name] == 1 else many)
        elif name:
            yield from _pieces_of(name, values[name])


def _is_of(kind: str, value: object) -> bool:
    match kind:
        case "texts":
            return isinstance(value, tuple) and all(isinstance(item, str) for item in value)
        case "messages":
            return isinstance(value, tuple) and all(isinstance(item, Message) for item in value)
        case "int":
            return isinstance(value, int) and not isinstance(value, bool)
        case _:
            return isinstance(value, {"text": str, "live": Untrusted, "date": date, "message": Message}[kind])


def _pieces_of(name: str, value: Value) -> Iterator[Piece]:
    if isinstance(value, Message):
        yield from value.pieces()
    elif isinstance(value, tuple):
        items: tuple[str | Message, ...] = value
        for index, item in enumerate(items):
            if index:
                yield LiteralText(" and " if isinstance(item, Message) else ", ")
            yield from _pieces_of(name, item)
    else:
        yield Parameter(name, value)


def _plain(value: Scalar) -> str:
    return (
        quote(value) if isinstance(value, Untrusted) else value.isoformat() if isinstance(value, date) else str(value)
    )


def _from_json(kind: str, value: Any) -> Any:
    """Return the parameter that a JSON value stands for; one of another type as it is, for Message to refuse."""
    match kind, value:
        case "live", str():
            return Untrusted(value)
        case "date", str():
            return date.fromisoformat(value)
        case "message", _:
            return Message.from_json(value)
        case "messages", list():
            return tuple(Message.from_json(item) for item in value)
        case "texts", list():
            return tuple(value)
        case _:
            return value
