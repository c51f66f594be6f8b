"""What people know from other programs: `-`, `help`, `-V`, one dash, variables that are set for a whole job."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from reconciler import __version__
from reconciler.cli.main import cli
from tests.stage import INSTANCE, Stage

FILE = "groups: {alpha: {name: Alpha}}"


def give_stdin(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))


def test_validate_reads_a_file_from_stdin(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    give_stdin(monkeypatch, stage.file(FILE).read_bytes())
    assert stage.run("validate", "-").out == "stdin: valid, 1 group\n"
    give_stdin(monkeypatch, b"version: 1\ngroups:\n  alpha: {nome: Alpha}\n")
    broken = stage.run("validate", "-")
    assert (broken.code, "stdin:3:11" in broken.out) == (1, True)
    monkeypatch.setattr("sys.stdin", None)
    assert stage.run("validate", "-").code == 1


@pytest.mark.parametrize("command", ["plan", "apply", "drift", "pin"])
def test_no_other_command_reads_its_file_from_stdin(stage: Stage, command: str) -> None:
    stage.file(FILE)
    ran = stage.run(command, "-")
    assert (ran.code, ran.out) == (1, "")
    assert "only validate reads stdin, so write it to a file" in ran.err


def test_a_dash_is_stdout_for_output_and_no_file_for_anything_else(stage: Stage) -> None:
    stage.file(FILE)
    assert stage.run("plan", "--output", "-").out == stage.run("plan").out
    assert stage.run("plan", "--output=-", "--format=html").out.startswith("<!DOCTYPE html>")
    for arguments in (["plan", "--out", "-"], ["apply", "--yes", "--report", "-"], ["apply", "--audit-log", "-"]):
        ran = stage.run(*arguments)
        assert (ran.code, "'-' is not a file; name a file." in ran.err) == (1, True)
    assert not (stage.folder / "-").exists()
    assert stage.world.effects() == ()


@pytest.mark.parametrize("command", ["validate", "plan", "apply", "drift", "pin", "who alice", "invite alpha", "show"])
@pytest.mark.parametrize("path", ["", " "])
def test_an_empty_path_is_refused_and_not_taken_for_the_current_folder(stage: Stage, command: str, path: str) -> None:
    stage.file(FILE)
    ran = stage.run(*command.split(), path)
    assert (ran.code, ran.out) == (1, "")
    assert "the path is empty; if it comes from a variable, check that it is set." in ran.err
    assert stage.calls() == []


def test_no_argument_or_option_takes_an_empty_path() -> None:
    refused = []
    for command in _commands(cli, click.Context(cli)):
        for param in command.params:
            if isinstance(param.type, click.Path):
                with pytest.raises(click.BadParameter, match="the path is empty"):
                    param.type.convert("", param, None)
                refused.append(param.name)
    assert {"path", "output", "out", "report", "audit_log", "api_key_file", "planfile", "folder", "state"} <= {*refused}


def _commands(group: click.Group, context: click.Context) -> Iterator[click.Command]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield from _commands(command, context) if isinstance(command, click.Group) else [command]


@pytest.mark.parametrize("end", ["\n", " ", "\r\n"])
def test_white_space_around_the_instance_id_and_the_base_url_does_not_count(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    stage.file(FILE)
    right = stage.run("plan").out
    monkeypatch.setenv("WAPPFY_INSTANCE_ID", INSTANCE + end)
    for variable in ("WAPPFY_BASE_URL", "WAPPFY_API_KEY"):
        monkeypatch.setenv(variable, os.environ[variable] + end)
    assert stage.run("plan").out == right


@pytest.mark.parametrize(
    ("word", "meant"),
    [("-out", "--out"), ("-target=alpha", "--target"), ("-quiet", "--quiet"), ("-detailed-exitcode", "--detailed-exi")],
)
def test_an_option_with_one_dash_is_told_to_have_two(stage: Stage, word: str, meant: str) -> None:
    ran = stage.run("plan", word, "x")
    assert ran.code == 1
    assert f"No such option '{word.partition('=')[0]}'. Did you mean '{meant}" in ran.err


def test_a_word_with_one_dash_that_means_nothing_is_told_as_before(stage: Stage) -> None:
    assert "No such option '-x'." in stage.run("plan", "-x").err
    assert "Did you mean" not in stage.run("plan", "-x").err


def test_help_shows_what_the_option_shows() -> None:
    for words in ([], ["plan"], ["sandbox"], ["sandbox", "serve"]):
        shown = CliRunner().invoke(cli, ["help", *words], prog_name="reconciler")
        assert shown.output == CliRunner().invoke(cli, [*words, "--help"], prog_name="reconciler").output
        assert shown.exit_code == 0


@pytest.mark.parametrize(
    ("words", "message"), [(["pln"], "Did you mean 'plan'?"), (["plan", "it"], "reconciler plan has no commands")]
)
def test_help_for_something_else_is_a_usage_error(stage: Stage, words: list[str], message: str) -> None:
    ran = stage.run("help", *words)
    assert (ran.code, ran.out) == (1, "")
    assert message in ran.err


@pytest.mark.parametrize("word", ["--version", "-V", "version"])
def test_the_version_has_three_spellings(word: str) -> None:
    done = subprocess.run([sys.executable, "-m", "reconciler", word], capture_output=True, text=True, check=True)
    assert done.stdout == f"reconciler, version {__version__}\n"
    assert CliRunner().invoke(cli, [word], prog_name="reconciler").output == done.stdout


def test_a_format_that_is_set_for_a_job_is_ignored_where_a_command_does_not_have_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.file(FILE)
    monkeypatch.setenv("RECONCILER_FORMAT", "html")
    valid = stage.run("validate")
    assert (valid.code, valid.out) == (0, "groups.yaml: valid, 1 group\n")
    notice = "reconciler: ignored RECONCILER_FORMAT=html: the formats of validate are text, json, github, sarif\n"
    assert valid.err == notice
    assert stage.run("plan").out.startswith("<!DOCTYPE html>")
    assert notice[:40] not in stage.run("diff", "groups.yaml", "groups.yaml", "--quiet").err
    applied = stage.run("apply", "--yes")
    assert (applied.code, "ignored RECONCILER_FORMAT=html" in applied.err) == (0, True)


def test_a_format_that_no_command_has_and_one_on_the_line_are_errors(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.file(FILE)
    assert "'html' is not one of" in stage.run("validate", "--format", "html").err
    monkeypatch.setenv("RECONCILER_FORMAT", "htlm")
    assert (stage.run("plan").code, stage.run("validate").code) == (1, 1)


def test_an_output_file_that_a_variable_names_is_announced(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.file(FILE)
    monkeypatch.setenv("RECONCILER_OUTPUT", "job.txt")
    ran = stage.run("validate")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == "reconciler: the result goes to job.txt, because RECONCILER_OUTPUT is set\n"
    assert stage.run("validate", "--output", "-").out == "groups.yaml: valid, 1 group\n"


@pytest.mark.parametrize("arguments", [[], ["plan"], ["sandbox", "serve"]])
def test_the_example_comes_before_the_options(arguments: list[str]) -> None:
    shown = CliRunner().invoke(cli, [*arguments, "--help"]).output
    assert shown.index("Usage:") < shown.index("Example:") < shown.index("Options:")


def test_a_commands_help_names_the_global_options_and_the_programs_explains_them() -> None:
    one, all_ = (CliRunner().invoke(cli, [*words, "--help"]).output for words in (["plan"], []))
    assert one.index("Options:") < one.index("Global options, which `reconciler --help` explains: --instance-id,")
    assert "Base URL of the API" not in one
    assert "Base URL of the API" in all_


@pytest.mark.parametrize("columns", [40, 50, 71, 80, 160])
def test_help_breaks_no_url_on_a_narrow_terminal(columns: int) -> None:
    shown = CliRunner().invoke(cli, ["--help"], terminal_width=columns, max_content_width=columns).output
    assert "https://api.wappfy.io/api]." in shown
    assert all(len(line) <= columns for line in shown.splitlines() if "reconciler" not in line)
