"""The rules of the page about rules do what it says, and its policies are kept and broken by the tests beside them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.config import load
from tests.docs.pages import DOCS, Block, blocks
from tests.docs.test_pages import EVERYBODY

PAGE = (DOCS / "rules.md").read_text(encoding="utf-8")
WITH_TESTS = [block for block in blocks(PAGE) if block.language == "yaml" and "tests:" in block.text]


def whole(block: Block, path: Path) -> Path:
    """Write the block, together with the people that it refers to, as a file."""
    part: dict[str, Any] = yaml.load(block.text, yaml.BaseLoader)
    file = path / "groups.yaml"
    document = {**EVERYBODY, **part, "people": {**EVERYBODY["people"], **part.get("people", {})}}
    file.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    return file


@pytest.mark.parametrize("block", WITH_TESTS, ids=lambda block: f"rules.md:{block.line}")
def test_the_tests_of_the_page_pass(block: Block, tmp_path: Path) -> None:
    desired = load(whole(block, tmp_path), as_of=date(2026, 6, 15), test_rules=True)
    assert desired.tests
    assert [str(problem) for problem in desired.failed_tests] == []


@pytest.mark.parametrize("block", WITH_TESTS, ids=lambda block: f"rules.md:{block.line}")
def test_each_rule_beside_tests_is_broken_by_one_and_kept_by_another(block: Block) -> None:
    document = yaml.load(block.text, yaml.BaseLoader)
    expected = [set(test["expect"]) for test in document["tests"]]
    for rule in document["rules"]:
        assert any(rule["name"] in names for names in expected), rule["name"]
    assert set() in expected
