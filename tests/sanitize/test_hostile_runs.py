"""The whole program against a hostile world: every command, every format, every text; and never a number in full.

One run meets all texts at once: each is a live name, a live description, a description and a reason in the file. A
new command joins by a line in RUNS; a new format is run by itself. All takes some twenty seconds: half a second a run.
"""

from __future__ import annotations

import importlib
import json
import unicodedata

import click
import pytest

from reconciler.cli.main import COMMANDS
from tests.sanitize.hostile_readers import (
    Page,
    assert_github_links_nothing,
    assert_no_number,
    assert_terminal_and_log_obey_nothing,
    decoded_command,
    github_page,
)
from tests.sanitize.hostile_texts import DIGITS
from tests.sanitize.hostile_world import HARMLESS, NUMBERS, TEXTS, bad_file, good_file, populate, refusals
from tests.stage import Ran, Stage

# What to run, and with which exit code it ends in the hostile world.
RUNS = {
    "validate": 0,
    "validate bad.yaml": 1,
    "plan": 0,
    "plan --detailed-exitcode --target group-03": 2,
    "plan bad.yaml": 1,
    "plan -v --log-format json --format text": 0,
    "drift": 2,
    "apply --dry-run": 0,
    "apply --yes": 3,
    "apply --yes -v --format text": 3,
    "apply --yes -v --log-format json --format text": 3,
    "show saved.plan": 0,
    "who alice": 0,
    "who +1(404)555-0182": 0,
    "people": 0,
    "diff old.yaml groups.yaml": 0,
    "pin --dry-run": 0,
    "pin": 0,
    "pin --people": 0,
    "invite group-03": 0,
}
WRITES = ("plan --output out", "drift --output out", "show saved.plan --output out", "validate bad.yaml --output out")


def formats(command: str) -> list[str]:
    """The formats a command has, "" for one that has no choice."""
    module, _, name = COMMANDS[command][0].partition(":")
    for param in getattr(importlib.import_module(module), name).params:
        if "--format" in param.opts:
            assert isinstance(param.type, click.Choice)
            return list(param.type.choices)
    return [""]


def cases(lines: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(line, format_) for line in lines for format_ in ([""] if "--format" in line else formats(line.split()[0]))]


def prepare(stage: Stage, line: str, texts: dict[str, str] | None = None) -> None:
    chosen = TEXTS if texts is None else texts
    ids = populate(stage, chosen)
    good_file(stage, chosen, ids)
    good_file(stage, HARMLESS, ids, "old.yaml")
    bad_file(stage, chosen)
    if "saved.plan" in line:
        assert stage.run("plan", "--out", "saved.plan").code == 0
    if line.startswith("apply"):
        stage.server.set_faults(refusals(chosen))


def run(stage: Stage, line: str, format_: str) -> Ran:
    return stage.run(*line.split(), *(("--format", format_) if format_ else ()))


def assert_no_number_of_anybody(text: str) -> None:
    assert_no_number(text)
    digits = "".join(str(unicodedata.decimal(char)) for char in text if char.isdecimal())
    for number in (*NUMBERS, "2065550164", DIGITS):
        assert number not in digits, number


def assert_harmless(text: str, format_: str) -> None:
    """The output of a format, read by what reads it."""
    if format_ == "github":
        *commands, count = text.rstrip("\n").split("\n")
        for command in commands:
            assert decoded_command(command)[0] in ("error", "warning")
            assert_terminal_and_log_obey_nothing(command.removeprefix("::"))
        assert_terminal_and_log_obey_nothing(count)
        return
    if format_ == "html":
        # A style sheet may begin a line with two colons; what is shown may hide nothing.
        assert all(not unicodedata.category(char).startswith("C") or char == "\n" for char in text)
        assert "##[" not in text
        return
    assert_terminal_and_log_obey_nothing(text)
    if format_ in ("json", "sarif"):
        json.loads(text)
    if format_ == "markdown":
        page = github_page(text)
        assert not page.open
        assert_github_links_nothing(page)


@pytest.mark.parametrize(("line", "format_"), cases(tuple(RUNS)))
def test_a_hostile_world_is_shown_harmless_and_nobodys_number_is(stage: Stage, line: str, format_: str) -> None:
    prepare(stage, line)
    ran = run(stage, line, format_)
    assert ran.code == RUNS[line], ran.err
    if ran.out or line != "plan bad.yaml":
        assert_harmless(ran.out, format_)
    assert_terminal_and_log_obey_nothing(ran.err)
    assert_no_number_of_anybody(ran.out)
    assert_no_number_of_anybody(ran.err)


@pytest.mark.parametrize(("line", "format_"), cases(WRITES))
def test_what_is_written_to_a_file_is_as_harmless(stage: Stage, line: str, format_: str) -> None:
    prepare(stage, line)
    run(stage, line, format_)
    written = (stage.folder / "out").read_text(encoding="utf-8")
    assert len(written) > 1000
    assert_harmless(written, format_)
    assert_no_number_of_anybody(written)


@pytest.mark.parametrize("line", ["plan", "apply --yes", "drift", "diff old.yaml groups.yaml"])
def test_hostile_texts_add_no_element_to_a_comment(stage: Stage, line: str) -> None:
    prepare(stage, line)
    hostile = github_page(run(stage, line, "markdown").out)
    assert set(hostile.tags) <= {
        *("h3", "p", "strong", "em", "b", "code", "pre", "details", "summary", "ul", "li", "sub", "br", "blockquote"),
        *("table", "thead", "tbody", "tr", "th", "td", "del", "ol"),
    } - {"del", "ol"}


@pytest.mark.parametrize("line", ["plan", "drift", "show saved.plan"])
def test_hostile_texts_add_no_element_to_a_page(stage: Stage, line: str) -> None:
    prepare(stage, line)
    page = Page(run(stage, line, "html").out)
    assert not {"iframe", "object", "embed", "img", "base"} & set(page.tags)
    assert all(page.tags.count(tag) <= 1 for tag in ("script", "style", "link", "form"))
    leading = [value or "" for _, attributes in page.elements for name, value in attributes if name in ("href", "src")]
    assert all(value.startswith(("#", "data:")) for value in leading), leading
    assert not any(name.startswith("on") for _, attributes in page.elements for name, _ in attributes)


def test_an_error_of_the_server_is_told_harmless(stage: Stage) -> None:
    prepare(stage, "plan")
    for fault in refusals(TEXTS)[::2]:
        stage.server.set_faults([type(fault)(fault.kind, "GET", "/groups", status=403, message=fault.message)])
        ran = stage.run("plan")
        assert (ran.code, ran.out) == (1, "")
        assert_terminal_and_log_obey_nothing(ran.err)
        assert_no_number(ran.err)


@pytest.mark.parametrize("format_", formats("plan"))
def test_with_show_phones_numbers_are_shown_and_the_rest_stays_harmless(stage: Stage, format_: str) -> None:
    prepare(stage, "plan")
    ran = run(stage, "plan --show-phones", format_)
    assert_harmless(ran.out, format_)
    assert "2065550164" in "".join(char for char in ran.out if char.isdigit())
