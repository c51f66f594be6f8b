"""What an examination starts from, what it sees, and what it comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from reconciler.errors import ApiError, ExitCode, Problem, UsageError
from reconciler.messages import LiteralText, Message, Piece, sentence_pieces
from reconciler.model.desired import Desired, Person
from reconciler.model.identity import Identity
from reconciler.model.live import ContactCheck, Instance, Listing, LiveGroup, Webhook
from reconciler.model.person_ref import PersonRef
from reconciler.model.text import Untrusted, quote

if TYPE_CHECKING:
    from reconciler.diff.match import Match
    from reconciler.live.transport import Exchange


class Outcome(StrEnum):
    """How a check ended. NOTE: worth knowing. BROKEN: something does not work. SKIPPED: it could not be checked."""

    FINE = "fine"
    NOTE = "note"
    BROKEN = "broken"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Seconds:
    """A time to wait, rounded by the report."""

    value: int


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of an examination, written as those of `message_catalogue`, with its parameters.

    A parameter is our own number or text from outside. It may also be a person, or a time (`Seconds`).
    """

    template: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, template: str, **params: Any) -> Sentence:
        """Return the sentence with its parameters."""
        return cls(template, params)

    @classmethod
    def counting(cls, head: str, counts: Mapping[str, str], **params: Any) -> Sentence:
        """Return a sentence with a list of counts: those above zero, by the name of their parameter."""
        listed = ", ".join(f"{{{name}:int}} {words}" for name, words in counts.items() if params[name])
        return cls(f"{head}{listed}", params)

    def __bool__(self) -> bool:
        return bool(self.template)

    def pieces(self) -> tuple[Piece, ...]:
        """Return the sentence in pieces."""
        return tuple(sentence_pieces(self.template, self.params))

    def to_text(self) -> str:
        """Return the sentence as plain text for a document: in full."""
        return "".join(map(_plain, self.pieces()))

    def numbers(self) -> dict[str, int]:
        """Return the whole numbers in the sentence by name; a time in seconds."""
        values = {name: value.value if isinstance(value, Seconds) else value for name, value in self.params.items()}
        return {name: value for name, value in values.items() if isinstance(value, int)}


def _plain(piece: Piece) -> str:
    if isinstance(piece, LiteralText):
        return piece.text
    value: Any = piece.value
    if isinstance(value, Untrusted):
        return quote(value)
    if isinstance(value, PersonRef):
        return value.label or value.ref_id
    return f"{value.value} s" if isinstance(value, Seconds) else str(value)


Words = Sentence | Message
NOTHING = Sentence()
_AGAIN = Sentence.of("run `reconciler doctor` again; if it stays so, report it with the output of this run")
NOT_READ = Sentence.of("the groups were not read")
NO_FILE = Sentence.of("there is no usable file")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of an examination: what was looked at, how it ended, what it means, what to do, and single cases."""

    name: str
    outcome: Outcome
    text: Words
    advice: Words = NOTHING
    items: tuple[Words, ...] = ()

    @property
    def numbers(self) -> dict[str, int]:
        """The whole numbers in the text, by name."""
        return self.text.numbers() if isinstance(self.text, Sentence) else {}


def fine(name: str, text: Words, advice: Words = NOTHING, items: tuple[Words, ...] = ()) -> Check:
    """Return a check that found nothing wrong."""
    return Check(name=name, outcome=Outcome.FINE, text=text, advice=advice, items=items)


def note(name: str, text: Words, advice: Words = NOTHING, items: tuple[Words, ...] = ()) -> Check:
    """Return a check that found something worth knowing."""
    return Check(name=name, outcome=Outcome.NOTE, text=text, advice=advice, items=items)


def broken(name: str, text: Words, advice: Words = NOTHING, items: tuple[Words, ...] = ()) -> Check:
    """Return a check that found what does not work."""
    return Check(name=name, outcome=Outcome.BROKEN, text=text, advice=advice, items=items)


def skipped(name: str, reason: Words) -> Check:
    """Return a check that could not be made, with the reason."""
    return Check(name=name, outcome=Outcome.SKIPPED, text=reason)


def failed(name: str, error: ApiError | UsageError) -> Check:
    """Return a check that an error broke: what happened, and its hint."""
    hint = Sentence.of("{hint}", hint=error.hint) if error.hint else _AGAIN
    return broken(name, Sentence.of("{error}", error=error.summary()), hint)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What a run would start from; an error in the place of what is missing or wrong.

    `path` is the configuration (None: there is none), `desired` what it describes (None: it cannot be used, for its
    `problems`). `server` is the URL; `in_process` the embedded server of --sandbox.
    """

    path: str | None
    desired: Desired | None
    problems: tuple[Problem, ...]
    key_source: str | UsageError
    instance_id: str | UsageError
    server: str | UsageError
    in_process: bool = False

    @property
    def first_missing(self) -> str | None:
        """What has to be set before any call can be made; None where nothing is missing."""
        needed = {"key": self.key_source, "server": self.server, "instance": self.instance_id}
        return next((name for name, value in needed.items() if isinstance(value, UsageError)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """What the API said about the numbers of the file: `left` were not asked about: a run asks about `most`.

    `places` has the file and line of people by identity, where they are known.
    """

    answers: tuple[tuple[Person, ContactCheck | ApiError], ...]
    left: int
    most: int
    places: Mapping[Identity, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reads:
    """What the reads found; None for what was not read, an error for a read that failed.

    `list_calls` is how many calls the list took until its end was proven, `read_again` whether it took a second read
    of it. `sample` has the groups that were read whole, `unreadable` those whose answer has an unknown form, by id.
    `matches` are those of the file's keys, as a plan has them, `lookalike_reads` the calls that looked for groups under
    another name. `per_minute` is the limit of calls, as far as it is known.
    """

    exchanges: tuple[Exchange, ...] = ()
    instance: Instance | ApiError | None = None
    webhooks: tuple[Webhook, ...] | ApiError | None = None
    listing: Listing | ApiError | None = None
    list_calls: int = 0
    read_again: bool = False
    sample: tuple[LiveGroup, ...] | ApiError | None = None
    unreadable: tuple[tuple[str, ApiError], ...] = ()
    matches: Mapping[str, Match] = field(default_factory=dict)
    lookalike_reads: int = 0
    per_minute: float = 0.0
    rate_option: float | None = None
    numbers: Numbers | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """All checks, in their order; `program` is the version, Python and system that made them.

    `capture` has the form of every response, where it was asked for.
    """

    program: str
    checks: tuple[Check, ...]
    capture: Mapping[str, Any] | None = None

    @property
    def healthy(self) -> bool:
        """Whether nothing is broken."""
        return not any(check.outcome is Outcome.BROKEN for check in self.checks)

    @property
    def exit_code(self) -> ExitCode:
        """0 where nothing is broken, else 1."""
        return ExitCode.DONE if self.healthy else ExitCode.ERROR

    def count(self, outcome: Outcome) -> int:
        """Return how many checks ended so."""
        return sum(check.outcome is outcome for check in self.checks)

    @property
    def first_broken(self) -> Check | None:
        """The first check that found something broken: what to repair first."""
        return next((check for check in self.checks if check.outcome is Outcome.BROKEN), None)
