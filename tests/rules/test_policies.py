"""The policies of `examples/policies.yaml` and the first file of the page: each is kept as it is, and broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.config import FileContent, load_contents
from reconciler.model.rules import Finding
from tests.docs.pages import DOCS, ROOT, blocks
from tests.rules.files import TODAY

POLICIES = (ROOT / "examples" / "policies.yaml").read_text(encoding="utf-8")
PAGE = (DOCS / "rules.md").read_text(encoding="utf-8")


def found_in(text: str) -> tuple[Finding, ...]:
    file = FileContent("groups.yaml", text.encode())
    return load_contents([file], as_of=TODAY, folder=None, name=file.file, check_rules=TODAY).findings


# What somebody changes in the file, and the only rule that this breaks.
CHANGES = {
    "audit-is-independent": ("audit: [cleo]", "audit: [cleo, ana]"),
    "two-admins": ("coaches], admins: [ana, cleo]", "coaches], admins: [ana]"),
    "guardians-in-childrens-groups": ("[safeguarding, coaches], admins", "[coaches], admins"),
    "coaches-are-checked": ("checked: [cleo, emil, ana]", "checked: [cleo, ana]"),
    "externals-have-an-end": ("{person: dora, until: 2026-12-01}", "{person: dora, until: 2027-12-01}"),
    "trainees-are-introduced": ("onboarding: [finn]", "onboarding: []"),
    "few-groups-each": ("count: 3}", "count: 2}"),
    "naming-scheme": ("name: Kids · Football", "name: Football for kids"),
    "board-in-treasury": ("teams: [board, treasury], admins: [ana, ben]", "members: [ana, cleo], admins: [ana, cleo]"),
    "it-in-announcements": ("[board, it, externals", "[audit, externals"),
}


def test_the_example_keeps_all_of_its_policies() -> None:
    assert found_in(POLICIES) == ()


@pytest.mark.parametrize("name", CHANGES)
def test_a_policy_of_the_example_is_broken_by_a_change(name: str) -> None:
    old, new = CHANGES[name]
    assert POLICIES.count(old) == 1
    assert name in {one.rule for one in found_in(POLICIES.replace(old, new)) if one.kind == "broken"}


def test_every_policy_of_the_example_has_a_change_that_breaks_it() -> None:
    file = FileContent("groups.yaml", POLICIES.encode())
    rules = load_contents([file], as_of=TODAY, folder=None, name=file.file).rules
    assert [rule.name for rule in rules] == list(CHANGES)


def test_the_first_file_of_the_page_works_and_its_problem_is_what_validate_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from reconciler.cli.main import run

    monkeypatch.chdir(tmp_path)
    first, problem = blocks(PAGE)[:2]
    Path("groups.yaml").write_text(first.text, encoding="utf-8")
    assert run(["validate"]) == 0, capsys.readouterr().out
    Path("groups.yaml").write_text(first.text.replace("externals: [", "externals: [ben, "), encoding="utf-8")
    assert run(["validate"]) == 1
    assert capsys.readouterr().out.splitlines()[-2] == problem.text.strip()
