"""The readers a text can trick, as the tests play them: a terminal, a build server, GitHub's markdown, a browser."""

from __future__ import annotations

import html
import re
import unicodedata
from html.parser import HTMLParser

import cmarkgfm
from cmarkgfm.cmark import Options

from tests.sanitize.hostile_texts import DIGITS

_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_HIDING = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
# What GitHub and GitLab look for in the text that the parser has put out; code is left alone.
_FOUND_AFTERWARDS = re.compile(
    r"@[a-z0-9]|(?<![\w&])#\d|\bgh-\d|://|\bwww\.|:[\w+-]+:|[!%~$]\d|~[a-z]|&\d|\b(?=\d*[a-f])[0-9a-f]{7,40}\b", re.I
)


def assert_terminal_and_log_obey_nothing(text: str) -> None:
    """No character hides, moves the cursor or ends a line but "\\n"; no line is an order to a build server."""
    for char in text.replace("\n", ""):
        assert unicodedata.category(char) not in _HIDING, hex(ord(char))
        assert not 0xE0000 <= ord(char) < 0xE1000, hex(ord(char))
    assert not any(line.lstrip().startswith("::") for line in text.split("\n"))
    assert "##[" not in text
    assert "##vso[" not in text


def assert_no_number(text: str) -> None:
    """Nowhere the digits that the table disguises, whatever stands between them."""
    for shown in (text, html.unescape(re.sub(r"<!-- -->", "", text))):
        digits = "".join(str(unicodedata.decimal(char)) for char in shown if char.isdecimal())
        assert DIGITS not in digits


def decoded_command(command: str) -> tuple[str, dict[str, str], str]:
    """A command as GitHub's runner takes it apart: its name, properties and message."""
    match = re.fullmatch(r"::(\S+) (.*?)::(.*)", command)
    assert match is not None
    properties = dict(part.split("=", 1) for part in match[2].split(","))

    def back(text: str, more: bool) -> str:
        for code, char in (("%0D", "\r"), ("%0A", "\n"), *((("%3A", ":"), ("%2C", ",")) if more else ())):
            text = text.replace(code, char)
        return text.replace("%25", "%")

    return match[1], {key: back(value, True) for key, value in properties.items()}, back(match[3], False)


class Page(HTMLParser):
    """A piece of HTML, taken apart: which elements it has, and its text beside code and within."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.comments: list[str] = []
        self.texts: list[tuple[str, bool]] = []
        self.open: list[str] = []
        self._stands_alone = True
        self.feed(source)
        self.close()

    @property
    def tags(self) -> list[str]:
        """The elements' names, in the order in which they begin."""
        return [tag for tag, _ in self.elements]

    @property
    def text(self) -> str:
        """All text, as a reader sees it."""
        return "".join(text for text, _ in self.texts)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(attrs)))
        self._stands_alone = True
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        self._stands_alone = True

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)
        self._stands_alone = True

    def handle_data(self, data: str) -> None:
        code = "code" in self.open or "pre" in self.open
        if self.texts and not self._stands_alone:
            data = self.texts.pop()[0] + data
        self.texts.append((data, code))
        self._stands_alone = False


def github_page(markdown: str) -> Page:
    """The markdown as GitHub's own parser makes HTML of it, with all that GitHub turns on; raw HTML stays."""
    extensions = ["table", "autolink", "tagfilter", "strikethrough", "tasklist"]
    made = cmarkgfm.markdown_to_html_with_extensions(
        markdown, options=Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_FOOTNOTES, extensions=extensions
    )
    return Page(made)


def assert_github_links_nothing(page: Page) -> None:
    """Nothing that GitHub would link, notify or draw: no image, no link, no mention in a text outside code."""
    assert not {"a", "img", "script", "input"} & set(page.tags)
    for text, code in page.texts:
        assert code or not _FOUND_AFTERWARDS.search(text), text
