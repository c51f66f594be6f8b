"""The program itself: help, usage errors, the environment, lazy imports."""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import jsonschema
import pytest
from click.testing import CliRunner

from reconciler import __version__
from reconciler.cli.commands import sandbox as sandbox
from reconciler.cli.main import COMMANDS, cli, run
from reconciler.json_schemas import schema_text
from tests.stage import PHONE, Stage

ROOT = Path(__file__).parents[2]
EVERY = {**COMMANDS, **{f"sandbox {name}": entry for name, entry in sandbox.COMMANDS.items()}}


@pytest.mark.parametrize("name", EVERY)
def test_every_command_has_a_summary_help_and_an_example(name: str) -> None:
    where, line = EVERY[name]
    module, _, attribute = where.partition(":")
    command = getattr(importlib.import_module(module), attribute)
    result = CliRunner().invoke(cli, [*name.split(), "--help"])
    assert result.exit_code == 0
    assert "Example:" in result.output
    assert isinstance(command, click.Command)
    assert command.help
    assert line.endswith(".")
    assert line.split()[0] == command.help.split()[0], "the summary and the help start with the same verb"


@pytest.mark.parametrize("name", [*EVERY, ""])
def test_every_option_has_an_environment_variable(name: str) -> None:
    command: click.Command = cli
    for part in name.split():
        assert isinstance(command, click.Group)
        child = command.get_command(click.Context(command), part)
        assert child is not None
        command = child
    for param in command.params:
        if isinstance(param, click.Option) and "--version" not in param.opts:
            variables = [param.envvar] if isinstance(param.envvar, str) else list(param.envvar or [])
            assert any(variable.startswith("RECONCILER_") for variable in variables), param.opts


def test_no_commands_help_imports_a_heavy_library() -> None:
    heavy = (
        "requests",
        "jsonschema",
        "jsonschema_rs",
        "phonenumbers",
        "yaml",
        "rich",
        "starlette",
        "asyncio",
    )
    code = (
        "import sys; from reconciler.cli.main import run; run(['--help']); "
        f"[run([*name.split(), '--help']) for name in {[*EVERY]!r}]; "
        f"print('HEAVY', [m for m in {heavy!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("HEAVY []\n")


def test_the_version_is_the_changelogs() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    (newest, *_) = re.findall(r"^## \[(\d[^\]]*)\] - \d{4}-\d{2}-\d{2}$", changelog, re.MULTILINE)
    assert newest == __version__
    done = subprocess.run([sys.executable, "-m", "reconciler", "--version"], capture_output=True, text=True)
    assert __version__ in done.stdout


def test_the_version_is_printed_without_loading_the_command_line() -> None:
    code = (
        "import sys; sys.argv = ['reconciler', '--version']; from reconciler.__main__ import main; main(); "
        "print('click' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == f"{CliRunner().invoke(cli, ['--version'], prog_name='reconciler').output}False\n"


def test_a_version_that_cannot_be_printed_is_an_error() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run([sys.executable, "-m", "reconciler", "--version"], stdout=full, stderr=subprocess.PIPE)
    assert done.returncode != 0
    assert done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Commands:"),
        (["pln"], "Did you mean 'plan'?"),
        (["plan", "--fromat", "json"], "--fromat"),
        (["plan", "--format", "xml"], "xml"),
        (["plan", "--rate", "0"], "--rate"),
        (["plan", "--as-of", "tomorrow"], "Invalid value for '--as-of': this is not a valid date; use YYYY"),
        (["plan", "--as-of", "2026-13-01"], "'--as-of': this is not a valid date; use YYYY-MM-DD"),
        (["diff", "a.yaml", "b.yaml", "--as-of", "2026-02-30"], "'--as-of': this is not a valid date"),
        (["plan", "--max-removals", "lots"], "--max-removals"),
        (["plan", "--max-removals", "101%"], "--max-removals"),
        (["plan", "--max-removals", "-1"], "--max-removals"),
        (["plan", "--target", "alhpa"], "did you mean alpha"),
        (["plan", "nowhere.yaml"], "nowhere.yaml"),
        (["show", "nowhere.plan"], "nowhere.plan"),
        (["show", "groups.yaml"], "groups.yaml"),
        (["plan", "--out", "no/such/folder/x.plan"], "no/such/folder"),
        (["apply", "--yes", "--report", "no/such/folder/x.json"], "no/such/folder"),
        (["apply", "--yes", "--audit-log", "no/such/folder/x.jsonl"], "no/such/folder"),
        (["import", "--phone", "123"], "`123` is not a valid phone number"),
        (["import", "--phone", "1202555O143"], "`120•••43` contains letters"),
        (["import", "--phone", "12O2555O143@s.whatsapp.net"], "`12O•••43@s.whatsapp.net` "),
        (["plan", "--base-url", "http://example.com/api"], "https"),
        (["plan", "--base-url", "https://user:secret@example.com/api"], "user name"),
        (["plan", "--sandbox", "--base-url", "http://127.0.0.1:1/api"], "--sandbox and --base-url cannot be combined"),
        (["--base-url", "http://127.0.0.1:1/api", "plan", "--sandbox"], "--sandbox and --base-url cannot be combined"),
        (["plan", "--api-key-file", "nowhere.key"], "cannot read the file that --api-key-file names: No such file"),
        (["sandbox", "shake"], "sandbox"),
        (["sandbox", "serve", "--host", "0.0.0.0"], "loopback"),
        (["sandbox", "serve", "--port", "0", "--from", "nowhere.yaml"], "nowhere.yaml"),
    ],
)
def test_a_usage_error_exits_with_1_names_its_cause_and_changes_nothing(
    stage: Stage, arguments: list[str], message: str
) -> None:
    stage.file("groups: {alpha: {name: Alpha}}")
    ran = stage.run(*arguments)
    assert ran.code == 1
    assert ran.out == ""
    assert message in ran.err
    assert "Traceback" not in ran.err
    assert "secret" not in ran.err
    assert stage.world.effects() == ()


