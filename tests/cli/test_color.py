"""--color and the variables that programs share; the option comes first, then NO_COLOR, then those that force."""

from __future__ import annotations

import pytest

from reconciler.cli.color import wants_color
from tests.stage import Stage

VARIABLES = ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "CLICOLOR", "RECONCILER_COLOR", "RECONCILER_NO_COLOR")


@pytest.mark.parametrize(
    ("environment", "on_terminal", "in_a_pipe"),
    [
        ({}, True, False),
        ({"NO_COLOR": "1"}, False, False),
        ({"NO_COLOR": "0"}, False, False),
        ({"NO_COLOR": ""}, True, False),
        ({"FORCE_COLOR": "1"}, True, True),
        ({"FORCE_COLOR": ""}, True, False),
        ({"FORCE_COLOR": "0"}, False, False),
        ({"CLICOLOR_FORCE": "1"}, True, True),
        ({"CLICOLOR_FORCE": "0"}, True, False),
        ({"CLICOLOR": "0"}, False, False),
        ({"CLICOLOR": "1"}, True, False),
        ({"CLICOLOR": "0", "CLICOLOR_FORCE": "1"}, True, True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1", "CLICOLOR_FORCE": "1"}, False, False),
        ({"TERM": "dumb"}, False, False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, True, True),
    ],
)
def test_the_environment_decides_where_the_option_does_not(
    environment: dict[str, str], on_terminal: bool, in_a_pipe: bool
) -> None:
    assert wants_color("auto", environment, is_terminal=True) is on_terminal
    assert wants_color("auto", environment, is_terminal=False) is in_a_pipe
    for is_terminal in (True, False):
        assert wants_color("always", environment, is_terminal=is_terminal) is True
        assert wants_color("never", environment, is_terminal=is_terminal) is False


@pytest.mark.parametrize(
    ("arguments", "environment", "colored"),
    [
        (["plan"], {}, False),
        (["plan", "--color", "always"], {"NO_COLOR": "1"}, True),
        (["--color=always", "plan"], {}, True),
        (["--color=always", "plan", "--no-color"], {}, False),
        (["plan", "--no-color", "--color", "always"], {}, True),
        (["plan", "--no-color"], {"FORCE_COLOR": "1"}, False),
        (["plan"], {"FORCE_COLOR": "1"}, True),
        (["plan"], {"RECONCILER_COLOR": "always", "NO_COLOR": "1"}, True),
        (["plan"], {"RECONCILER_NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        (["plan", "--color", "always"], {"RECONCILER_NO_COLOR": "1"}, True),
        (["plan", "--color", "always", "--output", "plan.txt"], {}, False),
        (["apply", "--yes", "--color", "always"], {}, True),
    ],
)
def test_an_option_on_the_line_overrides_every_variable(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, arguments: list[str], environment: dict[str, str], colored: bool
) -> None:
    stage.file("groups: {alpha: {name: Alpha}}")
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    ran = stage.run(*arguments)
    assert ran.code == 0, ran.err
    written = (stage.folder / "plan.txt").read_text() if "--output" in arguments else ran.out
    assert ("\x1b[" in written) is colored
