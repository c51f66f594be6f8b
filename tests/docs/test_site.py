"""The docs site builds strictly, renders pages as a code host does, contains them all, and makes no foreign request."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options

from tests.docs.pages import DOCS, ROOT

PAGES = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md"), *ROOT.glob("benchmarks/*.md")])
BLOCKS = ("ol", "ul", "li", "pre", "h1", "h2", "h3")
REQUESTS = {("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "srcset"), ("link", "href")}


class Tags(HTMLParser):
    """Collect the block elements of an article, and the addresses that a browser loads with the page."""

    def __init__(self, text: str, *, whole: bool) -> None:
        super().__init__()
        self.blocks: Counter[str] = Counter()
        self.requests: list[str] = []
        self._inside = whole
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = self._inside or tag == "article"
        self.blocks[tag] += self._inside and tag in BLOCKS
        values = dict(attrs)
        if values.get("rel") != "canonical":
            self.requests += [value for name, value in attrs if value and (tag, name) in REQUESTS]

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "article"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The strict build; a broken link or anchor fails it."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, str(DOCS / "build_site.py"), str(folder)]
    ran = subprocess.run(command, env={**os.environ, "NO_COLOR": "1"}, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return folder / "html"


def built(site: Path, page: Path) -> Path:
    folder = page.relative_to(ROOT).with_suffix("")
    return site / "index.html" if page.name == "README.md" else site / folder / "index.html"


def nav_pages(entry: object) -> list[str]:
    """The pages that an entry of the navigation contains."""
    if isinstance(entry, str):
        return [entry]
    parts = entry.values() if isinstance(entry, dict) else entry if isinstance(entry, list) else []
    return [page for part in parts for page in nav_pages(part)]


def test_the_navigation_lists_every_page_once() -> None:
    config = tomllib.loads((DOCS / "zensical.toml").read_text(encoding="utf-8"))
    assert sorted(nav_pages(config["project"]["nav"])) == sorted(str(page.relative_to(ROOT)) for page in PAGES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_has_the_same_lists_blocks_and_headings_on_the_site_as_on_a_code_host(site: Path, page: Path) -> None:
    rendered = cmarkgfm.github_flavored_markdown_to_html(page.read_text(encoding="utf-8"), Options.CMARK_OPT_UNSAFE)
    ours = Tags(built(site, page).read_text(encoding="utf-8"), whole=False)
    assert ours.blocks == Tags(rendered, whole=True).blocks


def test_no_page_or_stylesheet_loads_anything_from_another_host(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > len(PAGES)
    for page in pages:
        foreign = [to for to in Tags(page.read_text(encoding="utf-8"), whole=True).requests if urlsplit(to).netloc]
        assert foreign == [], page
    for sheet in site.rglob("*.css"):
        assert not re.search(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//", sheet.read_text(encoding="utf-8")), sheet


def test_the_search_finds_every_key_of_the_file(site: Path) -> None:
    text = json.dumps(json.loads((site / "search.json").read_text(encoding="utf-8")))
    schema = json.loads((ROOT / "schemas" / "groups.schema.json").read_text(encoding="utf-8"))
    keys = {*schema["properties"], *schema["$defs"]["group"]["properties"], *schema["$defs"]["policy"]["properties"]}
    assert {key for key in keys if key not in text} == set()


def test_a_broken_anchor_fails_the_build(tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "index.md").write_text("# One\n\n[two](#two)\n", encoding="utf-8")
    (tmp_path / "zensical.toml").write_text('[project]\nsite_name = "x"\ndocs_dir = "pages"\n', encoding="utf-8")
    zensical = Path(sys.executable).with_name("zensical")
    ran = subprocess.run([zensical, "build", "--strict"], cwd=tmp_path, capture_output=True, text=True)
    assert ran.returncode != 0
