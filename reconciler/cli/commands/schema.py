"""`reconciler schema`: print the published JSON Schemas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from reconciler.cli.command import command
from reconciler.cli.output import write
from reconciler.errors import UsageError
from reconciler.json_schemas import schema_text

EXAMPLE = """\
  reconciler schema > groups.schema.json
  reconciler schema --plan"""

DOCUMENTS = {
    "plan": "Print the schema of plan files and of the JSON of `plan`, `drift`, `show` and `apply --dry-run`.",
    "result": "Print the schema of `apply --report` and of the JSON of `apply`.",
    "problems": "Print the schema of the JSON of `validate` and `test`.",
    "diff": "Print the schema of the JSON of `diff`.",
    "doctor": "Print the schema of the JSON of `doctor`.",
    "who": "Print the schema of the JSON of `who`.",
    "people": "Print the schema of the JSON of `people`.",
    "history": "Print the schema of the JSON of `history`.",
    "members": "Print the schema of the JSON of `history --at`.",
    "review": "Print the schema of the JSON of `review`.",
}


def _document_options(function: Callable[..., Any]) -> Callable[..., Any]:
    for name, text in reversed(DOCUMENTS.items()):
        flag = click.option(f"--{name}", name, envvar=f"RECONCILER_SCHEMA_{name.upper()}", is_flag=True, help=text)
        function = flag(function)
    return function


@command(EXAMPLE)
@_document_options
def schema(**documents: bool) -> int:
    """Print the JSON Schema of the configuration, for editors and other tools, or of one of the JSON documents."""
    names = [name for name, selected in documents.items() if selected] or ["groups"]
    if len(names) > 1:
        flags = " and ".join(f"--{name}" for name in names)
        raise UsageError(f"{flags} cannot be combined", "print one schema at a time")
    write(schema_text(f"{names[0]}.schema.json"))
    return 0
