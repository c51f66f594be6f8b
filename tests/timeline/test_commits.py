"""What is read from the message of a commit."""

from __future__ import annotations

from datetime import date

import pytest

from reconciler.timeline.commits import commit_ref, reviews_of


@pytest.mark.parametrize(
    ("message", "number"),
    [
        ("Add Bob (#12)", "#12"),
        ("Add Bob (!7)  ", "!7"),
        ("Merge pull request #9 from ann/x\n\nAdd Bob", "#9"),
        ("Merge branch 'x' into 'main'\n\nAdd Bob\n\nSee merge request club/groups!4", "!4"),
        ("Add Bob (#12) again", ""),
        ("Fix #12", ""),
        ("", ""),
    ],
)
def test_the_pull_request_is_the_number_at_the_end_of_the_subject_or_of_the_merge(message: str, number: str) -> None:
    assert commit_ref("0" * 40, 0, "Ann", message).pull_request == number


def test_approvers_are_the_names_in_the_last_paragraph() -> None:
    message = (
        "Add Bob\n\nApproved-by: Nobody\n\nCloses: 3\n"
        "Approved-by: Cleo Park <c@example.org>\nreviewed-BY: Dan\nApproved-by: Dan <d@example.org>\n"
    )
    assert commit_ref("0" * 40, 0, "Ann", message).approved_by == ("Cleo Park", "Dan")


@pytest.mark.parametrize(
    ("author", "merged", "expected"),
    [("Ann", "", ("Ann", "")), ("Ann", "Ann", ("Ann", "")), ("Ann", "Ben", ("Ben", "Ann"))],
)
def test_the_author_of_a_merge_is_the_author_of_what_it_brought(
    author: str, merged: str, expected: tuple[str, str]
) -> None:
    commit = commit_ref("0" * 40, 0, author, "", merged)
    assert (commit.author, commit.merged_by) == expected


def test_a_review_is_a_key_and_a_day_of_the_calendar() -> None:
    message = "Review\n\nReviewed: a@2026-01-31, b@c@2026-02-01,, @2026-02-01, d@2026-02-30, e\nreviewed: f@2026-03-01"
    assert list(reviews_of(message)) == [
        ("a", date(2026, 1, 31)),
        ("b@c", date(2026, 2, 1)),
        ("f", date(2026, 3, 1)),
    ]
