"""`--changed-since`, where what changed about one key decides which live group another one stands for."""

from __future__ import annotations

import json

import pytest

from tests.repository import Repository
from tests.stage import INSTANCE, PHONE, Stage

HEAD = f"version: 1\ninstance: {{id: {INSTANCE}, phone: {PHONE}}}\n"
BOARD = "  board: {name: Board, members: [+1 202 555 0143, +1 202 555 0144]}\n"
SALES = "  sales: {name: Sales, members: [+1 202 555 0145]}\n"
OPS = "  ops: {name: Ops, members: [+1 202 555 0143, +1 202 555 0144]}\n"
SUPPORT = "  support: {name: Support, previously: [Ops], members: [+1 202 555 0143]}\n"


def file_of(*groups: str) -> dict[str, str | bytes | None]:
    return {"groups.yaml": HEAD + "groups:\n" + "".join(groups)}


@pytest.fixture
def repository(guide: Stage, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Board and Sales are live as the one commit wants them."""
    return applied(guide, monkeypatch, BOARD, SALES)


def applied(stage: Stage, monkeypatch: pytest.MonkeyPatch, *groups: str) -> Repository:
    made = Repository(stage.folder, monkeypatch)
    made.write({".gitignore": "state/\n"})
    made.commit(file_of(*groups))
    assert stage.run("apply", "--yes").code == 0
    stage.calls()
    return made


def id_of(stage: Stage, name: str) -> str:
    (found,) = [group_id for group_id, live in stage.world.snapshot().items() if live["name"] == name]
    return found


def test_a_key_that_loses_its_live_group_to_an_id_is_planned_too(guide: Stage, repository: Repository) -> None:
    taking = SALES.replace("{name", f"{{id: {id_of(guide, 'Board')}, name")
    repository.write(file_of(BOARD, taking))

    planned = guide.run("plan", "--changed-since", "HEAD", "--detailed-exitcode", "--max-removals", "100%")
    assert planned.code == 2
    assert 'board  "Board"' in planned.out
    assert "+ create the group" in planned.out
    advice = "in HEAD it matched a live group that now belongs to sales, so applying creates a new one"
    assert f'i different live group: {advice}: "Board"' in planned.out
    assert "1 group changed since HEAD" in planned.out
    assert "because changes to other groups may match them with another live group: board." in planned.out
    since = json.loads(guide.run("plan", "--changed-since", "HEAD", "--format", "json").out)["changed_since"]
    assert (since["unchanged"], since["rematched"]) == ([], ["board"])


@pytest.mark.parametrize("target", ["board", "sales"])
def test_targets_apply_to_rematched_keys_too(guide: Stage, repository: Repository, target: str) -> None:
    repository.write(file_of(BOARD, SALES.replace("{name", f"{{id: {id_of(guide, 'Board')}, name")))

    planned = guide.run("plan", "--changed-since", "HEAD", "--target", target, "--format", "json")
    assert [group["key"] for group in json.loads(planned.out)["groups"]] == [target]


def test_a_removed_key_frees_its_live_group_for_a_key_that_it_blocked(
    guide: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    twin = "  twin: {name: Other, previously: [Board]}\n"
    repository = applied(guide, monkeypatch, BOARD)
    repository.commit(file_of("  first: {name: First, previously: [Board]}\n", twin))
    repository.write(file_of(twin))

    planned = guide.run("plan", "--changed-since", "HEAD", "--detailed-exitcode")
    assert planned.code == 2
    assert '~ name         "Board" → "Other"' in planned.out
    assert "No group changed since HEAD" in planned.out
    assert "may match them with another live group: twin." in planned.out


def test_a_saved_plan_has_rematched_keys_and_is_applied(guide: Stage, repository: Repository) -> None:
    repository.write(file_of(BOARD, SALES.replace("{name", f"{{id: {id_of(guide, 'Board')}, name")))
    arguments = ("--changed-since", "HEAD", "--max-removals", "100%", "--out", "saved.plan")
    assert guide.run("plan", *arguments).code == 0

    assert "may match them with another live group: board." in guide.run("show", "saved.plan").out
    saved = guide.folder / "saved.plan"
    document = json.loads(saved.read_text())
    saved.write_text(json.dumps({**document, "changed_since": {**document["changed_since"], "rematched": ["other"]}}))
    refused = guide.run("apply", "saved.plan", "--yes")
    assert refused.code == 1
    assert "has as rematched" in refused.err


def test_a_change_that_rematches_nothing_plans_no_other_key(guide: Stage, repository: Repository) -> None:
    repository.write(file_of(BOARD, SALES.replace("{name", f"{{id: {id_of(guide, 'Sales')}, name")))

    planned = guide.run("plan", "--changed-since", "HEAD")
    assert "skipped 1 unchanged group: board." in planned.out
    assert "another live group" not in planned.out


def test_a_key_renamed_with_its_name_is_not_reported_as_removed(guide: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = applied(guide, monkeypatch, OPS)
    repository.write(file_of(SUPPORT))

    planned = guide.run("plan", "--changed-since", "HEAD", "--max-removals", "100%")
    assert '~ name         "Ops" → "Support"' in planned.out
    assert "live groups stay unchanged" not in planned.out
    assert "Renamed keys: ops → support." in planned.out


@pytest.mark.parametrize("format_", ["text", "json", "markdown", "html"])
@pytest.mark.parametrize("pinned", [False, True])
def test_a_rename_that_loses_its_live_group_has_a_warning_in_every_format(
    guide: Stage, repository: Repository, format_: str, pinned: bool
) -> None:
    board = id_of(guide, "Board")
    if pinned:
        repository.commit(file_of(BOARD.replace("{name", f"{{id: {board}, name"), SALES))
    repository.write(file_of(BOARD.replace("name: Board", "name: Council"), SALES))

    arguments = ("plan", "--changed-since", "HEAD", "--format", format_)
    told = guide.run(*arguments, "--allow-lookalike", "board").out
    assert "creates a duplicate" in told
    assert "previously" in told
    assert board.partition("@")[0] in told
    blocked = guide.run(*arguments).out
    assert "has 2 of these 2 people" in blocked
    assert "now it matches none" in blocked


@pytest.mark.parametrize("more", ["previously: [Board], ", "id: {board}, "])
def test_a_rename_that_keeps_its_live_group_has_no_warning(guide: Stage, repository: Repository, more: str) -> None:
    renamed = BOARD.replace("name: Board", f"{more.format(board=id_of(guide, 'Board'))}name: Council")
    repository.write(file_of(renamed, SALES))

    planned = guide.run("plan", "--changed-since", "HEAD")
    assert '~ name         "Board" → "Council"' in planned.out
    assert "another live group" not in planned.out


def test_a_rename_whose_old_name_is_not_live_has_no_warning(guide: Stage, repository: Repository) -> None:
    guide.world.rename_group(id_of(guide, "Board"), "Somebody's")
    repository.write(file_of(BOARD.replace("name: Board", "name: Council"), SALES))

    planned = guide.run("plan", "--changed-since", "HEAD")
    assert '"Somebody\'s"' in planned.out
    assert "has 2 of these 2 people" in planned.out
    assert "another live group" not in planned.out


def test_shards_together_plan_the_rematched_keys_of_one_run(guide: Stage, repository: Repository) -> None:
    repository.write(file_of(BOARD, SALES.replace("{name", f"{{id: {id_of(guide, 'Board')}, name")))

    planned = []
    for part in range(1, 4):
        told = guide.run("plan", "--changed-since", "HEAD", "--shard", f"{part}/3", "--format", "json")
        document = json.loads(told.out)
        assert document["changed_since"]["rematched"] == ["board"]
        planned += [group["key"] for group in document["groups"]]
    assert sorted(planned) == ["board", "sales"]


@pytest.mark.parametrize("command", [("plan",), ("apply", "--yes"), ("drift",)])
def test_a_removed_key_alone_takes_a_list_call_and_no_read(
    guide: Stage, repository: Repository, command: tuple[str, ...]
) -> None:
    repository.write(file_of(SALES))

    ran = guide.run(*command, "--changed-since", "HEAD")
    assert ran.code == 0
    assert "No longer in the configuration, so their live groups stay unchanged: board." in ran.out
    assert guide.calls() == ["GET /groups"]
