"""`reconciler init`: a starter file and the pipelines for a new repository; all of the files, or none of them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

import click

from reconciler import __version__
from reconciler.atomic_file import write_atomic
from reconciler.cli.global_options import add_global_options
from reconciler.cli.lazy_group import Command
from reconciler.cli.output import require_stdout, write_after_success
from reconciler.cli.signals import handle_signals
from reconciler.errors import UsageError
from reconciler.json_schemas import schema_text
from reconciler.sanitize.escape import mask_and_escape
from reconciler.starter.templates import CI_SYSTEMS, starter_files

EXAMPLE = """\b
Example:
  reconciler init
  reconciler init our-groups --ci gitlab"""


SCHEMA = "groups.schema.json"
"""Beside groups.yaml, whose first line names it: an editor explains every key without the network."""


NEXT = {
    "github": (
        "In the repository's settings on GitHub, make the secret WAPPFY_API_KEY, and the environment `whatsapp` with "
        "the people who approve.",
        "Commit all of it on a branch and open a pull request: it shows what would change, merging applies it.",
    ),
    "gitlab": (
        "In the project's settings on GitLab, make the variable WAPPFY_API_KEY, masked and protected, and a "
        "schedule for the daily look at drift.",
        "Commit all of it on a branch and open a merge request: it shows what would change, merging offers to apply "
        "it.",
    ),
    "none": (
        "Set WAPPFY_API_KEY and run: reconciler plan",
        "When the plan is what you mean, run: reconciler apply",
    ),
}
"""The second and the third thing to do, by the place where the pipelines run."""


@click.command(cls=Command, epilog=EXAMPLE)
@click.argument(
    "folder",
    metavar="[FOLDER]",
    type=click.Path(path_type=Path, file_okay=False, readable=False),
    default=Path(),
    envvar="RECONCILER_FOLDER",
)
@click.option(
    "--ci",
    "host",
    envvar="RECONCILER_CI",
    type=click.Choice(CI_SYSTEMS),
    default="github",
    show_default=True,
    help="Whose pipelines to write.",
)
@add_global_options
def init(folder: Path, host: str) -> int:
    """Write a starter groups.yaml and the pipeline files for a new repository; offline.

    FOLDER is where the repository is, or is to be; here by default. A file that is there already is never
    overwritten: then nothing is written at all.
    """
    return write_starter(folder, host)


def write_starter(folder: Path, host: str) -> int:
    """Write the files and say what comes next; the exit code. UsageError when one is there or cannot be written."""
    texts = {folder / place: text for place, text in starter_files(host, __version__).items()}
    texts[folder / SCHEMA] = schema_text(SCHEMA)
    _require_free(texts)
    require_stdout()
    with handle_signals():
        _write_all(texts)
    wrote = "\n".join([*(f"wrote {mask_and_escape(str(path))}" for path in texts), "", *_next_steps(folder, host)])
    write_after_success(wrote, "the files were written all the same")
    return 0


def _next_steps(folder: Path, host: str) -> list[str]:
    file = mask_and_escape(str(folder / "groups.yaml"))
    first = (
        f"Put your own instance, people and groups into {file} (`reconciler import --people` writes the groups there "
        f"are already), and run: reconciler validate {file}"
    )
    return ["Next:", *(f"  {number}. {step}" for number, step in enumerate((first, *NEXT[host]), 1))]


def _require_free(paths: Iterable[Path]) -> None:
    there = sorted(str(path) for path in paths if os.path.lexists(path))
    if there:
        told = "\n".join(f"  {path}" for path in there)
        raise UsageError(
            f"init never overwrites, and these are there already, so nothing was written:\n{told}",
            "move them away, or name another folder and take over by hand what you want of it",
        )


def _write_all(texts: Mapping[Path, str]) -> None:
    """Write each or, where one cannot be written or a signal comes, none."""
    made: list[Path] = []
    try:
        for path, text in texts.items():
            for folder in reversed([part for part in path.parents if not os.path.exists(part)]):
                folder.mkdir()
                made.append(folder)
            made.append(path)  # before it is there: a signal may come as soon as it is
            write_atomic(path, text.encode())
    except BaseException as error:
        _unmake(made)
        if isinstance(error, OSError):
            raise UsageError(f"{path} cannot be written: {error.strerror}; nothing was left behind") from error
        raise


def _unmake(made: Iterable[Path]) -> None:
    """Take back, newest first, what was made."""
    for path in reversed([*made]):
        with suppress(OSError):
            path.rmdir() if os.path.isdir(path) else path.unlink()
