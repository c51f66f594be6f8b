"""Progress and logs, on stderr, as text or as JSON lines."""

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


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return mask_and_escape(record.getMessage())


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": mask_text(record.getMessage()),
        }
        call = getattr(record, "call", {})
        shown = {name: mask_text(told) if isinstance(told, str) else told for name, told in call.items()}
        return json.dumps({**line, "call": shown} if shown else line)


class _Stderr(logging.Handler):
    """Writes to what stderr is at the time: a progress bar puts itself in its place for a while."""

    def emit(self, record: logging.LogRecord) -> None:
        stderr: TextIO | None = sys.stderr
        if stderr is None:  # closed when the program started (`2>&-`)
            return
        try:
            stderr.write(self.format(record) + "\n")
            stderr.flush()
        except OSError:
            self.handleError(record)


def set_up_logging(ctx: click.Context) -> GlobalOptions:
    """What every command does first: gather the global options and send logs to stderr as they say.

    Errors only with -q, progress by default, every call with -v.
    """
    settings = global_options_of(ctx)
    handler = _Stderr()
    handler.setFormatter(_Json() if settings.log_format == "json" else _Text())
    logger = logging.getLogger("reconciler")
    for old in list(logger.handlers):
        logger.removeHandler(old)
    logger.addHandler(handler)
    logger.propagate = False
    logger.setLevel(logging.ERROR if settings.quiet else logging.DEBUG if settings.verbose else logging.INFO)
    return settings
