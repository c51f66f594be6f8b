"""`--changed-since`: a pull request plans, and reads, no more than it changes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.repository import Repository
from tests.stage import INSTANCE, PHONE, Stage

HEAD = f"version: 1\ninstance: {{id: {INSTANCE}, phone: {PHONE}}}\npeople: {{alice: +1 202 555 0143}}\n"
TWO = HEAD + "groups:\n  alpha: {name: Alpha, members: [alice]}\n  beta: {name: Beta, members: [alice]}\n"
CHANGED = TWO.replace("name: Beta,", "name: Beta, description: New,")
REORDERED = TWO.replace("members: [alice]", "members: [+1 (202) 555-0143]") + "# a remark\n"


@pytest.fixture
def repository(guide: Stage, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Both groups are live as the one commit wants them."""
    made = Repository(guide.folder, monkeypatch)
    made.write({".gitignore": "state/\n"})
    made.commit({"groups.yaml": TWO})
    assert guide.run("apply", "--yes").code == 0
    guide.calls()
    return made


def reads(stage: Stage) -> list[str]:
    """The single groups that were read."""
    ids = {group_id: live["name"] for group_id, live in stage.world.snapshot().items()}
    return [ids[call.rpartition("/")[2]] for call in stage.calls() if call.endswith("@g.us")]


def test_only_changed_groups_are_read_and_planned(guide: Stage, repository: Repository) -> None:
    repository.write({"groups.yaml": CHANGED})

    planned = guide.run("plan", "--changed-since", "HEAD", "--detailed-exitcode")
    assert planned.code == 2
    assert 'beta  "Beta"' in planned.out
    assert "alpha  " not in planned.out
    commit = repository.git("rev-parse", "HEAD")
    assert f"1 group changed since HEAD (commit {commit[:9]}); skipped 1 unchanged group: alpha." in planned.out
    assert reads(guide) == ["Beta"]
    document = json.loads(guide.run("plan", "--changed-since", "HEAD", "--format", "json").out)
    assert [group["key"] for group in document["groups"]] == ["beta"]
    assert document["changed_since"]["unchanged"] == ["alpha"]
    assert document["targets"] == []


def test_people_who_were_deleted_or_have_a_new_number_are_named_from_the_revision(
    guide: Stage, repository: Repository
) -> None:
    named = TWO.replace("+1 202 555 0143}", "{phone: +1 202 555 0143, name: Alice Moreno}}")
    repository.commit({"groups.yaml": named})
    repository.write({"groups.yaml": named.replace("0143", "0149")})
    planned = guide.run("plan", "--changed-since", "HEAD", "--max-removals", "1")
    assert planned.out.count("~ Alice Moreno (alice): new number, +1 202 ••• ••43 → +1 202 ••• ••49") == 2

    head = named.replace("members: [alice]", "members: []").split("people:")[0]
    repository.write({"groups.yaml": f"{head}groups:\n  alpha: {{name: Alpha, members: []}}\n"})
    assert "\n  - Alice Moreno (alice)\n" in guide.run("plan", "--changed-since", "HEAD").out
    assert "\n  - +1 202 ••• ••43\n" in guide.run("plan").out


