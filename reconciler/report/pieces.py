"""What every report is made of: pieces that know whose text they are.

A view holds pieces, never finished strings. `spans` masks phone numbers and makes hidden characters visible; each
format escapes the spans for its reader.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Final, TypeAlias

from reconciler.diff.change import TextChange
from reconciler.messages import LiteralText, Message, Parameter
from reconciler.model.person_ref import PersonRef
from reconciler.model.run_context import short_commit
from reconciler.model.text import Untrusted, plural, quote
from reconciler.report.options import RenderOptions
from reconciler.sanitize.escape import escape_controls
from reconciler.sanitize.mask import mask_address, mask_link, mask_number, mask_text

_EARLY_ID = re.compile(r"[0-9]-[0-9]+@g\.us", re.ASCII)
"""The end of an early group's id, which begins with its creator's number."""
_MAX_EXCERPT: Final = 100
_MAX_TEXT: Final = 1000
_CONTEXT: Final = 20
_MAX_PEOPLE: Final = 10


@dataclass(frozen=True, slots=True)
class OutsideText:
    """Text from a file, a server or a stranger; cut where it would fill the screen."""

    text: str


@dataclass(frozen=True, slots=True)
class MaskedText:
    """Text from outside whose numbers are masked already."""

    text: str


@dataclass(frozen=True, slots=True)
class QuotedText:
    """A name in quotes."""

    text: str


@dataclass(frozen=True, slots=True)
class PersonName:
    """What a person is called: name or alias, else the number, else the private id."""

    person: PersonRef


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A phone number, "" for none."""

    number: str


@dataclass(frozen=True, slots=True)
class InviteLink:
    """An invite link that the API returned. It stays whole, since people follow it."""

    link: str


@dataclass(frozen=True, slots=True)
class TextDiff:
    """The old and the new name or description, each cut around the place where they differ."""

    change: TextChange


@dataclass(frozen=True, slots=True)
class MaskedIdNote:
    """How to see an id that is to be copied, where a reader sees its creator's number masked."""


Piece: TypeAlias = (
    LiteralText
    | OutsideText
    | MaskedText
    | MaskedIdNote
    | QuotedText
    | PersonName
    | PhoneNumber
    | InviteLink
    | TextDiff
)
Pieces: TypeAlias = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """A harmless stretch of one line, masked for its reader."""

    text: str
    code: bool = False


def literal(text: str) -> Pieces:
    """Return our own words as pieces, none for ""."""
    return (LiteralText(text),) if text else ()


def outside(text: str | None) -> Pieces:
    """Return text from outside as pieces, none for "" and None."""
    return (OutsideText(text),) if text else ()


def message_pieces(message: Message | None) -> Pieces:
    """Return a message as pieces: its sentence is ours, its parameters come from outside."""
    if message is None:
        return ()
    parts = message.pieces()
    to_copy = {"id"} if message.code == "live-group-shared" else {"ids"}
    values = [part.value for part in parts if isinstance(part, Parameter) and part.name in to_copy]
    return (*map(message_piece, parts), *id_note(" ".join(value for value in values if isinstance(value, str))))


def id_note(text: str) -> Pieces:
    """Return how to see the ids in a text, if there is one that a reader sees masked: it could not be copied."""
    return (MaskedIdNote(),) if _EARLY_ID.search(text) else ()


def message_piece(piece: LiteralText | Parameter) -> Piece:
    """Return a piece of a message: our own words as they are, what comes from outside to be masked and escaped."""
    if isinstance(piece, LiteralText):
        return piece
    match piece.value:
        case Untrusted(raw):
            return QuotedText(raw)
        case str(text):
            return OutsideText(text)
        case date() as day:
            return LiteralText(day.isoformat())
        case number:
            return LiteralText(str(number))


def join_pieces(separator: str, parts: Iterable[Pieces]) -> Pieces:
    """Return the parts that are not empty with our own separator between them."""
    joined: list[Piece] = []
    for part in parts:
        if part:
            joined += [LiteralText(separator), *part] if joined else part
    return tuple(joined)


def text_pieces(texts: Iterable[str], separator: str = ", ") -> Pieces:
    """Return all texts from outside with our own separator between them."""
    return join_pieces(separator, ((OutsideText(text),) for text in texts))


def first_pieces(texts: Sequence[str], most: int, piece: Callable[[str], Piece] = OutsideText) -> Pieces:
    """Return `a, b and 3 more`: the first texts as pieces, the others only counted."""
    left = len(texts) - most
    more = literal(f" and {left} more" if left > 0 else "")
    return join_pieces(", ", [(piece(text),) for text in texts[:most]]) + more


def shown_alias(person: PersonRef) -> str:
    """Return the alias that a report shows behind the name; "" where it says nothing more than the name."""
    alias = person.alias or ""
    return "" if person.label is None or alias.casefold() == person.label.casefold() else alias


