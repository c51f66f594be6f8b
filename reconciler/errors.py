"""Every error this program expects, as one tree; `cli` turns each into a message and an exit code.

ReconcilerError                 anything expected: a sentence, where, what to do
├── UsageError                  the command line cannot be acted on
├── ConfigError                 the YAML is wrong; carries every Problem found
├── RevisionError               a revision of the file cannot be had from git
├── PlanFileError               a plan file cannot be read, or is stale
├── Refused                     a guard stopped the run before its first write
├── LockHeld                    another apply runs for this instance on this machine
├── Interrupted                 SIGINT or SIGTERM
├── NoticeFailed                the summary for a chat was not sent, or only may have been
├── NotShown                    stdout does not take the result
├── ReadOnlyViolation           a session was asked for a call it is not for: a write, say (a bug, stopped)
└── ApiError                    a call to the API failed: endpoint, status, code, request id
    ├── NotSent                 the request surely never reached the server
    ├── NoAnswer                sent, no answer: it may have taken effect
    ├── BadAnswer               answered with something unreadable or incomplete: it may have taken effect
    └── Rejected                answered with an error status
        ├── Unauthorized 401 · Forbidden 403 · NotFound 404 · Conflict 409 · Unprocessable 422
        ├── RateLimited 429     surely not processed
        └── ServerError 5xx     it may have taken effect
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class ProblemKind(StrEnum):
    """What a problem is one of: stable words, by which other programs sort and silence problems.

    Whoever finds a problem says its kind; `report/kinds.py` has what people read of each.
    """

    FILE = "file"
    YAML = "yaml"
    DUPLICATE_KEY = "duplicate-key"
    UNKNOWN_KEY = "unknown-key"
    MISSING_KEY = "missing-key"
    RESTRICTION = "restriction"
    COUNTRY = "country"
    UNKNOWN_REFERENCE = "unknown-reference"
    PHONE_NUMBER = "phone-number"
    TEAM_CYCLE = "team-cycle"
    SAME_TWICE = "same-twice"
    CONTRADICTION = "contradiction"
    LIMIT = "limit"
    WHITE_SPACE = "white-space"
    VALUE = "value"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong (or doubtful) in a configuration file.

    `line` and `column` count from 1; 0 where a place in the text does not exist (an unreadable file, say).
    `path` is the place in the document: `groups.project-alpha.members[2]`.
    `severity` is "error" or "warning".
    """

    file: str
    line: int
    column: int
    path: str
    message: str
    hint: str = ""
    severity: str = "error"
    kind: ProblemKind = field(kw_only=True)

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        where = f" {self.path}:" if self.path else ""
        level = "warning: " if self.severity == "warning" else ""
        hint = f"; {self.hint}" if self.hint else ""
        return f"{place}:{where} {level}{self.message}{hint}"


class ReconcilerError(Exception):
    """An expected failure: `message` says what happened and where, `hint` what to do next."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def summary(self) -> str:
        """What happened and where, in one sentence, without what to do."""
        return self.message

    def __str__(self) -> str:
        return f"{self.summary()} ({self.hint})" if self.hint else self.summary()


class UsageError(ReconcilerError):
    """The command line or its environment cannot be acted on (no key, two options that exclude each other)."""


class ConfigError(ReconcilerError):
    """The configuration is wrong; `problems` has every one found, sorted by place."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        count = len(problems)
        super().__init__(f"{count} problem{'s' if count != 1 else ''} in the configuration")
        self.problems = problems

    def summary(self) -> str:
        """The number of problems, and each on a line of its own."""
        return "\n".join([f"{self.message}:", *(str(problem) for problem in self.problems)])


class RevisionError(ReconcilerError):
    """An earlier revision of the files cannot be had: no git, no repository, or no such revision in it."""


class PlanFileError(ReconcilerError):
    """A plan file cannot be used: unreadable, another format, or the world moved since it was made."""


class Refused(ReconcilerError):
    """A guard stopped the run before its first write."""


class LockHeld(ReconcilerError):
    """Another apply holds this instance's lock."""


class Interrupted(ReconcilerError):
    """SIGINT or SIGTERM arrived."""

    exit_code = 130

    def __init__(self, message: str = "interrupted", hint: str = "") -> None:
        super().__init__(message, hint)


class NotificationFailed(ReconcilerError):
    """What a command found was told, but not in the chat that was to hear of it, or nobody knows whether it was."""


class OutputError(ReconcilerError):
    """A result was had, and stdout does not take it: it is closed, or what it goes to is full."""


class ReadOnlyViolation(ReconcilerError):
    """A session opened for reading was asked to send a write, or one opened for a single call another one."""


class ApiError(ReconcilerError):
    """A call failed. `endpoint` is "GET /groups/123@g.us"; never holds the key."""

    def __init__(
        self,
        message: str,
        *,
        endpoint: str = "",
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
        hint: str = "",
        details: Any = None,
    ) -> None:
        super().__init__(message, hint)
        self.endpoint = endpoint
        self.status = status
        self.code = code
        self.request_id = request_id
        self.details = details

    def summary(self) -> str:
        """The endpoint, status and code, the server's message, and the request id that support asks for."""
        label = " ".join(str(part) for part in (self.status, self.code) if part)
        head = f"{self.endpoint}: {label}: {self.message}" if label else f"{self.endpoint}: {self.message}"
        request = f" (request id {self.request_id})" if self.request_id else ""
        return f"{head}{request}"


class RequestNotSent(ApiError):
    """The request surely never reached the server (connection refused, name not found, TLS failed)."""


class NoResponse(ApiError):
    """The request was sent and no whole answer came (timeout, reset): it may have taken effect."""


class InvalidResponse(ApiError):
    """The answer cannot be read, is cut off, incomplete or of an unknown shape: a write may have taken effect."""


class HttpError(ApiError):
    """The server answered with an error status."""


class Unauthorized(HttpError):
    """401: the key is missing or wrong."""


class Forbidden(HttpError):
    """403: the instance is no admin of the group, or the key may not do this."""


class NotFound(HttpError):
    """404: no such group, or the instance is not in it; or no such instance."""

    @property
    def is_about_group(self) -> bool:
        """Whether it is the API's own word on a group: one without a code may be anybody's, a proxy's too."""
        return self.code not in (None, "INSTANCE_NOT_FOUND")


class Conflict(HttpError):
    """409: a participant is already in (add) or not in (remove); or a limit of the subscription is reached."""


class Unprocessable(HttpError):
    """422: a participant's format is bad."""


class RateLimited(HttpError):
    """429, after all waiting: surely not processed."""


class ServerError(HttpError):
    """5xx: it may have taken effect."""


MAY_HAVE_TAKEN_EFFECT = (NoResponse, InvalidResponse, ServerError)
"""After these a write may have taken effect."""
