"""The whole of stage 1 as a row of calls: files → documents → one configuration → the desired state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from reconciler.config.countries import Countries
from reconciler.config.directory import Directory
from reconciler.config.files import SourceFile, find, read_file
from reconciler.config.findings import Findings
from reconciler.config.groups import Resolver
from reconciler.config.limits import read_policy
from reconciler.config.members import Lists
from reconciler.config.merge import Merged, merge
from reconciler.config.reader import read
from reconciler.config.restrictions import enforce, origins, read_restrictions, refuse_links
from reconciler.config.structure import check
from reconciler.config.teams import Teams
from reconciler.config.tree import text
from reconciler.errors import ConfigError
from reconciler.model.desired import Desired, Source


def load(path: Path, *, as_of: date) -> Desired:
    """The desired state of a file, or of all YAML files below a folder, on the day `as_of`.

    Raises ConfigError with everything that is wrong, sorted by file, line and column.
    """
    findings = Findings()
    sources = [source for found in find(path, findings) if (source := read_file(found, findings)) is not None]
    texts = {source.file: source.text for source in sources}
    desired = desired_of(sources, findings, as_of, folder=str(path) if path.is_dir() else None)
    problems = findings.problems(texts)
    if desired is None or findings.failed:
        raise ConfigError(problems)
    read_from = tuple(Source(source.file, source.digest) for source in sources)
    return replace(desired, as_of=as_of, sources=read_from, warnings=problems)


def desired_of(
    sources: Sequence[SourceFile], findings: Findings, as_of: date, folder: str | None = None
) -> Desired | None:
    """What the files say; None where one could not be read (or looked through), as the rest makes no sense without it.

    `folder` is the one they are from, None for a single file.
    """
    documents = [read(source.file, source.text, findings) for source in sources]
    parts = [check(document, findings, in_folder=folder is not None) for document in documents if document is not None]
    if not parts or len(parts) < len(sources) or findings.full:
        return None
    merged = merge(folder, parts, findings)
    restrictions = read_restrictions(merged, parts, findings)
    if restrictions is not None:
        enforce(restrictions, merged, parts, findings, folder)
        if folder is not None:
            refuse_links([source.file for source in sources if source.linked], merged, findings)
    desired = _resolved(merged, findings, as_of)
    return replace(desired, restrictions=restrictions, origins=origins(merged, folder))


def _resolved(merged: Merged, findings: Findings, as_of: date) -> Desired:
    directory = Directory(merged, findings)
    countries = Countries(merged, findings)
    policy = read_policy(merged, directory, countries)
    lists = Lists(directory, countries, findings)
    teams = Teams(merged, lists, findings)
    instance = merged.sections["instance"]
    person = directory.phone(instance["phone"]) if "phone" in instance else None
    return Desired(
        groups=Resolver(merged, directory, lists, teams, findings, as_of, person, policy.max_members).groups(),
        people=directory.people,
        instance_id=text(instance["id"].value) if "id" in instance else None,
        instance=person,
        policy=policy,
        region=directory.region,
    )
