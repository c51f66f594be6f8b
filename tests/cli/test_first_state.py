"""`sandbox serve --from`: a configuration becomes live as it is, and both formats are told apart by their contents."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.cli.first_state import fill_world
from reconciler.cli.global_options import GlobalOptions
from reconciler.cli.session import SANDBOX_STATE
from reconciler.errors import ConfigError
from reconciler.sandbox import SandboxError, World
from tests.stage import Stage

CONFIGURATION = """\
version: 1
instance: {id: inst_club, phone: +1 202 555 0110}
people:
  ana: {phone: +1 202 555 0143, name: Ana Lima, lid: 76699677012110@lid}
  ben: +1 202 555 0144
  cleo: +1 303 555 0145
teams:
  board: [ana, ben]
groups:
  board:
    id: 120363400000000077@g.us
    name: Board
    description: Who decides what
    teams: [board]
    members: [+1 404 555 0146, {person: cleo, until: 2020-01-31}]
    admins: [ana]
    invite: AbCdEfGhIjKlMn
  open: {name: Everybody}
  gone: {id: 120363400000000078@g.us, state: left}
"""
EXAMPLES = Path(__file__).parents[2] / "examples"


def options(instance_id: str | None = None) -> GlobalOptions:
    return GlobalOptions(
        instance_id=instance_id,
        base_url=None,
        api_key_file=None,
        api_key_file_typed=False,
        sandbox=True,
        rate=None,
        parallelism=4,
        timeout=30.0,
        verbose=False,
        quiet=True,
        color="never",
    )


def filled(path: Path, instance_id: str | None = None) -> World:
    world = World.open()
    fill_world(world, path, options(instance_id))
    return world


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_configuration_becomes_live_with_its_account_people_and_resolved_teams(tmp_path: Path) -> None:
    with filled(written(tmp_path, "groups.yaml", CONFIGURATION)) as world:
        groups = {group.name: group for group in world.groups()}
        board, everybody = groups["Board"], groups["Everybody"]
        assert world.instance("inst_club").phone == "12025550110"
        assert (board.id, board.description, board.invite_code) == (
            "120363400000000077@g.us",
            "Who decides what",
            "AbCdEfGhIjKlMn",
        )
        assert {member.digits: member.is_admin for member in board.members} == {
            "12025550110": True,
            "12025550143": True,
            "12025550144": False,
            "14045550146": False,
        }
        assert [member.digits for member in everybody.members] == ["12025550110"]
        assert groups["gone"].members == ()
        assert world.account("12025550143").lid == "76699677012110@lid"


def test_the_address_book_has_everybody_with_their_name_or_else_their_alias(stage: Stage) -> None:
    path = written(stage.folder, "groups.yaml", CONFIGURATION)
    with World.open(SANDBOX_STATE) as world:
        fill_world(world, path, options())
    imported = stage.run("--sandbox", "import", "--instance-id", "inst_club", "--people").out
    assert "name: Ana Lima" in imported
    assert "\n  ben:" in imported


@pytest.mark.parametrize("source", ["groups.yaml", "folder", "example", "scale"])
def test_a_plan_of_what_became_live_finds_nothing_to_do(stage: Stage, source: str) -> None:
    paths = {
        "groups.yaml": lambda: written(stage.folder, "groups.yaml", CONFIGURATION),
        "folder": lambda: written(stage.folder, "parts/a.yaml", CONFIGURATION).parent,
        "example": lambda: EXAMPLES / "groups.yaml",
        "scale": lambda: EXAMPLES / "scale" / "groups",
    }
    path = paths[source]()
    with World.open(SANDBOX_STATE) as world:
        fill_world(world, path, options())
    planned = stage.run("--sandbox", "plan", "--detailed-exitcode", str(path))
    assert (planned.code, "No changes" in planned.out) == (0, True), planned.out + planned.err


def test_the_named_instance_has_the_files_account_only_if_the_file_is_about_it(tmp_path: Path) -> None:
    path = written(tmp_path, "groups.yaml", CONFIGURATION)
    with filled(path, "inst_club") as world:
        assert world.instance("inst_club").phone == "12025550110"
    with filled(path, "inst_other") as world:
        assert world.instance("inst_other").phone == "12025550100"


def test_the_contents_and_not_the_ending_decide_which_format_a_file_has(tmp_path: Path) -> None:
    seed = "instance: {id: inst_demo, phone: +1 202 555 0100}\ngroups: [{name: Seeded}]\n"
    with filled(written(tmp_path, "groups.yaml", seed)) as world:
        assert [group.name for group in world.groups()] == ["Seeded"]
    with filled(written(tmp_path, "first-state.seed", CONFIGURATION)) as world:
        assert {group.name for group in world.groups()} == {"Board", "Everybody", "gone"}


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("version: 1\ngroups: {a: {nmae: A}}\n", ConfigError, "nmae"),
        ("instance: {id: i, phone: '12025550100'}\ngruops: []\n", SandboxError, "unknown key 'gruops'"),
        ("- nothing\n", SandboxError, "expected a mapping"),
        ("{", SandboxError, "not valid YAML"),
    ],
)
def test_an_invalid_file_is_explained_in_the_words_of_its_format(
    tmp_path: Path, text: str, error: type[Exception], words: str
) -> None:
    path = written(tmp_path, "broken.yaml", text)
    with World.open() as world:
        with pytest.raises(error) as raised:
            fill_world(world, path, options())
        assert world.instance_ids() == ()
    problems = getattr(raised.value, "problems", ())
    assert words in str(raised.value) + "".join(str(problem) for problem in problems)
