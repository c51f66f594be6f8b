"""Start the program: `reconciler`, and `python -m reconciler`."""

from __future__ import annotations

import sys

from reconciler import __version__


def main() -> None:
    """Run the program and end the process with its exit code.

    `--version`, `-V` and `version` do not load the command line, which takes three times as long as Python's own start.
    """
    if sys.argv[1:] in (["--version"], ["-V"], ["version"]) and _print_version():
        return
    from reconciler.cli.main import main as command_line

    command_line()


def _print_version() -> bool:
    """Print the version like the command line; return False when stdout fails, so that the command line reports it."""
    try:
        sys.stdout.write(f"reconciler, version {__version__}\n")
        sys.stdout.flush()
    except (AttributeError, OSError):
        return False
    return True


if __name__ == "__main__":
    main()
