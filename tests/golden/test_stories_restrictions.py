"""`restrictions` over two revisions in a real repository: what a file may not say, it may not take away either."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.repository import Repository
from tests.stage import INSTANCE, PHONE, Stage

MAIN = f"version: 1\ninstance: {{id: {INSTANCE}, phone: {PHONE}}}\n"
RULES = """\
restrictions:
  - {path: "sales/**", groups: ["sales-*"]}
  - {path: main.yaml, groups: [board]}
groups: {board: {name: Board}}
"""


@pytest.fixture
def repository(guide: Stage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Repository:
    return Repository(tmp_path, monkeypatch)


@pytest.mark.parametrize("command", [["plan"], ["drift"], ["apply", "--yes"]])
def test_rules_and_removals_in_one_change_are_refused_before_any_call(
    guide: Stage, repository: Repository, command: list[str]
) -> None:
    repository.commit(
        {
            "policy/main.yaml": MAIN + "groups: {board: {name: Board}}\n",
            "policy/sales/a.yaml": "groups: {sales-a: {name: A}, hr: {name: HR}}\n",
        }
    )
    repository.write({"policy/main.yaml": MAIN + RULES, "policy/sales/a.yaml": "groups: {}\n"})
    ran = guide.run(*command, "policy", "--changed-since", "HEAD")
    assert (ran.code, ran.out, guide.calls()) == (1, "", [])
    assert (
        "HEAD:policy/sales/a.yaml: groups.hr: this group was removed, but the current restrictions do not let this "
        "file define it (rule at policy/main.yaml:4); put it back, or change the restrictions first"
    ) in ran.err
    assert "groups.sales-a" not in ran.err


def test_a_removal_that_both_revisions_allow_is_none_of_the_rules_business(
    guide: Stage, repository: Repository
) -> None:
    repository.commit({"policy/main.yaml": MAIN + RULES, "policy/sales/a.yaml": "groups: {sales-a: {name: A}}\n"})
    repository.write({"policy/sales/a.yaml": "groups: {}\n"})
    assert guide.run("plan", "policy", "--changed-since", "HEAD").code == 0


def test_a_single_file_has_its_name_in_a_revision_whatever_the_revision_is_called(
    guide: Stage, repository: Repository
) -> None:
    repository.commit({"main.yaml": MAIN + RULES})
    repository.git("branch", "feature/rules")
    repository.write({"main.yaml": MAIN + RULES.replace("name: Board", "name: Board, description: New")})
    ran = guide.run("plan", "main.yaml", "--changed-since", "feature/rules")
    assert (ran.code, ran.err) == (0, "")
    assert "1 group changed since feature/rules" in ran.out


@pytest.mark.parametrize("command", [["plan"], ["drift"], ["apply", "--yes"]])
@pytest.mark.parametrize("rules_in", ["base", "head"])
def test_where_the_base_cannot_be_read_removals_cannot_be_told_and_the_run_is_refused(
    guide: Stage, repository: Repository, command: list[str], rules_in: str
) -> None:
    bad = "policy: {allowed_countries: [QQ]}\n"
    rules = {"base": RULES, "head": "groups: {board: {name: Board}}\n"}
    base, head = (rules["base"], rules["head"]) if rules_in == "base" else (rules["head"], rules["base"])
    repository.commit({"policy/main.yaml": MAIN + bad + base, "policy/sales/a.yaml": "groups: {sales-a: {name: A}}\n"})
    repository.write({"policy/main.yaml": MAIN + head, "policy/sales/a.yaml": "groups: {}\n"})

    ran = guide.run(*command, "policy", "--changed-since", "HEAD")
    assert (ran.code, ran.out, guide.calls()) == (1, "", [])
    assert "QQ" in ran.err
    assert "so removals cannot be checked against `restrictions`" in ran.err
    assert "name a valid revision; without --changed-since, removals are not checked against" in ran.err
