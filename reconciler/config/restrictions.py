"""`restrictions`: read, and held against every file of the configuration."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from reconciler.config.document import SourceLocation, Tree, as_items, as_mapping, as_text
from reconciler.config.merge import MergedConfig
from reconciler.config.problem_collector import ProblemCollector, quote_value
from reconciler.config.schema_check import ValidDocument
from reconciler.errors import ProblemKind
from reconciler.model.restrictions import GLOBAL_SECTIONS, RESTRICTED, Origins, Restrictions, Rule

_MOST_NAMED = 5


_INSTEAD = "put the folder itself there"


def rule_paths(files: Iterable[str], folder: str | None, single: str) -> Mapping[str, str]:
    """How rules name each file: its path below the folder that is loaded, with slashes; a single file by its name."""
    return {file: single if folder is None else Path(file).relative_to(folder).as_posix() for file in files}


def origins(merged: MergedConfig, names: Mapping[str, str]) -> Origins:
    """Which file says which group, person and team; `names` is how rules name each file."""
    return {
        section: {key: names[entry.place.file] for key, entry in merged.sections[section].items()}
        for section in RESTRICTED
    }


def read_restrictions(
    merged: MergedConfig, parts: Sequence[ValidDocument], findings: ProblemCollector, names: Mapping[str, str]
) -> Restrictions | None:
    """The rules; None where there are none, and where they cannot be read (which is among the findings).

    `names` is how rules name each file.
    """
    entry = merged.restrictions
    if entry is None or any(trail[:1] == ("restrictions",) for part in parts for trail in part.broken):
        return None
    read = [_rule(item, entry.place.at(index), merged, findings) for index, item in as_items(entry.value)]
    rules = tuple(rule for rule in read if rule is not None)
    # With a rule missing, the first that matches may be another one.
    if len(rules) < len(read):
        return None
    return Restrictions(rules, merged.where(entry.place), names[entry.place.file])


def _rule(item: Tree, place: SourceLocation, merged: MergedConfig, findings: ProblemCollector) -> Rule | None:
    fields = as_mapping(item)
    path = as_text(fields["path"])
    if {"", ".", ".."} & set(path.split("/")):
        hint = "a path begins below the folder that is loaded, like sales/** or people.yaml"
        findings.error(ProblemKind.RESTRICTION, place.at("path"), f"{quote_value(path)} matches no file", hint)
        return None
    return Rule(
        path=path,
        groups=tuple(as_text(pattern) for _, pattern in as_items(fields.get("groups", []))),
        people=_flag(fields.get("people")),
        teams=_flag(fields.get("teams")),
        where=merged.where(place.at("path")),
    )


def _flag(value: Tree) -> bool:
    return isinstance(value, str) and value.lower() == "true"


def enforce(
    restrictions: Restrictions,
    merged: MergedConfig,
    parts: Sequence[ValidDocument],
    findings: ProblemCollector,
    names: Mapping[str, str],
) -> None:
    """Note everything that stands in a file that may not say it; `names` is how rules name each file."""
    entry = merged.restrictions
    assert entry is not None  # noqa: S101  restrictions were read from it
    for part in parts:
        file = part.document.file
        for section in GLOBAL_SECTIONS if file != entry.place.file else ():
            if section in part.document.root:
                message = f"`{section}` may stand only in the file that has the `restrictions`, at"
                place = SourceLocation(file, (section,), key=True)
                findings.error(ProblemKind.RESTRICTION, place, message, "move it there", other=entry.place)
        _check_file(restrictions, entry.place, part, findings, names[file])


def reject_symlinks(links: Sequence[str], merged: MergedConfig, findings: ProblemCollector) -> None:
    """Note files that are links: what stands in them is written in another place than the rules go by."""
    for file in links:
        if merged.restrictions is not None:
            message = "the file is a link, and who may write it is not said by the `restrictions` at"
            hint = "put the file itself there"
            findings.error(
                ProblemKind.RESTRICTION, SourceLocation(file), message, hint, other=merged.restrictions.place
            )


def report_skipped_links(links: Sequence[str], merged: MergedConfig, findings: ProblemCollector) -> None:
    """Note folders that are links, which are not looked into: an error where rules go by what stands in the folder."""
    for link in links:
        if merged.restrictions is None:
            findings.warning(
                ProblemKind.FILE,
                SourceLocation(link),
                "the folder is a link, and what it leads to is not read",
                _INSTEAD,
            )
        else:
            message = "the folder is a link, and who may write there is not said by the `restrictions` at"
            findings.error(
                ProblemKind.RESTRICTION, SourceLocation(link), message, _INSTEAD, other=merged.restrictions.place
            )


def _check_file(
    restrictions: Restrictions, rules: SourceLocation, part: ValidDocument, findings: ProblemCollector, name: str
) -> None:
    """Hold one file against the rule that is for it."""
    rule = restrictions.rule_for(name)
    for place, section, key in _definitions(part):
        if rule is not None and rule.allows(section, key):
            continue
        decided = rules if rule is None else SourceLocation(rules.file, (*rules.path, restrictions.rules.index(rule)))
        what = f"the group {quote_value(key)}" if section == "groups" else f"`{section}`"
        if rule is None:
            why, hint = f"no rule matches {quote_value(name)}; the rules are at", f"add a rule for {quote_value(name)}"
        else:
            why, hint = f"it may define {_allowed(rule)}, by the rule at", "widen the rule"
        message = f"{what} may not stand in this file: {why}"
        findings.error(ProblemKind.RESTRICTION, place, message, f"{hint}, or move it to another file", other=decided)


def _definitions(part: ValidDocument) -> Iterator[tuple[SourceLocation, str, str]]:
    """What a file says, each with its place: group by group; people and teams as a whole, as they are allowed."""
    file, root = part.document.file, part.document.root
    for section in RESTRICTED:
        if section not in root:
            continue
        if section != "groups":
            yield SourceLocation(file, (section,), key=True), section, ""
            continue
        groups = root[section]
        for key in groups if isinstance(groups, dict) else ():
            yield SourceLocation(file, (section, key), key=True), section, key


def _allowed(rule: Rule) -> str:
    """What a rule allows, in words: "the groups `sales-*` and teams"."""
    words = [section for section in ("people", "teams") if rule.allows(section, "")]
    if rule.groups:
        more = " …" if len(rule.groups) > _MOST_NAMED else ""
        words.insert(0, f"the groups {', '.join(quote_value(pattern) for pattern in rule.groups[:_MOST_NAMED])}{more}")
    return " and ".join(words) or "nothing"
