"""Files in the form that real programs give them become the people and teams that they describe, or one clear error.

`RECONCILER_UPDATE_GOLDEN=1` writes what is expected anew, and is to be read.
"""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.config import load
from reconciler.config.schema_check import is_valid
from reconciler.errors import ConfigError
from reconciler.person.people_list import list_people
from tests.docs.pages import DOCS, blocks

DATA = Path(__file__).parents[1] / "data" / "sources"
FORMS: list[dict[str, Any]] = yaml.safe_load((DATA / "forms.yaml").read_text(encoding="utf-8"))
FORMATS = ("csv", "vcard", "google", "outlook", "oneroster")
DAY = date(2026, 10, 5)


def path_of(form: dict[str, Any]) -> str:
    return next(str(form["source"][name]) for name in FORMATS if name in form["source"])


def expected_of(form: dict[str, Any]) -> Path:
    return DATA / str(form.get("expected", f"{path_of(form)}.expected.txt"))


@pytest.mark.parametrize("form", FORMS, ids=lambda form: expected_of(form).name.removesuffix(".expected.txt"))
def test_a_file_gives_the_people_and_teams_that_it_describes(
    form: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path(path_of(form))
    path.parent.mkdir()
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for member in sorted((DATA / path.with_suffix("")).iterdir()):
                archive.write(member, member.name)
    else:
        shutil.copy(DATA / path, path)
    Path("groups.yaml").write_text(yaml.safe_dump({"version": 1, "region": "US", "sources": [form["source"]]}))
    text = "\n".join([f"# {form['form']}", *outcome(), ""])
    golden = expected_of(form)
    if os.environ.get("RECONCILER_UPDATE_GOLDEN") == "1":
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


def outcome() -> Iterator[str]:
    """The people of groups.yaml, one a line, and what is wrong."""
    try:
        desired = load(Path("groups.yaml"), as_of=DAY)
    except ConfigError as error:
        for problem in error.problems:
            yield from problem.lines()
        return
    for entry in list_people(desired).people:
        person = entry.person
        yield f"{person.alias}  {person.identity}  {person.name}  [{', '.join(entry.teams)}]"
    for warning in desired.warnings:
        yield from warning.lines()


def test_every_file_of_the_collection_is_read_and_says_where_its_form_comes_from() -> None:
    read = {expected_of(form) for form in FORMS}
    assert read == set(DATA.rglob("*.expected.txt"))
    files = {path for path in DATA.glob("*/*.*") if path.is_file() and path not in read}
    assert files == {DATA / path_of(form) for form in FORMS if not path_of(form).endswith(".zip")}
    assert all(form["form"] for form in FORMS)
    assert len(FORMS) >= 40


def test_every_entry_on_the_page_about_sources_is_valid() -> None:
    page = blocks((DOCS / "sources.md").read_text(encoding="utf-8"))
    parts = [block.text for block in page if block.language == "yaml" and block.text.startswith("sources:")]
    assert len(parts) >= 4
    for part in parts:
        assert is_valid({"version": "1", **yaml.load(part, yaml.BaseLoader)}), part
