"""Entry point: the commands, and one handler for every error, which ends the program with an `ExitCode`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from io import TextIOWrapper

import click

from reconciler import __version__
from reconciler.cli.command import LazyGroup
from reconciler.cli.completion import VARIABLE, print_suggestions
from reconciler.cli.error_output import (
    print_crash,
    print_error,
    print_message,
    print_missing_command,
    print_usage_error,
)
from reconciler.cli.global_options import add_global_options
from reconciler.cli.logs import start_run
from reconciler.cli.output import flush_all
from reconciler.cli.signals import handle_signals, ignore_signals
from reconciler.errors import ExitCode, ReconcilerError

COMMANDS = {
    "doctor": (
        "reconciler.cli.commands.doctor:doctor",
        "Check the file, the key, the server and the groups; only reads.",
    ),
    "validate": ("reconciler.cli.commands.validate:validate", "Check the configuration offline."),
    "test": ("reconciler.cli.commands.test:test", "Run the tests of the rules, offline."),
    "plan": ("reconciler.cli.commands.plan:plan", "Show what apply would change; never writes."),
    "apply": ("reconciler.cli.commands.apply:apply", "Make the live groups match the configuration."),
    "drift": (
        "reconciler.cli.commands.drift:drift",
        "Show how the live groups differ from the configuration; changes no group.",
    ),
    "import": ("reconciler.cli.commands.import_:import_", "Write a configuration for the live groups."),
    "pin": ("reconciler.cli.commands.pin:pin", "Write the ids of groups, and LIDs of people, into the file."),
    "adopt": ("reconciler.cli.commands.adopt:adopt", "Take manual changes of live groups into the configuration."),
    "edit": ("reconciler.cli.commands.edit:edit", "Change the configuration without writing YAML; offline."),
    "show": ("reconciler.cli.commands.show:show", "Render a saved plan."),
    "who": ("reconciler.cli.commands.who:who", "Show the groups of one person, desired and live."),
    "people": (
        "reconciler.cli.commands.people:people",
        "List everybody in the configuration, with their teams and groups; offline.",
    ),
    "invite": ("reconciler.cli.commands.invite:invite", "Print a group's invite link."),
    "diff": ("reconciler.cli.commands.diff:diff", "Compare two versions of the configuration; offline."),
    "history": ("reconciler.cli.commands.history:history", "Show who came and went by which commit; offline."),
    "review": ("reconciler.cli.commands.review:review", "List who is in what, to be confirmed; offline."),
    "schema": ("reconciler.cli.commands.schema:schema", "Print the JSON Schema of the configuration."),
    "init": ("reconciler.cli.commands.init:init", "Write a starter configuration and CI pipelines."),
    "completion": ("reconciler.cli.commands.completion:completion", "Print the completion script of a shell."),
    "help": ("reconciler.cli.commands.help:help_", "Show the help of the program or of one command."),
    "version": ("reconciler.cli.commands.version:version", "Show the version."),
    "sandbox": ("reconciler.cli.commands.sandbox:sandbox", "Run and manage the embedded server."),
}
EXAMPLE = """\b
Example:
  reconciler --sandbox plan examples/groups.yaml
  WAPPFY_API_KEY=… reconciler apply groups.yaml"""


@click.group(cls=LazyGroup, lazy=COMMANDS, epilog=EXAMPLE, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="reconciler")
@add_global_options
def cli() -> None:
    """Manage WhatsApp groups as code: describe groups and members in YAML, review a plan, apply it."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program and end the process with its exit code."""
    with handle_signals():
        code = run(arguments)
        flush_all()
    if code == ExitCode.INTERRUPTED:
        ignore_signals()
    sys.exit(code)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the program; turn every error into a message on stderr and an exit code, never a traceback."""
    args = list(sys.argv[1:] if arguments is None else arguments)
    _escape_unencodable_characters()
    if VARIABLE in os.environ:
        return print_suggestions(cli, os.environ[VARIABLE])
    start_run(args, os.environ)
    try:
        result = cli.main(args=args, prog_name="reconciler", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        print_missing_command(error)
        return ExitCode.ERROR
    except (click.exceptions.Abort, KeyboardInterrupt):
        print_message("interrupted; nothing was changed", "Interrupted")
        return ExitCode.INTERRUPTED
    except click.ClickException as error:
        print_usage_error(error)
        return ExitCode.ERROR
    except ReconcilerError as error:
        print_error(error)
        return error.exit_code
    except BrokenPipeError:  # the reader of stdout has gone (`| head`) and needs no message
        return ExitCode.ERROR
    except Exception as error:  # the last line of defence: a log to send, not a traceback
        print_crash(error, args)
        return ExitCode.ERROR
    return result if isinstance(result, int) else ExitCode.DONE


def _escape_unencodable_characters() -> None:
    """Make stdout and stderr escape characters that an old locale cannot encode, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            with suppress(OSError):  # it has a buffer to flush, and its disk is full
                stream.reconfigure(errors="backslashreplace")


if __name__ == "__main__":
    main()
