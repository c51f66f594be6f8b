"""`reconciler init`: write a starter configuration and CI pipelines for a new repository; all files or none."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import click

from reconciler import __version__
from reconciler.atomic_file import write_atomic
from reconciler.cli.command import command
from reconciler.cli.options import FileType, option, today
from reconciler.cli.output import require_stdout, write_after_success
from reconciler.cli.signals import handle_signals
from reconciler.errors import UsageError
from reconciler.json_schemas import schema_text
from reconciler.model.text import plural
from reconciler.sanitize.escape import mask_and_escape
from reconciler.starter.templates import (
    CI_SYSTEMS,
    CODEOWNERS_PLACES,
    GITIGNORE,
    REQUEST_FORMS,
    append_patterns,
    codeowners,
    gitignore,
    missing_patterns,
    request_form,
    request_workflows,
    starter_files,
)

EXAMPLE = """\
  reconciler init
  reconciler init our-groups --ci gitlab
  reconciler init --requests"""
CONFIG = "groups.yaml"
SCHEMA = "groups.schema.json"
"""The schema that the first line of groups.yaml names, so that editors explain every key without the network."""
NEXT_STEPS = {
    "github": (
        "At the top of each workflow, set RECONCILER_PACKAGE to your copy of the reconciler: a wheel or a git "
        "address. "
        "Never install it by a name that you do not own.",
        "In the repository's settings on GitHub, create the secret WAPPFY_API_KEY, and the environment `whatsapp` "
        "with the people who approve changes.",
        "Commit everything on a branch and open a pull request: it shows what would change; merging applies it.",
    ),
    "gitlab": (
        "At the top of the pipeline, set RECONCILER_PACKAGE to your copy of the reconciler: a wheel or a git address. "
        "Never install it by a name that you do not own.",
        "In the project's settings on GitLab, create the variable WAPPFY_API_KEY, masked and protected, and a "
        "schedule for the daily drift report.",
        "Commit everything on a branch and open a merge request: it shows what would change; merging offers to apply "
        "it.",
    ),
    "none": ("Set WAPPFY_API_KEY and run: reconciler plan", "Review the plan, then run: reconciler apply"),
}
"""The steps after the first, by CI system."""
REQUEST_STEPS = {
    "github": (
        "At the top of the workflow, set RECONCILER_PACKAGE and RECONCILER_PATH as in the other workflows.",
        "Let Actions open pull requests: Settings, Actions, General, Workflow permissions.",
        "Commit both files. The form is then under Issues, New issue. Keep the repository private: requests contain "
        "phone numbers.",
    ),
    "gitlab": (
        "Commit the file. It is then a template for new issues.",
        "To make a change of an issue, save its text as issue.md and run: reconciler edit --form issue.md",
    ),
}
"""The steps after `--requests`, by CI system."""


@command(EXAMPLE)
@click.argument(
    "folder",
    metavar="[FOLDER]",
    type=FileType("name a folder", file_okay=False, readable=False),
    default=Path(),
    envvar="RECONCILER_FOLDER",
)
@option("--ci", type=click.Choice(CI_SYSTEMS), default="github", help="CI system to write pipelines for.")
@option(
    "--requests", is_flag=True, help="Write the form by which people ask to join or leave groups, and its workflow."
)
@option("--update", is_flag=True, help="With --requests: write the form again, with the groups of the configuration.")
@option("--check", is_flag=True, help="With --requests: write nothing; exit 1 unless the form has these groups.")
@option("--path", metavar="PATH", default=CONFIG, help="With --requests: the configuration, seen from FOLDER.")
def init(folder: Path, ci: str, requests: bool, update: bool, check: bool, path: str) -> int:
    """Write a starter configuration and CI pipelines for a new repository; offline.

    FOLDER is the repository, which need not exist yet; the default is the current folder. An existing groups.yaml, such
    as one of `import`, and an existing CODEOWNERS stay as they are, and an existing .gitignore gets the lines that it
    lacks. init never overwrites: if one of the other files exists, it writes nothing.

    --requests adds to a repository that has a configuration. GitHub opens a pull request for each form; GitLab has the
    form alone.
    """
    if requests:
        return _write_requests(folder, ci, path, update=update, check=check)
    if update or check:
        raise UsageError(f"--{'update' if update else 'check'} is only for --requests", "add --requests")
    new_files = {folder / name: text.encode() for name, text in starter_files(ci, __version__).items()}
    new_files[folder / SCHEMA] = schema_text(SCHEMA).encode()
    kept = _existing_config(folder / CONFIG)
    if kept is not None:
        del new_files[kept.path]
    _require_missing(new_files)
    shared_files = [file for file in (kept, _gitignore(folder), _codeowners(folder, ci)) if file is not None]
    require_stdout()
    with handle_signals():
        _write_all(new_files | {file.path: file.data for file in shared_files if file.data is not None})
    notes = [*(f"wrote {mask_and_escape(str(path))}" for path in new_files), *(file.note for file in shared_files)]
    write_after_success(
        "\n".join([*notes, "", *_next_steps(folder, ci, has_config=kept is not None)]), "the files were written"
    )
    return 0


def _write_requests(folder: Path, ci: str, path: str, *, update: bool, check: bool) -> int:
    """Write the form of requests and its workflow; with `update` the form alone, with `check` nothing."""
    if ci not in REQUEST_FORMS:
        raise UsageError("--requests needs --ci github or --ci gitlab", "choose one of them")
    if update and check:
        raise UsageError("--update and --check exclude each other", "choose one of them")
    place = folder / REQUEST_FORMS[ci]
    form = request_form(ci, _request_choices(folder / path)).encode()
    shown = mask_and_escape(str(place))
    workflows = {
        name: text.replace(f"RECONCILER_PATH: {CONFIG} ", f"RECONCILER_PATH: {json.dumps(path)} ")
        if path != CONFIG
        else text
        for name, text in request_workflows(ci, __version__).items()
    }
    if update or check:
        try:
            lacks_form_alone = update and not place.exists() and all((folder / name).exists() for name in workflows)
            is_current = not lacks_form_alone and place.read_bytes() == form
        except OSError as error:
            hint = "run `reconciler init --requests` to add the form"
            raise UsageError(f"cannot read {place}: {error.strerror}", hint) from error
        if check and not is_current:
            option = "" if path == CONFIG else f" --path {shlex.quote(path)}"
            hint = f"run `reconciler init --requests --update{option}`"
            raise UsageError(f"{shown} does not have the groups of {folder / path}", hint)
        files = {} if is_current else {place: form}
    else:
        files = {place: form, **{folder / name: text.encode() for name, text in workflows.items()}}
        _require_missing(files, "to write the form with the groups of today, add --update")
    require_stdout()
    with handle_signals():
        _write_all(files)
    notes = [f"wrote {mask_and_escape(str(each))}" for each in files] or [f"{shown} has every group already"]
    if not (update or check):
        notes += ["", "Next steps:", *(f"  {number}. {step}" for number, step in enumerate(REQUEST_STEPS[ci], 1))]
    write_after_success("\n".join(notes), "the files were written")
    return 0


def _request_choices(path: Path) -> list[str]:
    """Return the keys of the groups that a request can be about: those with a list of members in the configuration."""
    from reconciler.config import load
    from reconciler.model.desired import Membership, State, Unmanaged

    groups = load(path, as_of=today()).groups
    keys = [
        group.key
        for group in groups
        if not isinstance(group.members, Unmanaged)
        and group.state is State.PRESENT
        and group.membership is not Membership.OBSERVE
    ]
    if not keys:
        raise UsageError(f"no group in {path} has members, so nobody can ask to join one", "add `members` to a group")
    reserved = next((key for key in keys if key.casefold() == "none"), None)
    if reserved is not None:
        raise UsageError(f"the group {reserved} cannot be in a form: GitHub reserves the word", "give it another key")
    return keys


@dataclass(frozen=True, slots=True)
class RepositoryFile:
    """A file that the repository may have already: its new contents (None: it stays as it is) and the line about it."""

    path: Path
    data: bytes | None
    note: str


def _existing_config(path: Path) -> RepositoryFile | None:
    if not os.path.isfile(path):
        return None
    return RepositoryFile(path, None, f"kept {mask_and_escape(str(path))}: it exists already")


def _gitignore(folder: Path) -> RepositoryFile:
    path = folder / GITIGNORE
    shown = mask_and_escape(str(path))
    if not os.path.lexists(path):
        return RepositoryFile(path, gitignore(), f"wrote {shown}")
    try:
        existing = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}; nothing was written") from error
    patterns = missing_patterns(existing)
    if not patterns:
        return RepositoryFile(path, None, f"kept {shown}: it has every line already")
    return RepositoryFile(
        path, append_patterns(existing, patterns), f"added {plural(len(patterns), 'line')} to {shown}"
    )


def _codeowners(folder: Path, ci: str) -> RepositoryFile | None:
    paths = [folder / place for place in CODEOWNERS_PLACES[ci]]
    existing = next((path for path in paths if os.path.lexists(path)), None)
    if existing is not None:
        return RepositoryFile(existing, None, f"kept {mask_and_escape(str(existing))}: it exists already")
    return RepositoryFile(paths[0], codeowners(ci), f"wrote {mask_and_escape(str(paths[0]))}") if paths else None


def _next_steps(folder: Path, ci: str, *, has_config: bool) -> list[str]:
    file = mask_and_escape(str(folder / CONFIG))
    fill_in = (
        f"Put your instance, people and groups into {file} (`reconciler import --people` writes the groups that exist "
        f"already), and run: reconciler validate {file}"
    )
    first = f"Run: reconciler validate {file}" if has_config else fill_in
    return ["Next steps:", *(f"  {number}. {step}" for number, step in enumerate((first, *NEXT_STEPS[ci]), 1))]


def _require_missing(
    paths: Iterable[Path], hint: str = "move them away, or write to another folder and copy what you need"
) -> None:
    existing = sorted(f"  {path}" for path in paths if os.path.lexists(path))
    if existing:
        raise UsageError(
            "\n".join(["init never overwrites; nothing was written, because these files exist:", *existing]), hint
        )


def _write_all(files: Mapping[Path, bytes]) -> None:
    """Write all files; when one fails or a signal comes, remove the new ones and restore the others."""
    originals = {path: path.read_bytes() for path in files if os.path.exists(path)}
    created: list[Path] = []
    try:
        for path, data in files.items():
            for folder in reversed([part for part in path.parents if not os.path.exists(part)]):
                folder.mkdir()
                created.append(folder)
            if path not in originals:
                created.append(path)  # before it exists: a signal may come as soon as it does
            write_atomic(path, data)
    except BaseException as error:
        _remove_all(created)
        for changed in (path for path, original in originals.items() if path.read_bytes() != original):
            write_atomic(changed, originals[changed])
        if isinstance(error, OSError):
            raise UsageError(f"cannot write {path}: {error.strerror}; nothing was left behind") from error
        raise


def _remove_all(paths: Iterable[Path]) -> None:
    """Remove created files and folders, newest first."""
    for path in reversed([*paths]):
        with suppress(OSError):
            path.rmdir() if os.path.isdir(path) else path.unlink()