def test_the_api_key_comes_from_an_option_a_variable_or_a_file(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.file("groups: {alpha: {name: Alpha}}")
    monkeypatch.delenv("WAPPFY_API_KEY")
    without = stage.run("plan")
    assert (without.code, "WAPPFY_API_KEY" in without.err) == (1, True)
    (stage.folder / "key").write_text(stage.server.key + "\n")
    assert stage.run("plan", "--api-key-file", "key").code == 0
    monkeypatch.setenv("RECONCILER_API_KEY_FILE", "key")
    assert stage.run("plan").code == 0
    # An option goes before the environment, the environment's key before the environment's file.
    (stage.folder / "wrong").write_text("wrong\n")
    assert stage.run("plan", "--api-key-file", "wrong").code == 1
    monkeypatch.setenv("WAPPFY_API_KEY", "wrong")
    assert stage.run("plan").code == 1
    assert stage.run("plan", "--api-key-file", "key").code == 0


@pytest.mark.parametrize("source", ["--api-key-file", "RECONCILER_API_KEY_FILE"])
@pytest.mark.parametrize("key", ["wappfy_sk_live_4f9c2b", "wappfy_sk_live_" + 300 * "x"])
def test_an_api_key_passed_as_its_file_is_not_printed(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, source: str, key: str
) -> None:
    stage.file("groups: {alpha: {name: Alpha}}")
    monkeypatch.delenv("WAPPFY_API_KEY")
    if source.startswith("--"):
        ran = stage.run("plan", source, key)
    else:
        monkeypatch.setenv(source, key)
        ran = stage.run("plan")
    assert ran.code == 1
    assert f"cannot read the file that {source} names" in ran.err
    assert "not the key" in ran.err
    assert "sk_live" not in ran.out + ran.err


def test_an_option_overrides_the_environment_which_overrides_the_file(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.file("groups: {alpha: {name: Alpha}}")
    assert stage.run("plan").code == 0
    monkeypatch.setenv("WAPPFY_INSTANCE_ID", "inst_unknown")
    unknown = stage.run("plan")
    assert (unknown.code, "INSTANCE_NOT_FOUND" in unknown.err) == (1, True)
    assert stage.run("--instance-id", "inst_story", "plan").code == 0
    assert stage.run("plan", "--instance-id", "inst_story").code == 0
    assert stage.run("--instance-id", "inst_unknown", "plan", "--instance-id", "inst_story").code == 0


def test_a_missing_instance_is_an_error_with_a_hint(stage: Stage) -> None:
    (stage.folder / "groups.yaml").write_text("version: 1\ngroups: {alpha: {name: Alpha}}\n")
    ran = stage.run("plan")
    assert (ran.code, "--instance-id" in ran.err) == (1, True)


def test_a_wrong_key_is_an_error_that_does_not_print_it(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.file("groups: {alpha: {name: Alpha}}")
    monkeypatch.setenv("WAPPFY_API_KEY", "wappfy_sk_wrong_0123456789")
    ran = stage.run("plan", "-v")
    assert ran.code == 1
    assert "401 UNAUTHORIZED" in ran.err
    assert "request id" in ran.err
    assert "wrong_0123456789" not in ran.out + ran.err


def test_an_unexpected_error_writes_a_log_file_and_no_traceback(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.file("groups: {alpha: {name: Alpha}}")

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError(f"a bug near {os.environ['WAPPFY_API_KEY']} and +1 202 555 0143")

    monkeypatch.setattr("reconciler.cli.planning.make_plan", broken)
    ran = stage.run("plan")
    assert ran.code == 1
    assert "Traceback" not in ran.err
    (log,) = (stage.folder / "state").rglob("crash-*.log")
    assert str(log) in ran.err
    text = log.read_text(encoding="utf-8")
    assert "Traceback" in text
    assert "+1 202 555 0143" not in text
    assert stage.server.key not in text


@pytest.mark.parametrize("error", [RuntimeError("no home directory"), PermissionError(13, "Permission denied")])
def test_without_a_home_the_log_of_an_unexpected_error_is_a_temporary_file(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    stage.file("groups: {alpha: {name: Alpha}}")

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    def no_home(*_: object, **__: object) -> Path:
        raise error

    monkeypatch.setattr("reconciler.cli.planning.make_plan", broken)
    monkeypatch.setattr("platformdirs.user_log_path", no_home)
    monkeypatch.setattr("tempfile.tempdir", str(stage.folder))
    ran = stage.run("plan")
    assert (ran.code, "Traceback" in ran.err) == (1, False)
    (log,) = stage.folder.rglob("crash-*.log")
    assert str(log) in ran.err
    assert log.parent.stat().st_mode & 0o777 == 0o700
    monkeypatch.setattr("tempfile.tempdir", str(stage.folder / "missing"))
    nowhere = stage.run("plan")
    assert (nowhere.code, "Its log could not be written" in nowhere.err, "Traceback" in nowhere.err) == (1, True, False)


@pytest.mark.parametrize("word", ["+1 202 555 0143", "12025550143", "2025550143", "12025550143@s.whatsapp.net"])
def test_a_crash_log_has_neither_numbers_nor_keys(stage: Stage, monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    stage.file("region: US\ngroups: {alpha: {name: Alpha}}")
    key = stage.server.key
    (stage.folder / "the.key").write_text(f"{key}\n", encoding="utf-8")
    monkeypatch.delenv("WAPPFY_API_KEY")

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError(f"a bug near {key}")

    monkeypatch.setattr("reconciler.engine.find_person", broken)
    assert stage.run("who", word, "--api-key-file", "the.key").code == 1
    (log,) = (stage.folder / "state").rglob("crash-*.log")
    text = log.read_text(encoding="utf-8")
    assert "arguments: ['who', " in text
    assert "a bug near ***" in text
    assert "5550143" not in text.replace(" ", "")
    assert key not in text


def test_a_key_with_a_number_in_it_is_removed_from_crash_logs(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.file("groups: {alpha: {name: Alpha}}")
    key = "wappfy_sk_live_0123456789_end"
    monkeypatch.setenv("WAPPFY_API_KEY", key)

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError(f"a bug near {key}")

    monkeypatch.setattr("reconciler.cli.planning.make_plan", broken)
    assert stage.run("plan", "--instance-id", key).code == 1
    (log,) = (stage.folder / "state").rglob("crash-*.log")
    text = log.read_text(encoding="utf-8")
    assert "a bug near ***" in text
    assert "wappfy_sk_live" not in text


def test_a_closed_pipe_prints_no_error() -> None:
    code = "from reconciler.cli.main import main; main(['schema'])"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""


@pytest.mark.parametrize("option", [[], ["--plan"]])
def test_schema_prints_the_published_file(stage: Stage, option: list[str]) -> None:
    name = "plan.schema.json" if option else "groups.schema.json"
    assert stage.run("schema", *option).out == (ROOT / "schemas" / name).read_text(encoding="utf-8")


def test_running_without_arguments_is_a_usage_error() -> None:
    assert run([]) == 1


BROKEN = "groups: {alpha: {name: Alpha, descripton: x, members: [+1 202 555 014]}}"


def test_validate_reports_every_problem_with_its_location_on_stdout(stage: Stage) -> None:
    stage.file(BROKEN)
    ran = stage.run("validate")
    assert (ran.code, ran.err) == (1, "")
    assert "groups.yaml:3:31: groups.alpha.descripton: unknown key" in ran.out
    assert "did you mean `description`" in ran.out
    assert "groups.yaml:3:56: groups.alpha.members[0]" in ran.out
    assert "555 014" not in ran.out


def test_validate_reports_valid_files_and_warnings(stage: Stage) -> None:
    stage.file("groups: {alpha: {name: ' Alpha '}}")
    ran = stage.run("validate")
    assert ran.code == 0
    assert "warning" in ran.out
    assert "groups.yaml: valid, 1 group" in ran.out
    planned = stage.run("plan")
    assert "warning" in planned.err
    assert "warning" not in stage.run("-q", "plan").err


def test_validate_as_json_is_valid_by_its_schema(stage: Stage) -> None:
    for text, valid in ((BROKEN, False), ("groups: {alpha: {name: Alpha}}", True)):
        stage.file(text)
        ran = stage.run("validate", "--format", "json")
        document = json.loads(ran.out)
        jsonschema.validate(document, json.loads(schema_text("problems.schema.json")))
        assert (document["valid"], ran.code) == (valid, 0 if valid else 1)


@pytest.mark.parametrize("command", ["plan", "apply", "drift", "pin"])
def test_an_invalid_file_stops_every_command_before_any_call(stage: Stage, command: str) -> None:
    stage.file(BROKEN)
    ran = stage.run(command)
    assert (ran.code, ran.out) == (1, "")
    assert "\ngroups.yaml:3:31:" in ran.err
    assert stage.calls() == []


def test_results_can_go_to_a_file(stage: Stage) -> None:
    stage.file("groups: {alpha: {name: Alpha}}")
    printed = stage.run("plan").out
    assert stage.run("plan", "--output", "plan.txt").out == ""
    assert (stage.folder / "plan.txt").read_text() == printed


def test_pin_lists_what_it_cannot_edit_and_pins_the_rest(stage: Stage) -> None:
    ids = {name: stage.world.create_group(name, [], owner=PHONE) for name in ("Alpha", "Beta")}
    path = stage.file("groups:\n  alpha:\n    ? name\n    : Alpha\n  beta:\n    name: Beta\n")
    ran = stage.run("pin")
    reason = f"groups.yaml: its text cannot be edited safely; add `id: {ids['Alpha']}` yourself"
    assert (ran.code, ran.out) == (0, f"pinned beta: {ids['Beta']}\nalpha: not pinned: {reason}\n")
    assert f"    id: {ids['Beta']}\n    name: Beta\n" in path.read_text()
