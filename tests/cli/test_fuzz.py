"""Any bytes as a file for `reconciler validate`: problems with locations, in bounded time and memory."""

from __future__ import annotations

import codecs
import contextlib
import io
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import jsonschema
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from reconciler.cli.main import run
from reconciler.json_schemas import schema_text

FULL = os.environ.get("RECONCILER_TORTURE") == "full"
FUZZ = settings(
    max_examples=5000 if FULL else 200,
    derandomize=not FULL,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
GOOD = (Path(__file__).parents[2] / "examples" / "groups.yaml").read_bytes()
PROBLEMS = jsonschema.Draft202012Validator(json.loads(schema_text("problems.schema.json")))
LONGEST_LINE = 4000
"""Characters. Long texts of the file are quoted in part."""

TOKENS = (
    *(b"\xef\xbb\xbf", b"\xff\xfe", b"\x00", b"\r\n", b"\r", b"\t", b"\xc2\x85", b"\xe2\x80\xa8", b"\xed\xa0\x80"),
    *(b"\xf0\x9f\x98\x80", b"\xe2\x80\xae", b"\xf3\xa0\x81\x81", b"\x1b[2J", b"%YAML 1.1\n---\n", b"---\n", b"...\n"),
    *(b"<<: *a\n", b"&a ", b"*a ", b"a: &a [*a]\n", b"!!python/object:os.system ", b"!!binary ", b"!<tag:x> ", b"? "),
    *(b"- ", b": ", b"{", b"}", b"[", b"]", b"|\n", b">-\n", b"'", b'"', b"#", b"~", b".inf", b"0o17", b"1_000", b"="),
    *(b"@", b"`", b"\\u0000", b"\\x7f", b"version: 1\n", b"groups:\n"),
)


@st.composite
def mutants(draw: st.DrawFn) -> bytes:
    """Draw the example file with a few cuts, repetitions and insertions."""
    text = bytearray(GOOD)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(text)))
        end = min(len(text), at + draw(st.integers(0, 40)))
        piece = draw(st.one_of(st.sampled_from(TOKENS), st.binary(max_size=4), st.just(bytes(text[at:end]) * 2)))
        text[at:end] = piece
    return bytes(text)


@contextlib.contextmanager
def hostile(content: bytes | str) -> Iterator[Path]:
    """Create a file with this content in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "groups.yaml"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        yield path


def validated(path: Path, *options: str) -> tuple[int, str, str]:
    """Run `reconciler validate` in this process; return its exit code, stdout and stderr."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(["validate", str(path), *options])
    return code, out.getvalue(), err.getvalue()


@pytest.fixture(autouse=True)
def own_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep crash logs out of the user's home."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


@given(content=st.one_of(st.binary(max_size=200), st.text(max_size=80).map(lambda text: text.encode()), mutants()))
@example(content=b"")
@example(content=codecs.BOM_UTF8 + GOOD.replace(b"\n", b"\r\n"))
@example(content=codecs.BOM_UTF16_LE + GOOD.decode().encode("utf-16-le"))
@example(content=b"version: 1\ngroups: &g {a: {<<: *g}}")
@FUZZ
def test_any_bytes_are_reported_with_locations(content: bytes) -> None:
    with hostile(content) as path:
        code, out, err = validated(path)
        assert code in (0, 1), out + err
        assert "Traceback" not in out + err
        assert "this is a bug" not in out + err, next(Path(os.environ["XDG_STATE_HOME"]).rglob("crash*")).read_text()
        assert max(map(len, out.splitlines()), default=0) < LONGEST_LINE
        assert "\x1b" not in out
        json_code, printed, _ = validated(path, "--format", "json")
        assert json_code == code
        document = json.loads(printed)
        PROBLEMS.validate(document)
        errors = [problem for problem in document["problems"] if problem["severity"] == "error"]
        assert bool(errors) == (code == 1)


SIZE = 1_000_000
HEAD = "version: 1\n"
MEMBERS = ", ".join(f"+1 {area} 555 01{n:02}" for area in (202, 303, 404, 512, 617, 206) for n in range(100))
SHAPES: dict[str, Callable[[], bytes | str]] = {
    "brackets": lambda: b"[" * SIZE,
    "byte order marks": lambda: codecs.BOM_UTF8 * (SIZE // 3),
    "carriage returns": lambda: b"a:\r\n" * (SIZE // 4),
    "tabs": lambda: b"a:\t\n" * (SIZE // 4),
    "merge keys": lambda: b"a: &a {b: c}\nd:\n" + b"  <<: *a\n" * (SIZE // 9),
    "anchors in anchors": lambda: (
        "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, SIZE // 30))
    ),
    "one huge scalar": lambda: HEAD.encode() + b"groups: {a: {name: '" + b"x" * SIZE + b"'}}",
    "a folded scalar": lambda: b"version: >-\n" + b"  x\n\n" * (SIZE // 5),
    "odd characters": lambda: "k\u202e\u2028\U000e0041: \U0001f600\n" * (SIZE // 16),
    "zeros": lambda: b"\x00" * SIZE,
    "no UTF-8": lambda: b"\xff\xfe" * (SIZE // 2),
    "random bytes": lambda: bytes((n * 2654435761 >> 7) & 0xFF for n in range(SIZE)),
    "many groups with many mistakes": lambda: (
        HEAD + "groups:\n" + "".join(f" g{n}: {{nmae: A, members: [0171, nobody]}}\n" for n in range(SIZE // 45))
    ),
    "a valid file": lambda: (
        HEAD + "groups:\n" + "".join(f" g{n}: {{name: N{n}, members: [{MEMBERS}]}}\n" for n in range(SIZE // 10_000))
    ),
}
SOME = (
    "brackets",
    "merge keys",
    "anchors in anchors",
    "odd characters",
    "many groups with many mistakes",
    "a valid file",
)
SECONDS, MEGABYTES = 2, 300


CHILD = f"""
import resource, runpy, sys
resource.setrlimit(resource.RLIMIT_AS, ({MEGABYTES << 20}, {MEGABYTES << 20}))
resource.setrlimit(resource.RLIMIT_CPU, ({SECONDS + 1}, {SECONDS + 1}))
sys.argv = ["reconciler", "validate", sys.argv[1]]
runpy.run_module("reconciler", run_name="__main__")
"""
"""The program under limits that the kernel enforces, so that the test need not measure."""


@pytest.mark.parametrize("shape", SHAPES if FULL else SOME)
def test_a_hostile_megabyte_takes_at_most_two_seconds_and_300_megabytes(shape: str, tmp_path: Path) -> None:
    # Without the variables that make a coverage run trace the child, too: what is bounded is the program.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with hostile(SHAPES[shape]()) as path:
        child = subprocess.run(
            [sys.executable, "-c", CHILD, str(path)],
            capture_output=True,
            text=True,
            env=environment,
            cwd=tmp_path,
            timeout=60,
        )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    output = child.stdout[-2000:] + child.stderr[-2000:]
    assert child.returncode == (0 if shape == "a valid file" else 1), output
    assert after.ru_utime - before.ru_utime < SECONDS, output
    assert "this is a bug" not in output
    assert len(child.stdout) < 200_000