@pytest.mark.parametrize("command", ["plan", "drift"])
def test_no_change_takes_no_call_no_key_and_no_instance(
    guide: Stage, repository: Repository, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    for text in (TWO, REORDERED, TWO.replace(f"id: {INSTANCE}, ", "")):
        repository.commit({"groups.yaml": text})
        monkeypatch.delenv("WAPPFY_API_KEY", raising=False)
        ran = guide.run(command, "--changed-since", "HEAD")
        assert (ran.code, ran.err) == (0, "")
        assert "no group of the configuration changed" in ran.out
        assert "skipped 2 unchanged groups: alpha, beta." in ran.out
        assert guide.calls() == []


def test_an_apply_without_changes_makes_no_call(guide: Stage, repository: Repository) -> None:
    applied = guide.run("apply", "--yes", "--changed-since", "HEAD")

    assert applied.code == 0
    assert guide.calls() == []


def test_an_apply_leaves_drift_in_unchanged_groups(guide: Stage, repository: Repository) -> None:
    (alpha,) = [group_id for group_id, live in guide.world.snapshot().items() if live["name"] == "Alpha"]
    guide.world.describe_group(alpha, "by hand")
    repository.write({"groups.yaml": CHANGED.replace("name: Alpha,", "name: Alpha, description: Text,")})
    repository.commit()
    repository.write({"groups.yaml": (guide.folder / "groups.yaml").read_text().replace("New", "Newer")})

    assert guide.run("apply", "--yes", "--changed-since", "HEAD").code == 0
    assert {live["name"]: live["description"] for live in guide.world.snapshot().values()} == {
        "Alpha": "by hand",
        "Beta": "Newer",
    }


def test_a_removed_key_is_named_and_its_group_left_alone(guide: Stage, repository: Repository) -> None:
    before = guide.world.snapshot()
    repository.write({"groups.yaml": CHANGED.replace("  alpha: {name: Alpha, members: [alice]}\n", "")})

    applied = guide.run("apply", "--yes", "--changed-since", "HEAD")
    assert applied.code == 0
    assert "No longer in the configuration, so their live groups stay unchanged: alpha." in applied.out
    (alpha,) = [group_id for group_id, live in before.items() if live["name"] == "Alpha"]
    assert guide.world.snapshot()[alpha] == before[alpha]


def test_a_setting_that_affects_all_groups_plans_all_and_is_named(guide: Stage, repository: Repository) -> None:
    repository.write({"groups.yaml": "policy: {protected: [alice]}\n" + TWO})

    planned = guide.run("plan", "--changed-since", "HEAD")
    assert planned.code == 0
    assert "`policy.protected` changed, so all groups are planned" in planned.err
    assert "All groups are planned: `policy.protected` changed." in planned.out
    assert sorted(reads(guide)) == ["Alpha", "Beta"]


def test_an_invalid_revision_plans_all_and_shows_the_error(guide: Stage, repository: Repository) -> None:
    repository.commit({"groups.yaml": TWO.replace("members", "membres")})
    repository.write({"groups.yaml": TWO})

    planned = guide.run("plan", "--changed-since", "HEAD")
    assert planned.code == 0
    assert "HEAD:groups.yaml:5:24: groups.alpha.membres: unknown key" in planned.err
    assert sorted(reads(guide)) == ["Alpha", "Beta"]


@pytest.mark.parametrize(
    ("path", "content", "said"),
    [
        (
            "groups.yaml",
            "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\n",
            "HEAD:groups.yaml: is in Git LFS",
        ),
        ("all", "", "HEAD:all: the folder has no YAML file"),
    ],
)
def test_a_revision_whose_content_cannot_be_read_plans_all(
    guide: Stage, repository: Repository, path: str, content: str, said: str
) -> None:
    repository.commit({path if content else "all/notes.txt": content})
    repository.write({"groups.yaml" if content else "all/groups.yaml": TWO})

    planned = guide.run("plan", path, "--changed-since", "HEAD")
    assert planned.code == 0
    assert said in planned.err
    assert sorted(reads(guide)) == ["Alpha", "Beta"]


def test_a_revision_without_the_file_plans_all(guide: Stage, repository: Repository) -> None:
    (guide.folder / "groups.yaml").rename(guide.folder / "other.yaml")

    planned = guide.run("plan", "other.yaml", "--changed-since", "HEAD")
    assert planned.code == 0
    assert "that revision does not have other.yaml, so all groups are planned" in planned.err


def test_a_revision_that_does_not_exist_is_an_error_before_any_call(guide: Stage, repository: Repository) -> None:
    planned = guide.run("plan", "--changed-since", "no-such-branch")

    assert planned.code == 1
    assert "has no revision no-such-branch" in planned.err
    assert guide.calls() == []


def test_with_targets_only_changed_ones_are_planned(guide: Stage, repository: Repository) -> None:
    repository.write({"groups.yaml": CHANGED})

    planned = guide.run("plan", "--changed-since", "HEAD", "--target", "alpha", "--target", "beta")
    assert "Selected groups: alpha, beta." in planned.out
    assert "skipped 1 unchanged group: alpha." in planned.out
    assert reads(guide) == ["Beta"]
    none = guide.run("plan", "--changed-since", "HEAD", "--target", "alpha")
    assert none.code == 0
    assert guide.calls() == []


def test_a_shard_takes_its_part_of_the_changed_groups(guide: Stage, repository: Repository) -> None:
    three = TWO + "  gamma: {name: Gamma}\n"
    repository.commit({"groups.yaml": three})
    repository.write({"groups.yaml": three.replace("[alice]", "[]")})

    shards = [guide.run("plan", "--changed-since", "HEAD", "--shard", f"{part}/4") for part in range(1, 5)]
    assert sum("Alpha" in ran.out for ran in shards) == 1
    assert all("2 groups changed since HEAD" in ran.out for ran in shards)
    assert sum("of these 2 groups." in ran.out for ran in shards) == 4
    assert sorted(reads(guide)) == ["Alpha", "Beta"]
    repository.write({"groups.yaml": three})
    assert "no group of the configuration changed" in guide.run("plan", "--changed-since", "HEAD", "--shard", "1/4").out
    assert guide.calls() == []


def test_a_folder_is_compared_as_a_whole(guide: Stage, repository: Repository) -> None:
    alpha, beta = "groups: {alpha: {name: Alpha, members: [alice]}}\n", "groups: {beta: {name: Beta}}\n"
    repository.commit({"all/base.yaml": HEAD, "all/a.yaml": alpha, "all/deep/b.yaml": beta})
    repository.write({"all/deep/b.yaml": None, "all/moved.yaml": beta, "all/a.yaml": alpha.replace("alice", "")})

    planned = guide.run("plan", "all", "--changed-since", "HEAD")
    assert planned.code == 0
    assert "1 group changed since HEAD" in planned.out
    assert reads(guide) == ["Alpha"]


def test_the_current_folder_and_its_restrictions_work_in_revisions_too(guide: Stage, repository: Repository) -> None:
    rules = 'restrictions: [{path: "groups.yaml", groups: ["*"], people: true}]\n'
    repository.commit({"groups.yaml": TWO + rules})
    repository.write({"groups.yaml": CHANGED + rules})

    planned = guide.run("plan", ".", "--changed-since", "HEAD")
    assert (planned.code, planned.err) == (0, "")
    assert "1 group changed since HEAD" in planned.out
    repository.commit({"other.yaml": "groups: {gamma: {name: Gamma}}\n"})
    repository.write({"other.yaml": None})
    forbidden = guide.run("plan", ".", "--changed-since", "HEAD")
    assert "HEAD:./other.yaml:1:10: groups.gamma" in forbidden.err


def test_a_saved_plan_keeps_what_it_was_narrowed_to(guide: Stage, repository: Repository) -> None:
    repository.write({"groups.yaml": CHANGED})
    assert guide.run("plan", "--changed-since", "HEAD", "--out", "saved.plan").code == 0

    shown = guide.run("show", "saved.plan")
    assert "skipped 1 unchanged group: alpha." in shown.out
    refused = guide.run("apply", "saved.plan", "--yes", "--changed-since", "HEAD")
    assert refused.code == 1
    assert "--changed-since" in refused.err
    assert guide.run("apply", "saved.plan", "--yes").code == 0
    assert {live["description"] for live in guide.world.snapshot().values()} == {"", "New"}


def test_a_saved_plan_names_who_leaves_as_the_earlier_revision_does(guide: Stage, repository: Repository) -> None:
    guide.world.create_group("Choir", ["+1 202 555 0143", "+1 303 555 0145"], owner=PHONE)
    before = "people: {ann: {phone: +1 202 555 0143, name: Ann Ash}, ben: +1 303 555 0145}\n"
    guide.file(f"{before}groups: {{choir: {{name: Choir, members: [ann, ben]}}}}")
    repository.commit()
    guide.file(f"{before.replace('0143', '0166')}groups: {{choir: {{name: Choir, members: [ann, ben]}}}}")
    assert guide.run("plan", "--changed-since", "HEAD", "--out", "saved.plan").code == 0
    applied = guide.run("apply", "saved.plan", "--yes")
    assert (applied.code, applied.out.count("Ann Ash") > 0) == (0, True), applied.err


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("unchanged",), ["beta"], "has as unchanged"),
        (("commit",), "main", "full hash"),
        (("removed",), [1], "a string"),
        (("renamed",), [{"old": "a"}], "a member `new`"),
    ],
)
def test_a_saved_plan_that_contradicts_its_narrowing_is_rejected(
    guide: Stage, repository: Repository, path: tuple[str, ...], value: object, said: str
) -> None:
    repository.write({"groups.yaml": CHANGED})
    assert guide.run("plan", "--changed-since", "HEAD", "--out", "saved.plan").code == 0
    saved: Path = guide.folder / "saved.plan"
    document = json.loads(saved.read_text())
    document["changed_since"][path[0]] = value
    saved.write_text(json.dumps(document))

    applied = guide.run("apply", "saved.plan", "--yes")
    assert applied.code == 1
    assert said in applied.err


