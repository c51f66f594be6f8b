"""Ask the questions and write down the answers.

    python -m benchmarks                    all of them: writes benchmarks/RESULTS.md and benchmarks/results/*.svg
    python -m benchmarks start offline      some of them: printed, nothing is written
    python -m benchmarks --tiny             as small as they will run at all: printed, nothing is written

Exit code 1 when a target is missed and no reason is given for it.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import benchmarks.calls.question
import benchmarks.history
import benchmarks.offline.question
import benchmarks.pacing
import benchmarks.peers.question
import benchmarks.people_files
import benchmarks.rules
import benchmarks.start
from benchmarks.answer import Answer
from benchmarks.chart import svg_of
from benchmarks.machine import machine, versions
from benchmarks.results import results_of
from benchmarks.sizes import FULL, TINY, Size
from benchmarks.timing import forget_settings

QUESTIONS: Mapping[str, Callable[[Size, Path], Answer]] = {
    "calls": benchmarks.calls.question.ask,
    "pacing": benchmarks.pacing.ask,
    "offline": benchmarks.offline.question.ask,
    "start": benchmarks.start.ask,
    "peers": benchmarks.peers.question.ask,
    "rules": benchmarks.rules.ask,
    "history": benchmarks.history.ask,
    "people-files": benchmarks.people_files.ask,
}
HERE = Path(__file__).parent


def main(arguments: Sequence[str]) -> int:
    """Run what the arguments name; the exit code."""
    named = [argument for argument in arguments if not argument.startswith("-")]
    unknown = set(named) - QUESTIONS.keys() or {a for a in arguments if a.startswith("-")} - {"--tiny"}
    if unknown:
        sys.stderr.write(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(QUESTIONS)} and --tiny\n")
        return 1
    size = TINY if "--tiny" in arguments else FULL
    answers = [_asked(key, size) for key in named or QUESTIONS]
    text = results_of(answers, rounds=size.rounds, machine=machine(), versions=versions(), day=_today())
    if named or size is TINY:
        sys.stdout.write(text)
    else:
        _write(text, answers)
    missed = [target.what for answer in answers for target in answer.targets if not target.met and not target.remark]
    for what in missed if size is FULL else ():
        sys.stderr.write(f"missed: {what}\n")
    return 1 if missed and size is FULL else 0


def _asked(key: str, size: Size) -> Answer:
    sys.stderr.write(f"{key} …\n")
    with tempfile.TemporaryDirectory(prefix=f"bench-{key}-") as folder:
        return QUESTIONS[key](size, Path(folder))


def _write(text: str, answers: Sequence[Answer]) -> None:
    (HERE / "RESULTS.md").write_text(text, encoding="utf-8")
    (HERE / "results").mkdir(exist_ok=True)
    for answer in answers:
        (HERE / "results" / f"{answer.key}.svg").write_text(svg_of(answer.chart), encoding="utf-8")
    sys.stderr.write(f"written: {HERE / 'RESULTS.md'}\n")


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


if __name__ == "__main__":
    forget_settings()
    sys.exit(main(sys.argv[1:]))
