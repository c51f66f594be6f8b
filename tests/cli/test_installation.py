"""Without the web server of an extra, the program prints the command that fits how it was installed."""

from __future__ import annotations

import shlex
import sys
from importlib.metadata import Distribution
from pathlib import Path

import pytest

from reconciler.cli.installation import PACKAGE, extra_command
from tests.stage import Stage

METADATA = """\
Metadata-Version: 2.4
Name: wappfy-reconciler
Version: 1.0
Requires-Dist: click>=8.2
Requires-Dist: starlette>=0.47; extra == 'sandbox'
Requires-Dist: uvicorn>=0.34 ; extra == "sandbox"
Requires-Dist: zensical>=0.0.73; extra == 'docs'
"""
NEEDED = ["starlette>=0.47", "uvicorn>=0.34"]


def installed_by(installer: str, folder: Path) -> Distribution:
    info = folder / "wappfy_reconciler-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(METADATA)
    (info / "INSTALLER").write_text(f"{installer}\n")
    return Distribution.at(info)


@pytest.mark.parametrize(
    ("installer", "command"),
    [
        ("pip", [sys.executable, "-m", "pip", "install"]),
        ("uv", ["uv", "pip", "install", "--python", sys.executable]),
    ],
)
def test_the_command_adds_what_the_extra_needs_to_this_environment(
    installer: str, command: list[str], tmp_path: Path
) -> None:
    assert shlex.split(extra_command("sandbox", installed_by(installer, tmp_path))) == [*command, *NEEDED]


@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_in_an_environment_of_pipx_the_packages_are_injected(
    installer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = tmp_path / "venvs" / "reconciler-of-the-club"
    environment.mkdir(parents=True)
    (environment / "pipx_metadata.json").write_text("{}")
    monkeypatch.setattr(sys, "prefix", str(environment))
    command = shlex.split(extra_command("sandbox", installed_by(installer, tmp_path)))
    assert command == ["pipx", "inject", "reconciler-of-the-club", *NEEDED]


@pytest.mark.parametrize("missing", ["uvicorn", "starlette"])
@pytest.mark.parametrize("arguments", [("--sandbox", "plan"), ("sandbox", "serve", "--port", "0")])
def test_without_the_web_server_the_hint_is_a_command_that_names_no_package_of_ours(
    stage: Stage, arguments: tuple[str, ...], missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in list(sys.modules):
        if name.partition(".")[0] == missing or name in ("reconciler.sandbox.uvicorn_thread", "reconciler.sandbox.app"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    stage.file("groups: {}\n")
    ended = stage.run(*arguments)
    assert (ended.code, f"the embedded server needs {missing}, which is not installed" in ended.err) == (1, True)
    assert f"run `{extra_command('sandbox')}`" in ended.err
    assert {"starlette", "uvicorn"} <= {part.partition(">")[0] for part in shlex.split(extra_command("sandbox"))}
    assert PACKAGE not in extra_command("sandbox").replace(sys.executable, "")
