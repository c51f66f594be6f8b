"""All expected failures, as one tree; `cli` turns each into a message and an exit code.

ReconcilerError                 an expected failure: what happened and where, and what to do
├── UsageError                  the command line or the environment is wrong
├── ConfigError                 the YAML is wrong; has every Problem
├── RevisionError               git cannot provide a revision of the file
├── PlanFileError               a plan file is unreadable or stale
├── Refused                     a guard stopped the run before its first write
├── LockHeld                    another apply for this instance runs on this machine
├── Interrupted                 SIGINT or SIGTERM
├── NotificationFailed          the summary for a chat was not sent, or its delivery is unknown
├── OutputError                 stdout does not accept the result
├── ReadOnlyViolation           a session refused a call that it does not allow (a bug, stopped)
└── ApiError                    an API call failed: endpoint, status, code, request id
    ├── RequestNotSent          the server never received the request
    │   └── Unreachable         no server is at the address
    ├── NoResponse              sent without a complete response: it may have taken effect
    ├── InvalidResponse         the response is unreadable, incomplete or of unknown form: it may have taken effect
    └── HttpError               the response has an error status
        ├── Unauthorized 401 · Forbidden 403 · NotFound 404 · Conflict 409 · Unprocessable 422
        ├── RateLimited 429     not processed
        └── ServerError 5xx     it may have taken effect
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any


class ExitCode(IntEnum):
    """How the program ended, for scripts."""

    DONE = 0
    """Done, or nothing to do."""
    ERROR = 1
    """An error or a refusal, on the command line too: nothing was changed. A plan that would be refused, with
    `--detailed-exitcode`. Something broken, with `doctor`."""
    CHANGES_PENDING = 2
    """Live groups or versions differ (`drift`; `plan` and `diff` with `--detailed-exitcode`)."""
    NOT_CONVERGED = 3
    """An apply ran, and the live groups do not all match the configuration."""
    INTERRUPTED = 130


class ProblemKind(StrEnum):
    """The kind of a problem: stable words by which other programs sort and silence problems.

    `report/problems.py` has the title and description of each.
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
    RULE = "rule"
    TEST = "test"
    PEOPLE_FILE = "people-file"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One error or warning about a configuration file.

    `line` and `column` count from 1; they are 0 if there is no place in the text (an unreadable file, say). `path` is
    the place in the document: `groups.project-alpha.members[2]`. `severity` is "error" or "warning"; of a rule also
    "audit" (only listed) or "exempt" (allowed for now). `rule_name` is the rule of the file that it is about. `excerpt`
    is the line of the file, masked, with a caret below it, where the path says too little.
    """

    file: str
    line: int
    column: int
    path: str
    message: str
    hint: str = ""
    severity: str = "error"
    kind: ProblemKind = field(kw_only=True)
    rule_name: str = field(default="", kw_only=True)
    excerpt: tuple[str, ...] = field(default=(), kw_only=True, compare=False)

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        where = f" {self.path}:" if self.path else ""
        level = "" if self.severity == "error" else f"{self.severity}: "
        hint = f"; {self.hint}" if self.hint else ""
        return f"{place}:{where} {level}{self.message}{hint}"

    def lines(self) -> tuple[str, ...]:
        """Return the problem on one line, and below it the excerpt of the file."""
        return (str(self), *self.excerpt)


class ReconcilerError(Exception):
    """An expected failure: `message` is what happened and where, `hint` what to do next."""

    exit_code = ExitCode.ERROR

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def summary(self) -> str:
        """Return what happened and where, without the hint."""
        return self.message

    def __str__(self) -> str:
        return f"{self.summary()} ({self.hint})" if self.hint else self.summary()


class UsageError(ReconcilerError):
    """The command line or the environment is wrong (no key, two options that exclude each other)."""


class ConfigError(ReconcilerError):
    """The configuration is wrong; `problems` has all of them, sorted by place."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        counts = ((sum(each.severity == level for each in problems), level) for level in ("error", "warning"))
        found = ", ".join(f"{count} {level}{'s' if count != 1 else ''}" for count, level in counts if count)
        super().__init__(f"{found} in the configuration")
        self.problems = problems

    def summary(self) -> str:
        """Return the number of problems, and each on a line of its own."""
        return "\n".join([f"{self.message}:", *(line for problem in self.problems for line in problem.lines())])


