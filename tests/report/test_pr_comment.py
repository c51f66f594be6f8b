"""The layout of a comment: its marker, sections while there is room, and our own code as code."""

from __future__ import annotations

import pytest

from reconciler.messages import LiteralText
from reconciler.report.pieces import OutsideText, Piece
from reconciler.report.pr_comment import CommentSection, comment_marker, lines_markdown, markdown, render_comment
from reconciler.report.sections import Line
from tests.report.report_samples import MASKED


@pytest.mark.parametrize(
    ("instance", "shown"),
    [("inst_a", "inst_a"), ("--> <b>", "_b_"), ("x" * 200, "x" * 80), ("a--b\n", "a_b_")],
)
def test_no_instance_ends_the_marker(instance: str, shown: str) -> None:
    assert comment_marker("plan", instance) == f"<!-- reconciler:plan {shown} -->"
    assert comment_marker("plan") == "<!-- reconciler:plan -->"


def test_a_section_without_a_body_opens_nothing() -> None:
    sections = [CommentSection("alpha"), CommentSection("beta", body=lambda: "- more")]
    assert render_comment("### Plan", sections, "the end") == (
        "### Plan\n\n- alpha\n\n<details open>\n<summary>beta</summary>\n\n- more\n\n</details>\n\nthe end"
    )


def test_a_section_that_does_not_fit_is_never_rendered() -> None:
    written: list[int] = []

    def section(number: int) -> CommentSection:
        def body() -> str:
            written.append(number)
            return "x" * 8_000

        return CommentSection(f"group {number}", body=body)

    text = render_comment("### Plan", [section(number) for number in range(10)], "")
    assert text.count("<details>") == 7
    assert written == [*range(8)]
    written.clear()
    text = render_comment("### Plan", [section(number) for number in range(100)], "")
    assert text.count("x" * 8_000) == 7
    assert written == [*range(8)]


def test_many_groups_are_rows_of_a_table_with_one_part_that_opens() -> None:
    sections = [CommentSection(f"group {number}", "1 person leaves", lambda: "- Bob") for number in range(11)]
    text = render_comment("### Plan", sections, "")
    assert text.startswith(
        "### Plan\n\n| group | what changes |\n| --- | --- |\n| group 0 | 1 person leaves |\n| group 1 |"
    )
    assert text.count("<details>") == 1
    assert text.endswith("group 10 · 1 person leaves\n\n- Bob\n\n</details>")


def test_what_many_groups_share_comes_first_and_is_open() -> None:
    sections = [CommentSection(f"group {number}") for number in range(4)]
    text = render_comment("### Plan", sections, "", [CommentSection("3 groups change alike", body=lambda: "- Bob")])
    assert text.startswith("### Plan\n\n<details open>\n<summary>3 groups change alike</summary>\n\n- Bob")


@pytest.mark.parametrize(
    ("pieces", "shown"),
    [
        ((LiteralText("run `reconciler pin`, then plan"),), "run <code>reconciler pin</code>, then plan"),
        ((LiteralText("run "), OutsideText("`x` @you")), "run &#96;x&#96; &#64;<!-- -->you"),
        ((OutsideText("1. no list"),), "1&#46; no list"),
        ((OutsideText("x" * 400),), "x" * 300 + "…"),
        ((LiteralText("`code`"), OutsideText("x" * 400)), "<code>code</code>" + "x" * 296 + "…"),
    ],
)
def test_our_own_code_is_code_and_a_strangers_is_not(pieces: tuple[Piece, ...], shown: str) -> None:
    assert markdown(pieces, MASKED) == shown


def test_changes_are_a_diff_and_notes_a_list_with_their_topic_stressed() -> None:
    lines = [
        Line("+", (OutsideText("alice"),)),
        Line("!", (OutsideText("no admin"),), "blocked"),
        Line("i", (LiteralText("2 groups"),), "unmanaged"),
        Line("i", (LiteralText("done"),)),
    ]
    assert lines_markdown(lines, MASKED) == (
        "```diff\n+ alice\n```\n\n- **blocked**: no admin\n- *unmanaged*: 2 groups\n- done"
    )
