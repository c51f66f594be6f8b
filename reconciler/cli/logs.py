"""Progress and logs, on stderr, as text or as JSON lines."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

import click

from reconciler.cli.options import Settings, settings_of
from reconciler.report.escaping import plain
from reconciler.report.masking import mask_text


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return plain(mask_text(record.getMessage()))


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(
            {
                "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
                "level": record.levelname.lower(),
                "logger": record.name,
                "message": mask_text(record.getMessage()),
            }
        )


def begin(ctx: click.Context) -> Settings:
    """What every command does first: gather the global options and send logs to stderr as they say.

    Errors only with -q, progress by default, every call with -v.
    """
    settings = settings_of(ctx)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if settings.log_format == "json" else _Text())
    logger = logging.getLogger("reconciler")
    for old in list(logger.handlers):
        logger.removeHandler(old)
    logger.addHandler(handler)
    logger.propagate = False
    logger.setLevel(logging.ERROR if settings.quiet else logging.DEBUG if settings.verbose else logging.INFO)
    return settings
