"""Every escaper against the one table of hostile texts, read by what will read it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.sanitize.escape import escape_controls, mask_and_escape
from reconciler.sanitize.markdown import command_data, command_property, markdown_code, markdown_fence, markdown_text
from tests.sanitize.hostile_readers import (
    assert_github_links_nothing,
    assert_no_number,
    assert_terminal_and_log_obey_nothing,
    decoded_command,
    github_page,
)
from tests.sanitize.hostile_texts import DISGUISED, HOSTILE

TABLE = ["table", "thead", "tr", "th", "th", "tbody", "tr", "td", "td"]
ANY_TEXT = st.text(
    st.one_of(st.characters(), st.sampled_from("`<>&|*_#@-+=:/\\[]()!~$. \n\r1a")), min_size=1, max_size=60
)


def seen(text: str) -> str:
    """What a reader of HTML sees of a line: white space drawn as one space."""
    return re.sub(r"[ ]+", " ", text).strip()


def assert_markdown_means_nothing(text: str) -> None:
    told = markdown_text(text)
    for source, around in (
        (told, ["p"]),
        (f"before {told}", ["p"]),
        (f"<b>x</b> {markdown_code(text)}", ["p", "b", "code"]),
        (f"- {told}", ["ul", "li"]),
        (f"| a | b |\n|---|---|\n| {told} | x |", TABLE),
        (f"<details>\n<summary>{told}</summary>\n\nx\n\n</details>", ["details", "summary", "p"]),
    ):
        page = github_page(source)
        assert page.tags == around, source
        assert_github_links_nothing(page)
        assert seen(mask_and_escape(text)) in seen(page.text)
    assert_terminal_and_log_obey_nothing(told)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_only_text_wherever_it_stands_in_markdown(name: str) -> None:
    assert_markdown_means_nothing(HOSTILE[name])


@settings(deadline=None, max_examples=150)
@given(ANY_TEXT)
def test_any_text_is_only_text_wherever_it_stands_in_markdown(text: str) -> None:
    assert_markdown_means_nothing(text)


@settings(deadline=None, max_examples=100)
@given(st.lists(ANY_TEXT, max_size=4))
def test_no_line_ends_a_block_of_code(lines: list[str]) -> None:
    page = github_page(markdown_fence(lines, "diff") + "\n\nafter")
    assert page.tags == ["pre", "code", "p"]
    assert page.text == "".join(f"{mask_and_escape(line)}\n" for line in lines) + "\nafter\n"


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_shown_in_a_block_of_code(name: str) -> None:
    text = markdown_fence(["+ before", HOSTILE[name], f"- {HOSTILE[name]}"], "diff")
    page = github_page(text)
    assert page.tags == ["pre", "code"]
    assert page.text.count("\n") == 4
    assert_terminal_and_log_obey_nothing(text)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_stays_where_it_was_put_in_a_workflow_command(name: str) -> None:
    text = HOSTILE[name]
    command = f"::error file={command_property(text)},line=3,title={command_property(text)}::{command_data(text)}"
    shown = mask_and_escape(text)
    assert "\n" not in command
    assert decoded_command(command) == ("error", {"file": shown, "line": "3", "title": shown}, shown)
    assert_terminal_and_log_obey_nothing(command.removeprefix("::"))


ESCAPERS: dict[str, Callable[..., str]] = {
    "text": markdown_text,
    "code": markdown_code,
    "fence": lambda text, **phones: markdown_fence([text], **phones),
    "data": command_data,
    "property": command_property,
}


@pytest.mark.parametrize("escaper", ESCAPERS)
@pytest.mark.parametrize("name", DISGUISED)
def test_every_escaper_masks_unless_asked_not_to(escaper: str, name: str) -> None:
    assert_no_number(ESCAPERS[escaper](DISGUISED[name]))
    with pytest.raises(AssertionError):
        assert_no_number(ESCAPERS[escaper](escape_controls(DISGUISED["plain"]), show_phones=True))


def test_what_is_harmless_is_left_as_it_is() -> None:
    words = "Käse 🧀, 2 of 3 (since May): a-b, c/d; 7.5 = 7 + 0.5 - done!"
    assert [escaper(words) for escaper in (markdown_text, command_data)] == [words] * 2
