"""Report an examination: one line a check, with what to do below it; as text, and as a document (`doctor.schema.json`).

✓ fine, ! worth knowing, ✗ broken, - not checked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Final

from reconciler.doctor.capture import capture_text
from reconciler.doctor.model import Check, Examination, Outcome, Seconds, Words
from reconciler.messages import LiteralText, Parameter
from reconciler.messages import Piece as MessagePiece
from reconciler.model.person_ref import PersonRef
from reconciler.model.text import plural
from reconciler.report.documents import document_json
from reconciler.report.options import RenderOptions
from reconciler.report.pieces import PersonName, Piece, message_piece, plain_text
from reconciler.report.summary import duration
from reconciler.report.text import BOLD, paint, wrap_text

DOCTOR_FORMAT: Final = "wappfy-reconciler/doctor"
DOCTOR_FORMAT_VERSION: Final = 1
_MARKS: Final = {Outcome.FINE: "✓", Outcome.NOTE: "!", Outcome.BROKEN: "✗", Outcome.SKIPPED: "-"}
_COLORS: Final = {Outcome.FINE: "32", Outcome.NOTE: "33", Outcome.BROKEN: "1;31", Outcome.SKIPPED: "2"}


def render_examination(examination: Examination, options: RenderOptions) -> str:
    """Return the checks, what they come to, and what to repair first; below it the capture, if there is one."""
    width = max(len(check.name) for check in examination.checks)
    by_reason = groupby(examination.checks, key=lambda check: check.text if _is_skipped(check) else id(check))
    lines = [line for _, checks in by_reason for line in _lines(list(checks), width, options)]
    text = "\n".join([examination.program, *lines, "", *_ending(examination, options)])
    return text if examination.capture is None else f"{text}\n\n{capture_text(examination.capture)}"


def _is_skipped(check: Check) -> bool:
    return check.outcome is Outcome.SKIPPED


def _lines(checks: Sequence[Check], width: int, options: RenderOptions) -> Iterator[str]:
    """Yield the lines of a check, or one line for several that were skipped for the same reason."""
    if len(checks) == 1:
        yield from _check_lines(checks[0], width, options)
        return
    names, reason = ", ".join(check.name for check in checks), words_text(checks[0].text, options)
    mark = paint(_MARKS[Outcome.SKIPPED], _COLORS[Outcome.SKIPPED], options)
    yield wrap_text(f"{mark} {names}", options.width)
    yield f"{' ' * (width + 4)}not checked: {reason}"


def _check_lines(check: Check, width: int, options: RenderOptions) -> Iterator[str]:
    """Yield a check as lines: `✗ key         no API key is set`, and below it what to do and the single cases."""
    mark = paint(_MARKS[check.outcome], _COLORS[check.outcome], options)
    reason = "not checked: " if check.outcome is Outcome.SKIPPED else ""
    head, indent = f"{mark} {check.name.ljust(width)}  ", " " * (width + 4)
    lines = [f"{reason}{words_text(check.text, options)}", *(words_text(item, options) for item in check.items)]
    lines += [f"→ {words_text(check.advice, options)}"] if check.advice.pieces() else []
    room = None if options.width is None else options.width - len(indent)
    shown = "\n".join(wrap_text(line, room) for line in lines).split("\n")
    yield from (f"{indent if number else head}{line}" for number, line in enumerate(shown))


def _ending(examination: Examination, options: RenderOptions) -> Iterator[str]:
    words = {
        Outcome.FINE: "fine",
        Outcome.NOTE: "worth knowing",
        Outcome.BROKEN: "broken",
        Outcome.SKIPPED: "not checked",
    }
    counts = [f"{count} {words[outcome]}" for outcome in words if (count := examination.count(outcome))]
    yield paint(f"{plural(len(examination.checks), 'check')}: {', '.join(counts)}", BOLD, options)
    first = examination.first_broken
    if first is not None:
        yield f"Repair first: {first.name}. Then run `reconciler doctor` again."


def words_text(words: Words, options: RenderOptions) -> str:
    """Return a sentence for this reader, masked and harmless on one line."""
    return plain_text(tuple(map(_piece, words.pieces())), options)


def _piece(piece: MessagePiece) -> Piece:
    value: Any = piece.value if isinstance(piece, Parameter) else None
    if isinstance(value, PersonRef):
        return PersonName(value)
    if isinstance(value, Seconds):
        return LiteralText(duration(value.value))
    return message_piece(piece)


def examination_document(examination: Examination) -> dict[str, Any]:
    """Return the examination with full numbers."""
    return {
        "format": DOCTOR_FORMAT,
        "format_version": DOCTOR_FORMAT_VERSION,
        "masked": False,
        "program": examination.program,
        "healthy": examination.healthy,
        "summary": {outcome.value: examination.count(outcome) for outcome in Outcome},
        "checks": [
            {
                "name": check.name,
                "outcome": check.outcome.value,
                "text": check.text.to_text(),
                "advice": check.advice.to_text(),
                "items": [item.to_text() for item in check.items],
                "numbers": check.numbers,
            }
            for check in examination.checks
        ],
        "capture": examination.capture,
    }


def render_examination_json(examination: Examination, options: RenderOptions) -> str:
    """Return the document of an examination."""
    return document_json(examination_document(examination), options)
