"""The program's door: the commands, one handler for every error, the exit codes.

Exit codes: 0 done or nothing to do; 1 error or refusal, nothing was changed (usage errors too); 2 changes are
pending (`plan --detailed-exitcode`, `drift`); 3 an apply ran and did not converge; 130 interrupted.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from io import TextIOWrapper

import click

from reconciler import __version__
from reconciler.cli.global_options import add_global_options
from reconciler.cli.lazy_group import LazyGroup
from reconciler.cli.output import flush_all, print_message
from reconciler.errors import ReconcilerError

COMMANDS = {
    "validate": ("reconciler.cli.commands.validate:validate", "Check the file offline."),
    "plan": ("reconciler.cli.commands.plan:plan", "Show what apply would do; never writes."),
    "apply": ("reconciler.cli.commands.apply.command:apply", "Make the live groups what the file says."),
    "drift": ("reconciler.cli.commands.drift:drift", "Show what differs live from the file; never writes."),
    "import": ("reconciler.cli.commands.import_:import_", "Write a file for the live groups."),
    "pin": ("reconciler.cli.commands.pin:pin", "Note the ids of matched groups in the file."),
    "show": ("reconciler.cli.commands.show:show", "Render a saved plan."),
    "who": ("reconciler.cli.commands.who:who", "Show every group a person is in, desired and live."),
    "invite": ("reconciler.cli.commands.invite:invite", "Print a group's invite link."),
    "diff": (
        "reconciler.cli.commands.diff:diff",
        "Show what two versions of the file want differently; offline.",
    ),
    "schema": ("reconciler.cli.commands.schema:schema", "Print the JSON Schema of the file."),
    "init": ("reconciler.cli.commands.init:init", "Write a starter file and the pipelines for a new repository."),
    "sandbox": ("reconciler.cli.commands.sandbox:sandbox", "The embedded server by itself."),
}

EXAMPLE = """\b
Example:
  reconciler --sandbox plan examples/groups.yaml
  WAPPFY_API_KEY=… reconciler apply groups.yaml"""


@click.group(
    cls=LazyGroup,
    lazy=COMMANDS,
    epilog=EXAMPLE,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, "--version", prog_name="reconciler")
@add_global_options
def cli() -> None:
    """WhatsApp groups as code: a YAML file says which groups exist and who is in them; plan, apply, drift."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program and end the process with its exit code."""
    code = run(arguments)
    flush_all()
    sys.exit(code)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the program; every error becomes a message on stderr and an exit code, never a traceback."""
    args = list(sys.argv[1:] if arguments is None else arguments)
    _never_fail_to_write()
    try:
        result = cli.main(args=args, prog_name="reconciler", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return 1
    except click.exceptions.Abort:
        return _say("interrupted; nothing was changed", 130)
    except KeyboardInterrupt:
        return _say("interrupted; nothing was changed", 130)
    except click.ClickException as error:
        return _usage(error)
    except ReconcilerError as error:
        from reconciler.cli.error_output import format_error

        return _say(format_error(error), error.exit_code)
    except BrokenPipeError:  # whoever read our output has gone (`| head`), and needs no message
        return 1
    except Exception as error:  # the last line of defence: a log to send, not a traceback
        from reconciler.cli.error_output import write_crash_log

        return _say(write_crash_log(error, args), 1)
    return result if isinstance(result, int) else 0


def _never_fail_to_write() -> None:
    """Where stdout or stderr cannot show a character (an old locale), show its escape instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            with suppress(OSError):  # it holds something already, and its disk is full
                stream.reconfigure(errors="backslashreplace")


def _say(message: str, code: int) -> int:
    print_message(message)
    return code


def _usage(error: click.ClickException) -> int:
    from reconciler.sanitize.mask import mask_text

    context = getattr(error, "ctx", None)
    if context is not None:
        click.echo(context.get_usage(), err=True)
        click.echo(f"Try '{context.command_path} --help' for help.\n", err=True)
    return _say(mask_text(error.format_message()), 1)


if __name__ == "__main__":
    main()