def test_a_key_renamed_with_its_id_is_reported_as_renamed(guide: Stage, repository: Repository) -> None:
    assert guide.run("pin").code == 0
    repository.commit()
    text = (guide.folder / "groups.yaml").read_text()
    repository.write({"groups.yaml": text.replace("  beta:", "  zulu:")})

    planned = guide.run("plan", "--changed-since", "HEAD", "--out", "saved.plan")
    assert planned.code == 0
    assert "Renamed keys: beta → zulu." in planned.out
    assert "Renamed keys: beta → zulu." in guide.run("show", "saved.plan").out


def test_a_number_in_the_name_of_a_revision_is_masked(guide: Stage, repository: Repository) -> None:
    repository.git("branch", "of/+12025550143")
    repository.write({"groups.yaml": CHANGED})

    planned = guide.run("plan", "--changed-since", "of/+12025550143")
    assert "changed since of/+1 202 ••• ••43 (commit " in planned.out
    as_json = guide.run("plan", "--changed-since", "of/+12025550143", "--format", "json")
    assert "0143" not in as_json.out


def test_an_invalid_revision_name_cannot_inject_a_workflow_command(guide: Stage, repository: Repository) -> None:
    refused = guide.run("plan", "--changed-since", "::error::\x1b[2J+12025550143")

    assert refused.code == 1
    assert "\x1b" not in refused.err
    assert "0143" not in refused.err
    assert not any(line.startswith("::") for line in refused.err.splitlines())
