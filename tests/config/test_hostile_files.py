"""A hostile file is answered quickly, in little memory, and never by a crash."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from yaml import YAMLError

from reconciler.config import document, load, yaml_events
from reconciler.config.yaml_errors import YamlMistake, describe_yaml_error
from reconciler.errors import ConfigError

SIZE = 1_000_000
HEAD = "version: 1\n"
SHAPES: dict[str, Callable[[int], str]] = {
    "opening brackets": lambda size: "[" * size,
    "opening braces": lambda size: "{" * size,
    "nested dashes": lambda size: "- " * (size // 2),
    "nested keys": lambda size: "\n".join(" " * depth + "a:" for depth in range(1400)),
    "nested question marks": lambda size: "? " * (size // 2),
    "a list of nulls": lambda size: HEAD + "groups: {a: {name: A, members: [" + "~," * (size // 2) + "]}}",
    "a list of empty items": lambda size: HEAD + "people:\n" + "-\n" * (size // 2),
    "a list of unknown aliases": lambda size: (
        HEAD + "teams: {t: [" + ",".join(f"x{n}" for n in range(size // 7)) + "]}"
    ),
    "a list of bad numbers": lambda size: HEAD + "teams: {t: [" + ",".join(str(n) for n in range(size // 7)) + "]}",
    "one mistake at the end of a long list": lambda size: HEAD + "teams: {t: [" + "a," * (size // 2) + "~]}",
    "one key again and again": lambda size: "{" + "a," * (size // 2) + "}",
    "single pairs": lambda size: HEAD + "teams: [" + "a:," * (size // 3) + "]",
    "bad people": lambda size: HEAD + "people:\n" + "".join(f" a{n}: 1\n" for n in range(size // 11)),
    "bad names": lambda size: HEAD + "groups:\n" + "".join(f" {n}/: {{}}\n" for n in range(size // 12)),
    "unknown keys": lambda size: "".join(f"k{n}: 1\n" for n in range(size // 10)),
    "tags": lambda size: "- !x a\n" * (size // 7),
    "anchors": lambda size: "".join(f"- &a{n} x\n" for n in range(size // 12)),
    "aliases": lambda size: "- &a x\n" + "- *a\n" * (size // 5),
    "aliases of a long text": lambda size: "- &a " + "x" * (size // 2) + "\n" + "- *a\n" * (size // 10),
    "an alias bomb": lambda size: (
        "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 90))
    ),
    "deep aliases": lambda size: "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, size // 25)),
    "an open quote": lambda size: '"' + "a" * size,
    "a long key": lambda size: HEAD + "a" * size + ": 1",
    "a long alias": lambda size: HEAD + "teams: {t: [" + "a" * size + "]}",
    "a long number": lambda size: HEAD + "teams: {t: [" + "1" * size + "]}",
    "a long name": lambda size: HEAD + "groups: {a: {name: '" + "a " * (size // 2) + "'}}",
    "blank names": lambda size: HEAD + "groups: {a: {name: '" + " " * size + "'}}",
    "nothing but line breaks": lambda size: "\n" * size,
    "teams in teams in teams": lambda size: (
        HEAD
        + "teams:\n t0: ["
        + ", ".join(f"1202555{n:04d}@c.us" for n in range(1000))
        + "]\n"
        + "".join(f" t{n}: {{teams: [t{(n - 1) % 40}]}}\n" for n in range(1, size // 30))
    ),
    "a long chain of teams": lambda size: (
        HEAD + "teams:\n t0: []\n" + "".join(f" t{n}: {{teams: [t{n - 1}]}}\n" for n in range(size // 30, 0, -1))
    ),
    "groups of the same large team": lambda size: (
        HEAD
        + "teams: {t: ["
        + ", ".join(f"1202555{n:04d}@c.us" for n in range(1000))
        + "]}\ngroups:\n"
        + "".join(f" g{n}: {{name: N{n}, teams: [t]}}\n" for n in range(size // 36))
    ),
}
CHILD = """
import re, sys, time
from datetime import date
from pathlib import Path
from reconciler.config import load
from reconciler.errors import ConfigError
started = time.process_time()
try:
    load(Path(sys.argv[1]), as_of=date(2026, 1, 1))
except ConfigError as error:
    # Not getrusage: after a fork its peak is that of the process that forked.
    peak = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())
    print(time.process_time() - started, int(peak[1]) // 1024)
"""
HEAVIEST = ("opening brackets", "one mistake at the end of a long list", "teams in teams in teams", "bad names")


@pytest.mark.parametrize("shape", SHAPES)
def test_a_hostile_file_is_rejected_quickly_with_short_messages(shape: str, tmp_path: Path) -> None:
    path = tmp_path / "hostile.yaml"
    path.write_text(SHAPES[shape](SIZE // 5), encoding="utf-8")
    started = time.process_time()
    with pytest.raises(ConfigError) as caught:
        load(path, as_of=date(2026, 1, 1))
    # A bound for what grows out of hand, since coverage may be tracing here; the next test measures the program.
    assert time.process_time() - started < 10
    assert all(len(problem.message) + len(problem.path) + len(problem.hint) < 1000 for problem in caught.value.problems)


@pytest.mark.parametrize("shape", HEAVIEST)
def test_a_hostile_megabyte_takes_less_than_five_seconds_and_300_megabytes(shape: str, tmp_path: Path) -> None:
    path = tmp_path / "hostile.yaml"
    path.write_text(SHAPES[shape](SIZE), encoding="utf-8")
    # Without the variables that make a coverage run trace the child, too: what is measured is the program.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    child = subprocess.run(
        [sys.executable, "-c", CHILD, str(path)], capture_output=True, text=True, check=True, env=environment
    )
    seconds, megabytes = child.stdout.split()
    assert float(seconds) < 5
    assert int(megabytes) < 300


def test_invalid_yaml_ends_the_search_for_positions() -> None:
    found = document.locate("a: 1\nb: [", [("a",), ("b",), ("c",)])
    assert found == {
        ("a",): document.SourceSpan((1, 1), (1, 4)),
        ("b",): document.SourceSpan((2, 1), (2, 4)),
        ("c",): document.SourceSpan((1, 1), (1, 1)),  # nowhere: the document's own place stands for it
    }
    assert document.locate("", [("a",)]) == {}


def test_without_libyaml_the_same_is_read_and_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(yaml_events, "__with_libyaml__", False)
    path = tmp_path / "groups.yaml"
    path.write_text('version: 1\ngroups: {a: {name: "A\\u00e9", description: ~}, b: {id: 1@g.us}}', encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path, as_of=date(2026, 1, 1))
    assert [problem.path for problem in caught.value.problems] == ["groups.a.description"]
    for text, message in (
        ('version: "\\ud800"', "is half of a character"),
        ("version: 1\n\x07", "U+0007"),
        ("[" * 200, "nested more than 100 levels"),
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ConfigError, match=message.replace("+", "\\+")):
            load(path, as_of=date(2026, 1, 1))


def test_half_a_surrogate_pair_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "groups.yaml"
    path.write_text('version: "\\ud800"', encoding="utf-8")
    with pytest.raises(ConfigError, match="is half of a character"):
        load(path, as_of=date(2026, 1, 1))


def test_an_error_without_a_position_has_a_message() -> None:
    assert describe_yaml_error(YAMLError("odd\n"), "") == YamlMistake(
        "invalid YAML: odd\\n", "check the file's structure", (0, 0)
    )
