"""Progress and logs on stderr, as text or as JSON lines."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import TextIO

import click

from reconciler.cli.global_options import GlobalOptions, global_options_of
from reconciler.sanitize.escape import mask_and_escape
from reconciler.sanitize.mask import mask_text


class TextFormatter(logging.Formatter):
    """The masked message as one line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return mask_and_escape(record.getMessage())


class JsonFormatter(logging.Formatter):
    """A JSON object a line, with the API call where the record is of one."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": mask_text(record.getMessage()),
        }
        call = {
            name: mask_text(value) if isinstance(value, str) else value
            for name, value in getattr(record, "call", {}).items()
        }
        return json.dumps({**line, "call": call} if call else line)


class StderrHandler(logging.Handler):
    """Writes to the current stderr, which a progress bar replaces for a while."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record; do nothing where stderr was closed when the program started (`2>&-`)."""
        stderr: TextIO | None = sys.stderr
        if stderr is None:
            return
        try:
            stderr.write(self.format(record) + "\n")
            stderr.flush()
        except OSError:
            self.handleError(record)


def set_up_logging(ctx: click.Context) -> GlobalOptions:
    """Send logs to stderr as the global options say, and return these; the first thing that every command does.

    -q logs errors only, -v every API call; the default is progress.
    """
    global_options = global_options_of(ctx)
    handler = StderrHandler()
    handler.setFormatter(JsonFormatter() if global_options.log_format == "json" else TextFormatter())
    logger = logging.getLogger("reconciler")
    logger.handlers[:] = [handler]
    logger.propagate = False
    logger.setLevel(
        logging.ERROR if global_options.quiet else logging.DEBUG if global_options.verbose else logging.INFO
    )
    return global_options
