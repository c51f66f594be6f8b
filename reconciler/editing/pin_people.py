"""Write the private ids (LIDs) that live groups show beside the people of the files, and change nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from reconciler.config.document import Tree
from reconciler.config.problem_collector import quote_value
from reconciler.diff.participants import people_by_lid
from reconciler.editing.yaml_edit import EditResult, YamlFile, edit_entries, read_yaml_files
from reconciler.errors import ReconcilerError
from reconciler.model.desired import Desired, Person
from reconciler.model.identity import Identity, lid_digits
from reconciler.model.live import LiveGroup

_CHECK = "find out which is right, and correct `phone` or `lid` under `people`"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenLids:
    """What live groups show of the LIDs of a configuration's people.

    `new` has the LID to write by alias, `unclear` by alias why none is written; they contain full numbers. `known` and
    `unseen` count the people whose LID the files have already, and those who show none.
    """

    new: Mapping[str, str]
    unclear: Mapping[str, tuple[str, ...]]
    known: int
    unseen: int


def find_lids(desired: Desired, groups: Iterable[LiveGroup]) -> SeenLids:
    """Return the LIDs that live groups show together with the numbers of a configuration's people.

    Whatever contradicts the files, or itself, is unclear: a number may have another owner meanwhile.
    """
    pairs = {(p.identity, digits) for group in groups for p in group.participants if (digits := lid_digits(p.lid))}
    live = _LivePairs.of((number, digits) for number, digits in pairs if number is not None)
    owners = people_by_lid(desired)
    new: dict[str, str] = {}
    unclear: dict[str, tuple[str, ...]] = {}
    known = unseen = 0
    of_sources = {alias for file in desired.people_files for alias in file.people}
    for person in desired.people.values():
        if person.alias in of_sources:  # no YAML has them
            continue
        alias, shown = person.alias or "", live.lids.get(person.identity, frozenset())
        noted = lid_digits(person.lid)
        doubts = _doubts_of_new(person, live, owners) if noted is None else _doubts_of_known(person, noted, live)
        if reasons := tuple(f"{doubt}; {_CHECK}" for doubt in doubts):
            unclear[alias] = reasons
        elif noted is not None:
            known += 1
        elif shown:
            new[alias] = _lid(*shown)
        else:
            unseen += 1
    return SeenLids(new=new, unclear=unclear, known=known, unseen=unseen)


@dataclass(frozen=True, slots=True)
class _LivePairs:
    """Which LIDs (their digits) live groups show with a number, and which numbers with a LID."""

    lids: Mapping[Identity, frozenset[str]]
    numbers: Mapping[str, frozenset[Identity]]

    @classmethod
    def of(cls, pairs: Iterable[tuple[Identity, str]]) -> _LivePairs:
        """Return the pairs, from either side."""
        lids: dict[Identity, frozenset[str]] = {}
        numbers: dict[str, frozenset[Identity]] = {}
        for number, digits in pairs:
            lids[number] = lids.get(number, frozenset()) | {digits}
            numbers[digits] = numbers.get(digits, frozenset()) | {number}
        return cls(lids, numbers)


def _doubts_of_new(person: Person, live: _LivePairs, owners: Mapping[str, Person]) -> Iterator[str]:
    """Yield why the LID that live groups show with a person's number is not written."""
    number, shown = person.identity, live.lids.get(person.identity, frozenset())
    if len(shown) > 1:
        yield f"live groups show {number} with several LIDs, {_listed(map(_lid, shown))}"
        return
    for digits in shown:
        if (owner := owners.get(digits)) is not None:
            beside = f"{quote_value(owner.alias or '')}, {owner.identity}"
            yield f"live groups show {number} with {_lid(digits)}, which the file has beside {beside}"
        elif len(numbers := live.numbers[digits]) > 1:
            yield f"live groups show {_lid(digits)} with several numbers, {_listed(numbers)}"


def _doubts_of_known(person: Person, digits: str, live: _LivePairs) -> Iterator[str]:
    """Yield what live groups show instead of the number or the LID that the files have."""
    number = person.identity
    entry = f"the file has {_lid(digits)} beside {number}"
    if numbers := live.numbers.get(digits, frozenset()) - {number}:
        yield f"{entry}, but live groups show {_listed(numbers)} with that LID"
    if lids := live.lids.get(number, frozenset()) - {digits}:
        yield f"{entry}, but live groups show {_listed(map(_lid, lids))} with that number"


def _lid(digits: str) -> str:
    return f"{digits}@lid"


def _listed(values: Iterable[str]) -> str:
    return ", ".join(sorted(values))


def note_lids(path: Path, lids: Mapping[str, str]) -> EditResult:
    """Return the files with the LIDs of people, by their aliases, without writing them.

    A number without a mapping becomes one on its line: `{phone: +1 …, lid: …}`. Raise ConfigError if a file is
    not valid YAML, ReconcilerError for an alias that is not there, or whose entry has a `lid`.
    """
    files = read_yaml_files(path)
    missing = lids.keys() - {alias for file in files for alias in _people(file)}
    if missing:
        names = ", ".join(map(quote_value, sorted(missing)))
        raise ReconcilerError(f"{path} has nobody called {names} who lacks a `lid`", "check the aliases under `people`")
    changed: dict[Path, bytes] = {}
    not_editable: dict[str, str] = {}
    for file in files:
        people = {alias: entry for alias, entry in _people(file).items() if alias in lids}
        text, reasons = edit_entries(
            file, "people", {alias: _with_lid(entry, lids[alias]) for alias, entry in people.items()}
        )
        for alias, reason in reasons.items():
            not_editable[alias] = f"{reason}; {_advice(alias, people[alias], lids[alias])}"
        if text != file.text:
            changed[Path(file.source.file)] = file.encode(text)
    return EditResult(changed, not_editable)


def _people(file: YamlFile) -> Mapping[str, str | dict[str, Tree]]:
    """Return the people of a file who have no LID: a number, or a mapping with one."""
    return {
        alias: entry
        for alias, entry in file.section("people").items()
        if isinstance(entry, str) or (isinstance(entry, dict) and "lid" not in entry)
    }


def _with_lid(entry: str | dict[str, Tree], lid: str) -> Tree:
    """Return a person with a LID, right after the phone."""
    if isinstance(entry, str):
        return {"phone": entry, "lid": lid}
    fields: dict[str, Tree] = {}
    for name, value in entry.items():
        fields |= {name: value, "lid": lid} if name == "phone" else {name: value}
    return {**fields, "lid": lid}


def _advice(alias: str, entry: str | dict[str, Tree], lid: str) -> str:
    """Return what to write by hand."""
    if isinstance(entry, str):
        return f"write `{alias}: {{phone: …, lid: {lid}}}` yourself, with the number that is there"
    return f"add `lid: {lid}` below its `phone` yourself"
