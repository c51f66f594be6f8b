"""A saved plan finds the YAML it was made from, whichever links lead to the one or to the other."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.stage import PHONE, Stage

ALICE, BOB = "+1 202 555 0143", "+1 202 555 0144"
WITHOUT_BOB = f"groups: {{alpha: {{name: Alpha, members: ['{ALICE}'], max_removals: 5}}}}\n"
WITH_BOB = WITHOUT_BOB.replace(f"['{ALICE}']", f"['{ALICE}', '{BOB}']") + f"policy: {{protected: ['{BOB}']}}\n"


def saved(guide: Stage, path: str, out: str) -> None:
    """A plan, made from `path`, that removes Bob."""
    guide.world.create_group("Alpha", [ALICE, BOB], owner=PHONE)
    made = guide.run("plan", path, "--out", out)
    assert made.code == 0, made.err
    guide.world.clear_logs()


def linked(link: str, target: str) -> None:
    Path(target).mkdir(parents=True, exist_ok=True)
    Path(link).symlink_to(Path(target).absolute())


@pytest.mark.parametrize(
    ("link", "target", "path", "out", "apply_it"),
    [
        ("out", "far/away/place", "groups.yaml", "out/today.plan", "out/today.plan"),
        ("out", "far/away/place", "groups.yaml", "out/today.plan", "far/away/place/today.plan"),
        ("out", "far/away/place", "groups.yaml", "far/away/place/today.plan", "out/today.plan"),
        ("repo/out", "far/away/place", "groups.yaml", "repo/out/../today.plan", "far/away/today.plan"),
        ("repo", "far/away/place", "repo/../../../groups.yaml", "today.plan", "today.plan"),
        ("conf", "far/away/place", "groups.yaml", "conf/today.plan", "conf/../place/today.plan"),
    ],
)
def test_the_yaml_is_held_against_a_plan_whose_folder_is_reached_through_a_link(
    guide: Stage, link: str, target: str, path: str, out: str, apply_it: str
) -> None:
    Path(link).parent.mkdir(exist_ok=True)
    linked(link, target)
    guide.file(WITHOUT_BOB)
    saved(guide, path, out)
    guide.file(WITH_BOB)
    refused = guide.run("apply", apply_it, "--yes")
    assert (refused.code, "the YAML changed since the plan was made" in refused.err) == (1, True), refused.err
    assert guide.world.effects() == ()
    guide.file(WITHOUT_BOB)
    applied = guide.run("apply", apply_it, "--yes")
    assert (applied.code, "missing: " in applied.err) == (0, False), applied.err


def test_whom_the_yaml_spares_is_asked_of_it_also_through_a_link(guide: Stage) -> None:
    linked("out", "far/away/place")
    guide.file(WITHOUT_BOB + "policy: {ignored: ['+1 303 555 0199']}\n")
    saved(guide, "groups.yaml", "out/today.plan")
    document = json.loads(Path("out/today.plan").read_text())
    (group,) = document["groups"]
    for one in (*group["remove"], *group["steps"][0]["people"]):
        one["identity"], one["jid"] = "+13035550199", "13035550199@s.whatsapp.net"
    document["never_removed"] = []
    Path("out/today.plan").write_text(json.dumps(document))
    refused = guide.run("apply", "out/today.plan", "--yes")
    assert (refused.code, "removes a protected person" in refused.err) == (1, True), refused.err


@pytest.mark.parametrize("apply_it", ["latest.plan", "archive/1.plan"])
@pytest.mark.parametrize("out", ["latest.plan", "archive/1.plan"])
def test_a_plan_file_that_is_a_link_rests_on_the_same_yaml(guide: Stage, out: str, apply_it: str) -> None:
    Path("archive").mkdir()
    Path("latest.plan").symlink_to("archive/1.plan")
    guide.file(WITHOUT_BOB)
    saved(guide, "groups.yaml", out)
    guide.file(WITH_BOB)
    assert guide.run("apply", apply_it, "--yes").code == 1
    assert guide.world.effects() == ()


def one_file(text: str, release: Path) -> None:
    release.mkdir()
    (release / "groups.yaml").write_text(f"version: 1\ninstance: {{id: inst_story, phone: {PHONE}}}\n{text}")


@pytest.mark.parametrize("path", ["current", "current/groups.yaml", "groups.yaml"])
def test_a_link_to_the_yaml_that_leads_elsewhere_by_now_makes_the_plan_stale(guide: Stage, path: str) -> None:
    one_file(WITHOUT_BOB, Path("first"))
    one_file(WITH_BOB, Path("second"))
    Path("current").symlink_to("first")
    Path("groups.yaml").symlink_to("current/groups.yaml")
    saved(guide, path, "today.plan")
    Path("current").unlink()
    Path("current").symlink_to("second")
    refused = guide.run("apply", "today.plan", "--yes")
    assert (refused.code, "the YAML changed" in refused.err) == (1, True), refused.err
    assert guide.world.effects() == ()


@pytest.mark.parametrize("top", [lambda folder: folder, lambda folder: folder / "link"])
def test_a_plan_that_is_moved_together_with_its_yaml_still_finds_it(guide: Stage, top: Callable[[Path], Path]) -> None:
    linked("link", "here")
    folder = top(guide.folder)
    folder.joinpath("plans").mkdir()
    guide.file(WITHOUT_BOB, str(folder / "groups.yaml"))
    saved(guide, str(folder / "groups.yaml"), str(folder / "plans" / "today.plan"))
    elsewhere = guide.folder / "elsewhere"
    elsewhere.mkdir()
    for name in ("plans", "groups.yaml"):
        shutil.move(folder / name, elsewhere / name)
    guide.file(WITH_BOB, "elsewhere/groups.yaml")
    refused = guide.run("apply", "elsewhere/plans/today.plan", "--yes")
    assert (refused.code, "the YAML changed" in refused.err) == (1, True), refused.err
