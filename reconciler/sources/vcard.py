"""Read vCards: each card of a person is a row, and its categories and the groups of the file are its teams."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from reconciler.sources.contacts import order_phones
from reconciler.sources.content_lines import Property, UnreadableLine, joined_lines, parse_line
from reconciler.sources.encoding import not_utf8
from reconciler.sources.model import MOBILE, PhoneCell, RowProblem, SourceRow, SourceRows

_VERSIONS: Final = ("2.1", "3.0", "4.0")
_NOT_A_PERSON: Final = frozenset({"GROUP", "LOCATION", "APPLICATION", "DEVICE"})
_KIND: Final = ("KIND", "X-ADDRESSBOOKSERVER-KIND")
_MEMBER: Final = ("MEMBER", "X-ADDRESSBOOKSERVER-MEMBER")
_NOT_A_PHONE: Final = frozenset({"FAX", "PAGER", "MODEM", "BBS", "TEXTPHONE"})
_LABELS: Final = (("CELL", MOBILE), ("HOME", "home"), ("WORK", "work"), ("MAIN", "main"))
_PREFERRED: Final = "PREF"
_READ: Final = frozenset(
    {"VERSION", "UID", "FN", "N", "NICKNAME", "ORG", "TEL", "X-ABLABEL", "CATEGORIES", *_KIND, *_MEMBER}
)
"""The properties that are read."""


@dataclass(slots=True)
class _Card:
    """One card: the line of its BEGIN, its properties in the order of the file, and the problems of its lines."""

    line: int
    properties: list[Property] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)
    version: str = "3.0"

    def all(self, *names: str) -> list[Property]:
        return [each for each in self.properties if each.name in names]

    def text(self, *names: str) -> str:
        """Return the first value of the first of these properties that is not empty."""
        texts = (each.text(self.version).strip() for name in names for each in self.all(name))
        return next(filter(None, texts), "")

    @property
    def kind(self) -> str:
        return self.text(*_KIND).upper()


def read_vcard(data: bytes) -> SourceRows:
    """Return the people of a vCard file, in the order of their cards. The UID of a card is the id."""
    problems: list[RowProblem] = []
    cards = list(_read_cards(data, problems))
    if not cards and not problems:
        hint = "export the contacts as vCard: each begins with BEGIN:VCARD"
        problems.append(RowProblem(message="the file has no vCard", hint=hint))
    people = [card for card in cards if card.kind not in _NOT_A_PERSON]
    teams = _teams_of_groups(cards, people, problems)
    rows = [_row(card, teams.get(_uid(card.text("UID")), ()), problems) for card in people]
    legacy = next((each.line for card in cards for each in card.properties if each.is_legacy), 0)
    if legacy:
        problems.append(not_utf8(legacy))
    return SourceRows(tuple(rows), tuple(sorted(problems, key=lambda problem: problem.line)))


def _read_cards(data: bytes, problems: list[RowProblem]) -> Iterator[_Card]:
    """Yield the cards that have an end. What is between two cards is left out."""
    card: _Card | None = None
    for number, line in joined_lines(data):
        frame = line.replace(b" ", b"").replace(b"\t", b"").upper()
        if frame == b"BEGIN:VCARD":
            if card is not None:
                problems.append(_unended(card))
            card = _Card(number)
        elif frame == b"END:VCARD":
            if card is None:
                hint = "export the contacts again; a part of the file may be lost"
                problems.append(RowProblem(line=number, message="a card ends that did not begin", hint=hint))
            else:
                problems += card.problems
                yield card
            card = None
        elif card is not None:
            _add_property(card, number, line)
    if card is not None:
        problems.append(_unended(card))


def _add_property(card: _Card, number: int, line: bytes) -> None:
    try:
        parsed = parse_line(number, line, _READ)
    except UnreadableLine as error:
        card.problems.append(RowProblem(line=number, message=error.message, hint=error.hint))
        return
    if parsed is None:
        return
    card.properties.append(parsed)
    if parsed.name == "VERSION":
        card.version = parsed.value.strip()
        if card.version not in _VERSIONS:
            message = "this version of vCard is not known"
            hint = f"export the contacts as one of {', '.join(_VERSIONS)}"
            card.problems.append(RowProblem(line=number, column="VERSION", message=message, hint=hint))


def _unended(card: _Card) -> RowProblem:
    message = "the card has no END:VCARD"
    hint = "export the contacts again; a part of the file may be lost"
    return RowProblem(line=card.line, message=message, hint=hint)


def _row(card: _Card, groups: Sequence[str], problems: list[RowProblem]) -> SourceRow:
    separators = ",;" if card.version == "2.1" else ","
    categories = (part for each in card.all("CATEGORIES") for part in each.parts(separators, card.version))
    return SourceRow(
        row=card.line,
        line=card.line,
        id=_uid(card.text("UID")),
        phones=_phones(card, problems),
        name=_name(card),
        teams=tuple(sorted({*filter(None, categories), *groups})),
    )


def _name(card: _Card) -> str:
    """Return the full name, else the name in parts, else the nickname or the organization."""
    full = card.text("FN")
    if full:
        return full
    for each in card.all("N"):
        family, given, additional = [*each.parts(";", card.version), "", "", ""][:3]
        joined = " ".join(filter(None, (given, additional, family)))
        if joined:
            return joined
    return card.text("NICKNAME") or card.text("ORG").strip("; ")


def _phones(card: _Card, problems: list[RowProblem]) -> tuple[PhoneCell, ...]:
    """Return the numbers of a card: mobile ones first, and of these the preferred one. Faxes are left out."""
    own_labels = {each.group: each.text(card.version) for each in card.all("X-ABLABEL") if each.group}
    found: list[tuple[bool, PhoneCell]] = []
    for each in card.all("TEL"):
        number, extension = _number(each.text(card.version))
        types = each.types
        if not number or (types & _NOT_A_PHONE and "CELL" not in types):
            continue
        if extension:
            message = "the number has an extension, so it is a switchboard's; it is left out"
            problem = RowProblem(
                line=each.line,
                column="TEL",
                message=message,
                hint="add the person's own number",
                severity="warning",
            )
            problems.append(problem)
            continue
        label = next((label for type_, label in _LABELS if type_ in types), "")
        own = own_labels.get(each.group, "").removeprefix("_$!<").removesuffix(">!$_").strip().lower()
        is_preferred = _PREFERRED in types or each.parameters.get(_PREFERRED) == ("1",)
        found.append((is_preferred, PhoneCell(number, "TEL", own or label, each.line)))
    return order_phones(phone for _, phone in sorted(found, key=lambda pair: not pair[0]))


def _number(text: str) -> tuple[str, str]:
    """Return the number of a text or a `tel:` address (RFC 3966), and its extension."""
    text = text.strip()
    if text[:4].lower() != "tel:":
        return text, ""
    number, *parameters = text[4:].split(";")
    extension = next((each[4:] for each in parameters if each[:4].lower() == "ext="), "")
    return number.strip(), extension


def _uid(text: str) -> str:
    """Return a UID, or the address of one, in the form that compares."""
    text = text.strip()
    return text[9:].lower() if text[:9].lower() == "urn:uuid:" else text


def _teams_of_groups(
    cards: Iterable[_Card], people: Iterable[_Card], problems: list[RowProblem]
) -> dict[str, tuple[str, ...]]:
    """Return the names of the groups that each person is in, by their UID."""
    known = {_uid(card.text("UID")) for card in people} - {""}
    folded = {uid.lower(): uid for uid in known}
    teams: dict[str, tuple[str, ...]] = {}
    for card in cards:
        if card.kind != "GROUP":
            continue
        name = _name(card)
        if not name:
            message, hint = "the group has no name", "name it in the address book, and export the contacts again"
            problems.append(RowProblem(line=card.line, column="FN", message=message, hint=hint))
        for member in card.all(*_MEMBER):
            uid = folded.get(_uid(member.text(card.version)).lower())
            if uid is not None:
                teams[uid] = (*teams.get(uid, ()), name)
                continue
            message = "the member of this group has no card in the file"
            hint = "export the whole address book, or take the member out of the group"
            problem = RowProblem(line=member.line, column=member.name, message=message, hint=hint)
            problems.append(problem)
    return teams
