"""Read `restrictions`, and check every file of the configuration against them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from reconciler.config.document import LocatedValue, MergedConfig, SourceLocation, Tree, as_items, as_mapping, as_text
from reconciler.config.people_rows import PeopleFileRows
from reconciler.config.problem_collector import ProblemCollector, quote_value
from reconciler.config.schema_check import ValidDocument
from reconciler.errors import ProblemKind
from reconciler.model.restrictions import GLOBAL_SECTIONS, RESTRICTED, Origins, Restrictions, Rule

_MAX_LISTED_PATTERNS = 5


def origins(merged: MergedConfig, paths: Mapping[str, str]) -> Origins:
    """Return the file of each group, person, team and source; `paths` has the path of each file for rules."""
    return {
        section: {key: paths[entry.place.file] for key, entry in merged.sections.get(section, {}).items()}
        for section in RESTRICTED
    }


def check_restrictions(
    merged: MergedConfig,
    documents: Sequence[ValidDocument],
    people_files: Sequence[PeopleFileRows],
    paths: Mapping[str, str],
    linked: Sequence[str],
    problems: ProblemCollector,
) -> Restrictions | None:
    """Return the rules, and report every definition in a file that may not define it.

    None without rules, and if they cannot be read (which is among the problems). `paths` has the path of each file for
    rules; `linked` are the files that are symbolic links.
    """
    entry = merged.restrictions
    if entry is None or any(path[:1] == ("restrictions",) for document in documents for path in document.broken):
        return None
    rules = [_rule(item, merged, problems) for item in entry.items()]
    valid = tuple(rule for rule in rules if rule is not None)
    # Without one rule, the first that matches may be another one.
    if len(valid) < len(rules):
        return None
    restrictions = Restrictions(valid, merged.file_and_line(entry.place), paths[entry.place.file])
    for document in documents:
        _check_sections(restrictions, entry.place, document, paths[document.file], problems)
        _check_file(restrictions, entry.place, paths[document.file], _definitions(document), problems)
    for people_file in people_files:
        _check_file(restrictions, entry.place, people_file.name, _sections_of_rows(people_file), problems)
    for file in linked:  # its text is in another place than the rules are about
        message = "the file is a symbolic link, which is not allowed with the `restrictions` at"
        hint = "replace the link with the file itself"
        problems.error(ProblemKind.RESTRICTION, SourceLocation(file), message, hint, other=entry.place)
    return restrictions


def report_skipped_links(links: Sequence[str], rules: LocatedValue | None, problems: ProblemCollector) -> None:
    """Report folders that are symbolic links, which are not read: an error with restrictions, else a warning."""
    hint = "replace the link with the folder itself"
    for link in links:
        if rules is None:
            message = "the folder is a symbolic link, and its files are not read"
            problems.warning(ProblemKind.FILE, SourceLocation(link), message, hint)
        else:
            message = "the folder is a symbolic link, which is not allowed with the `restrictions` at"
            problems.error(ProblemKind.RESTRICTION, SourceLocation(link), message, hint, other=rules.place)


def _rule(item: LocatedValue, merged: MergedConfig, problems: ProblemCollector) -> Rule | None:
    fields = as_mapping(item.value)
    path = as_text(fields["path"])
    if {"", ".", ".."} & set(path.split("/")):
        hint = "write the path below the loaded folder, such as sales/** or people.yaml"
        problems.error(ProblemKind.RESTRICTION, item.place.at("path"), f"{quote_value(path)} matches no file", hint)
        return None
    return Rule(
        path=path,
        groups=tuple(as_text(pattern) for _, pattern in as_items(fields.get("groups", []))),
        people=_is_true(fields.get("people")),
        teams=_is_true(fields.get("teams")),
        rules=_is_true(fields.get("rules")),
        sources=_is_true(fields.get("sources")),
        where=merged.file_and_line(item.place.at("path")),
    )


def _is_true(value: Tree) -> bool:
    return isinstance(value, str) and value.lower() == "true"


def _check_sections(
    restrictions: Restrictions, rules: SourceLocation, document: ValidDocument, path: str, problems: ProblemCollector
) -> None:
    """Report sections that only the file with the restrictions may have, and files that one of them allows it."""
    rule = restrictions.rule_for(path)
    for section in GLOBAL_SECTIONS if document.file != rules.file else ():
        if section in document.source.root and not (rule is not None and rule.allows(section, "")):
            message = f"`{section}` is allowed only in the file with the `restrictions`, at"
            place = SourceLocation(document.file, (section,), key=True)
            hint = "move it there, or add `rules: true` to a restriction" if section == "rules" else "move it there"
            problems.error(ProblemKind.RESTRICTION, place, message, hint, other=rules)


def _check_file(
    restrictions: Restrictions,
    rules: SourceLocation,
    path: str,
    definitions: Iterable[tuple[SourceLocation, str, str]],
    problems: ProblemCollector,
) -> None:
    rule = restrictions.rule_for(path)
    for place, section, key in definitions:
        if rule is not None and rule.allows(section, key):
            continue
        definition = f"the group {quote_value(key)}" if section == "groups" else f"`{section}`"
        other, hint = rules, f"add a rule for {quote_value(path)}"
        reason = f"no rule matches {quote_value(path)}; the rules are at"
        if rule is not None:
            other, hint = rules.at(restrictions.rules.index(rule)), "widen the rule"
            reason = f"it may define {_allowed(rule)}, by the rule at"
        message = f"this file may not define {definition}: {reason}"
        problems.error(ProblemKind.RESTRICTION, place, message, f"{hint}, or move it to another file", other=other)


def _definitions(document: ValidDocument) -> Iterator[tuple[SourceLocation, str, str]]:
    """Yield place, section and key of what a file defines: each group; other sections as a whole, like the rules."""
    root = document.source.root  # including what does not fit the schema: it may not be in this file either
    for section in (section for section in RESTRICTED if section in root):
        groups = root[section]
        if section != "groups":
            yield SourceLocation(document.file, (section,), key=True), section, ""
        elif isinstance(groups, dict):
            yield from ((SourceLocation(document.file, (section, key), key=True), section, key) for key in groups)


def _sections_of_rows(file: PeopleFileRows) -> Iterator[tuple[SourceLocation, str, str]]:
    """Yield what a people file defines: people, and teams where it gives some."""
    yield SourceLocation(file.path), "people", ""
    if any(person.teams for person in file.people.values()):
        yield SourceLocation(file.path), "teams", ""


def _allowed(rule: Rule) -> str:
    """Return what a rule allows as a phrase: "the groups `sales-*` and teams"."""
    phrases = [section for section in ("people", "teams", "sources", "rules") if rule.allows(section, "")]
    if rule.groups:
        more = " …" if len(rule.groups) > _MAX_LISTED_PATTERNS else ""
        patterns = ", ".join(quote_value(pattern) for pattern in rule.groups[:_MAX_LISTED_PATTERNS])
        phrases.insert(0, f"the groups {patterns}{more}")
    return " and ".join(phrases) or "nothing"
