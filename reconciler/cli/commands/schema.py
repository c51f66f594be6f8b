"""`reconciler schema`: the published JSON Schemas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from reconciler.cli.global_options import add_global_options
from reconciler.cli.lazy_group import Command
from reconciler.cli.output import write
from reconciler.errors import UsageError
from reconciler.json_schemas import schema_text

F = TypeVar("F", bound=Callable[..., Any])

EXAMPLE = """\b
Example:
  reconciler schema > groups.schema.json
  reconciler schema --plan"""

DOCUMENTS = {
    "plan": "The plan file's, which is also what `plan`, `drift`, `show` and `apply --dry-run` print as JSON.",
    "result": "The report's, which is also what `apply` prints as JSON.",
    "problems": "What `validate` prints as JSON.",
    "diff": "What `diff` prints as JSON.",
    "who": "What `who` prints as JSON.",
}


def _document_options(function: F) -> F:
    for name, line in reversed(DOCUMENTS.items()):
        flag = click.option(f"--{name}", name, envvar=f"RECONCILER_SCHEMA_{name.upper()}", is_flag=True, help=line)
        function = flag(function)
    return function


@click.command(cls=Command, epilog=EXAMPLE)
@_document_options
@add_global_options
def schema(**documents: bool) -> int:
    """Print the JSON Schema of the YAML file, for editors and other tools, or of one of the documents."""
    chosen = [name for name, asked in documents.items() if asked] or ["groups"]
    if len(chosen) > 1:
        raise UsageError(f"one schema at a time, not {' and '.join(f'--{name}' for name in chosen)}", "drop one")
    write(schema_text(f"{chosen[0]}.schema.json"))
    return 0
