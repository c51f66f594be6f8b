"""The page about rules does what it says: its examples work in its first file; the policies in CEL pass their tests."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.config import load
from reconciler.model.desired import Desired
from reconciler.model.rules import FindingKind
from tests.docs.pages import DOCS, ROOT, Block, blocks

DAY = date(2026, 6, 15)
FIRST, *PARTS = [block for block in blocks((DOCS / "rules.md").read_text(encoding="utf-8")) if block.language == "yaml"]
POLICIES = ROOT / "examples" / "policies-in-cel.yaml"


def loaded(document: dict[str, Any], folder: Path) -> Desired:
    file = folder / "groups.yaml"
    file.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    return load(file, as_of=DAY, check_rules=DAY, test_rules=True)


@pytest.mark.parametrize("block", PARTS, ids=lambda block: f"rules.md:{block.line}")
def test_each_example_works_in_the_first_file_of_the_page(block: Block, tmp_path: Path) -> None:
    whole, part = (yaml.load(one.text, yaml.BaseLoader) for one in (FIRST, block))
    assert part.keys() <= {"rules", "tests"}
    whole["rules"] += part.get("rules", [])
    desired = loaded({**whole, "tests": part.get("tests", [])}, tmp_path)
    assert [str(problem) for problem in desired.failed_tests] == []
    assert len(desired.tests) == len(part.get("tests", []))
    unused = {FindingKind.EXEMPTION_UNUSED, FindingKind.NOTHING_TO_CHECK, FindingKind.NOT_EVALUATED}
    assert not {finding.kind for finding in desired.findings} & unused


def test_the_policies_in_cel_are_kept_by_their_file_and_pass_their_tests() -> None:
    desired = load(POLICIES, as_of=DAY, check_rules=DAY, test_rules=True)
    assert [str(problem) for problem in desired.failed_tests] == []
    assert desired.findings == ()


def test_each_policy_in_cel_is_broken_by_a_test_and_kept_by_another() -> None:
    document = yaml.load(POLICIES.read_text(encoding="utf-8"), yaml.BaseLoader)
    expected = [set(test["expect"]) for test in document["tests"]]
    for rule in document["rules"]:
        assert any(rule["name"] in names for names in expected), rule["name"]
    assert set() in expected
