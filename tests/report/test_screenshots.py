"""The README's pictures: there, small, and made by one command that works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests import screenshots
from tests.browser import installed

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs" / "images"
LARGEST = 250_000


def test_the_readme_and_the_docs_show_every_picture_and_no_other() -> None:
    pages = (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))
    shown = {name for page in pages for name in re.findall(r"images/([\w.-]+)", page.read_text(encoding="utf-8"))}
    assert shown == {image.name for image in IMAGES.iterdir()}


@pytest.mark.skipif(installed() is None, reason="no Chromium is installed here (.ci/browser installs one)")
def test_the_pictures_can_be_made_anew_and_stay_small(tmp_path: Path) -> None:
    screenshots.main(tmp_path)
    assert {image.name for image in tmp_path.iterdir()} == {image.name for image in IMAGES.iterdir()}
    for image in (*tmp_path.iterdir(), *IMAGES.iterdir()):
        assert image.read_bytes().startswith(b"\x89PNG")
        assert image.stat().st_size < LARGEST


def test_without_a_browser_the_maker_of_pictures_says_where_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screenshots, "installed", lambda: None)
    with pytest.raises(SystemExit, match=r"\.ci/browser installs one"):
        screenshots.main(tmp_path)