def revision_pieces(name: str, commit: str) -> Pieces:
    """Return `origin/main (commit 1a2b3c4d5)`: a revision by its name and the beginning of its hash."""
    return (OutsideText(name), LiteralText(f" (commit {short_commit(commit)})"))


def name_pieces(person: PersonRef) -> Pieces:
    """Return `Bob Marsh (bob)`."""
    return _with_details(person, outside(shown_alias(person)))


def person_pieces(person: PersonRef) -> Pieces:
    """Return `Bob Marsh (bob, until 2026-12-31, contractor)`."""
    until = literal(f"until {person.until.isoformat()}" if person.until else "")
    return _with_details(person, join_pieces(", ", [outside(shown_alias(person)), until, outside(person.reason)]))


def _with_details(person: PersonRef, details: Pieces) -> Pieces:
    return (PersonName(person), *literal(" ("), *details, *literal(")")) if details else (PersonName(person),)


def people_pieces(people: Iterable[PersonRef]) -> Pieces:
    """Return `alice, Bob Marsh (bob)`, sorted; from the eleventh person on only how many more."""
    ordered = sorted(people, key=lambda person: person.sort_key)
    left = len(ordered) - _MAX_PEOPLE
    more = [literal(f"{left} more")] if left > 0 else []
    return join_pieces(", ", [*map(person_pieces, ordered[:_MAX_PEOPLE]), *more])


def spans(pieces: Iterable[Piece], options: RenderOptions) -> Iterator[Span]:
    """Yield the pieces as text that is harmless on one line, numbers masked unless the reader wants them."""
    parts = (part for piece in pieces for part in _parts(piece, options))
    for code, group in groupby(parts, key=lambda part: part.code):
        yield Span(escape_controls("".join(part.text for part in group)), code)


def plain_text(pieces: Pieces, options: RenderOptions) -> str:
    """Return the pieces as one line of plain text; our own code keeps its backticks."""
    if len(pieces) == 1 and not isinstance(pieces[0], LiteralText):
        return escape_controls(_masked(pieces[0], options))
    return "".join(f"`{span.text}`" if span.code else span.text for span in spans(pieces, options))


def person_name(person: PersonRef, options: RenderOptions) -> str:
    """Return what a person is called, masked and not yet escaped.

    Where a server names somebody in a form of its own, that replaces the private id.
    """
    number = person.identity or person.jid
    if person.label:
        return mask_for(person.label, options)
    if options.show_phones:
        return number or person.lid or "(unidentified)"
    return mask_number(number) if number else mask_address(person.lid or "(unidentified)")


def mask_for(text: str, options: RenderOptions) -> str:
    """Return a text as this reader may see it, not yet escaped."""
    return text if options.show_phones else mask_text(text)


def _parts(piece: Piece, options: RenderOptions) -> Iterator[Span]:
    if isinstance(piece, LiteralText):
        parts = piece.text.split("`")
        yield from (Span(text, code=bool(index % 2)) for index, text in enumerate(parts) if text)
    else:
        yield Span(_masked(piece, options))


def _masked(piece: Piece, options: RenderOptions) -> str:
    match piece:
        case LiteralText(text) | MaskedText(text):
            return text
        case OutsideText(text):
            return _cut(mask_for(text, options))
        case MaskedIdNote():
            return "" if options.show_phones else " (--show-phones shows the ids in full)"
        case QuotedText(text):
            return quote(mask_for(text, options))
        case PersonName(person):
            return person_name(person, options)
        case PhoneNumber(number):
            return number if options.show_phones else mask_number(number)
        case InviteLink(link):
            return link if options.show_phones else mask_link(link)
        case TextDiff(change):
            return _text_diff(change, options)


def _cut(text: str) -> str:
    left = len(text) - _MAX_TEXT
    return f"{text[:_MAX_TEXT]} … ({left} more characters)" if left > 0 else text


def _text_diff(change: TextChange, options: RenderOptions) -> str:
    new = mask_for(change.new, options)
    if change.old is None:
        return _excerpt(new, 0)
    old = mask_for(change.old.raw, options)
    skipped = _common_prefix(old, new) if max(len(old), len(new)) > _MAX_EXCERPT else 0
    hidden = "  (a masked number differs)" if old == new and change.old.raw != change.new else ""
    return f"{_excerpt(old, skipped)} → {_excerpt(new, skipped)}{hidden}"


def _common_prefix(old: str, new: str) -> int:
    """Return how many characters two long texts may both leave out, so that the reader sees where they differ."""
    pairs = enumerate(zip(old, new, strict=False))
    same = next((index for index, (one, other) in pairs if one != other), min(len(old), len(new)))
    return same - _CONTEXT if same > _MAX_EXCERPT - _CONTEXT else 0


def _excerpt(text: str, skipped: int) -> str:
    if not text:
        return "(none)"
    before = f"({skipped} unchanged characters) … " if skipped else ""
    left = len(text) - skipped - _MAX_EXCERPT
    after = f" … ({plural(left, 'more character')})" if left > 0 else ""
    return before + quote(text[skipped : skipped + _MAX_EXCERPT]) + after