class RevisionError(ReconcilerError):
    """Git cannot provide an earlier revision of the files: no git, no repository, or no such revision."""


class PlanFileError(ReconcilerError):
    """A plan file is unusable: unreadable, of another format, or older than a change it depends on."""


class Refused(ReconcilerError):
    """A guard stopped the run before its first write.

    `reasons` are pairs of a group's key (None: the whole run) and the code of the guard's message.
    """

    def __init__(self, message: str, hint: str = "", reasons: tuple[tuple[str | None, str], ...] = ()) -> None:
        super().__init__(message, hint)
        self.reasons = reasons


class LockHeld(ReconcilerError):
    """Another apply holds the lock of this instance."""


class Interrupted(ReconcilerError):
    """SIGINT or SIGTERM arrived."""

    exit_code = ExitCode.INTERRUPTED

    def __init__(self, message: str = "interrupted", hint: str = "") -> None:
        super().__init__(message, hint)


class NotificationFailed(ReconcilerError):
    """The summary for a chat was not sent, or its delivery is unknown; the command printed its result."""


class OutputError(ReconcilerError):
    """Stdout does not accept the result: it is closed, or the disk behind it is full."""


class ReadOnlyViolation(ReconcilerError):
    """A session refused a call that it does not allow: a write if it is read-only, or any but its single call."""


class ApiError(ReconcilerError):
    """An API call failed. `endpoint` is "GET /groups/123@g.us"; no field holds the key."""

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

    @property
    def is_overlimit(self) -> bool:
        """Whether WhatsApp itself says that the account does too much, which no short wait cures."""
        return "rate-overlimit" in f"{self.code} {self.message}".lower()

    def summary(self) -> str:
        """Return endpoint, status, code, the server's message, and the request id that support asks for."""
        label = " ".join(str(part) for part in (self.status, self.code) if part)
        head = f"{self.endpoint}: {label}: {self.message}" if label else f"{self.endpoint}: {self.message}"
        request = f" (request id {self.request_id})" if self.request_id else ""
        return f"{head}{request}"


class RequestNotSent(ApiError):
    """The server never received the request (connection refused, name not found, TLS failed)."""


class Unreachable(RequestNotSent):
    """There is no server at the address: its name is not found, or nobody listens at the port."""


class NoResponse(ApiError):
    """The request was sent but no complete response arrived (timeout, reset): it may have taken effect."""


class InvalidResponse(ApiError):
    """The response is unreadable, cut off, incomplete or of unknown form: a write may have taken effect."""


class HttpError(ApiError):
    """The response has an error status."""


class Unauthorized(HttpError):
    """401: the key is missing or wrong."""


class Forbidden(HttpError):
    """403: the instance is not an admin of the group, or the key does not allow this."""


class NotFound(HttpError):
    """404: the group does not exist, or the instance is not in it; or the instance does not exist."""

    @property
    def is_about_group(self) -> bool:
        """Whether the API itself says that a group is missing; a 404 without a code may come from a proxy."""
        return self.code not in (None, "INSTANCE_NOT_FOUND")


class Conflict(HttpError):
    """409: a participant is already in (add) or not in (remove), or the subscription's limit is reached."""


class Unprocessable(HttpError):
    """422: the format of a participant is invalid."""


class RateLimited(HttpError):
    """429: not processed."""


class ServerError(HttpError):
    """5xx: it may have taken effect."""


MAY_HAVE_TAKEN_EFFECT = (NoResponse, InvalidResponse, ServerError)
"""The errors after which a write may have taken effect."""
