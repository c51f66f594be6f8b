"""The program as it is started: `reconciler`, and `python -m reconciler`."""

from __future__ import annotations

import sys

from reconciler import __version__


def main() -> None:
    """Run the program and end the process with its exit code.

    The version alone is told without loading the command line, which takes three times as long as Python's own start.
    """
    if sys.argv[1:] == ["--version"] and _told():
        return
    from reconciler.cli.main import main as command_line

    command_line()


def _told() -> bool:
    """Say the version as the command line says it; False where stdout does not take it, which the latter explains."""
    try:
        sys.stdout.write(f"reconciler, version {__version__}\n")
        sys.stdout.flush()
    except (AttributeError, OSError):
        return False
    return True


if __name__ == "__main__":
    main()
