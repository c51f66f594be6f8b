"""What a result advises: nothing that cannot help, and what is needed next."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.apply.result import ApplyResult, PersonOutcome, PersonStatus, StepResult, StepStatus, summarize_result
from reconciler.messages import Message
from reconciler.model.live import CallRecord
from reconciler.model.text import Untrusted
from reconciler.plan.model import Action, GroupPlan, Phase, Plan, Step
from reconciler.report.markdown import render_result_markdown
from reconciler.report.result_view import result_view
from reconciler.report.text import render_result
from tests.report import report_samples as samples

LINK = "https://chat.whatsapp.com/AbCdEfGhIjKlMn"


def adding(key: str, status: StepStatus = StepStatus.DONE, action: Action = Action.ADD) -> tuple[GroupPlan, StepResult]:
    group_id = None if action is Action.CREATE else f"{key}@g.us"
    name = key if action is Action.CREATE else None
    step = Step(group=key, action=action, phase=Phase.BUILD, group_id=group_id, people=(samples.BOB,), name=name)
    plan = GroupPlan(key=key, name=Untrusted(key), id=group_id, add=step.people, steps=(step,))
    return plan, StepResult(step, status, None, f"{key}@g.us")


def result_of(*runs: tuple[GroupPlan, StepResult], **more: object) -> ApplyResult:
    plan = Plan(instance_id="inst_abc123", as_of=samples.SMALL.as_of, groups=tuple(group for group, _ in runs))
    return replace(ApplyResult(plan, tuple(step for _, step in runs)), **more)  # type: ignore[arg-type]


def test_a_refused_add_is_one_story_with_what_to_do_and_no_second_apply() -> None:
    message = Message.of("not-there-left-lately")
    refused = PersonOutcome("alpha", samples.BOB, PersonStatus.NOT_ADDED, message, link=LINK)
    text = render_result(result_of(adding("alpha"), people=(refused,)), samples.MASKED)
    assert (
        "! could not add Bob Marsh (bob, until 2026-12-31, contractor): they left the group lately and cannot be "
        f"added yet (408). Send them the invite link: {LINK}\n" in text
    )
    assert "added 1 person" not in text
    assert (
        "add `join: invite` to the entry of Bob Marsh (bob) under `members` of alpha; anybody without an entry there "
        "needs one, `{person: …, join: invite}`; else" in text
    )
    assert text.endswith("Some changes were not made (see above); applying again will not make them.")


@pytest.mark.parametrize("code", ["not-there-no-account", "not-there-full"])
def test_nobody_is_told_to_join_by_a_link_that_cannot_help(code: str) -> None:
    refused = PersonOutcome("alpha", samples.BOB, PersonStatus.NOT_ADDED, Message.of(code))
    assert not refused.may_join_by_link
    text = render_result(result_of(adding("alpha"), people=(refused,)), samples.MASKED)
    assert "could not add Bob Marsh" in text
    assert "join: invite" not in text


def test_what_to_write_about_refused_people_is_told_for_each_of_a_few_groups() -> None:
    keys = [f"ops-{number:02}" for number in range(7)]
    refused = tuple(PersonOutcome(key, samples.BOB, PersonStatus.NOT_ADDED, Message.of("not-there")) for key in keys)
    result = result_of(*map(adding, keys), people=refused, places={"ops-00": "a.yaml:3"})
    text = render_result(result, samples.MASKED)
    assert "under `members` of ops-00 (a.yaml:3); anybody without an entry there needs one" in text
    assert text.count("add `join: invite` to the entry of") == 5
    assert "Do the same for the people who could not be added in 2 other groups (see above)." in text


def test_another_apply_is_advised_where_a_step_may_still_succeed() -> None:
    text = render_result(result_of(adding("alpha", StepStatus.FAILED)), samples.MASKED)
    assert text.endswith("Run `reconciler plan` to see the rest, then run `reconciler apply` again.")


def test_a_run_that_created_groups_names_the_command_that_notes_their_ids() -> None:
    text = render_result(result_of(adding("alpha", action=Action.CREATE)), samples.MASKED)
    assert "Run `reconciler pin` to write the id of the new group into the file" in text
    assert "reconciler pin" not in render_result(result_of(adding("alpha")), samples.MASKED)


def test_groups_that_were_not_started_are_one_line() -> None:
    runs = [adding(f"ops-{number:02}", StepStatus.NOT_RUN) for number in range(71)]
    text = render_result(result_of(adding("alpha"), *runs, interrupted=True), samples.MASKED)
    assert "! not run: 71 groups were not started: ops-00, ops-01, ops-02, ops-03, ops-04 and 66 more\n" in text
    assert text.count("ops-") == 5
    assert "71 steps not run" in text


def test_the_calls_of_a_result_include_the_reads_that_follow_the_first_write() -> None:
    calls = tuple(CallRecord(at="", method=method, path="/groups") for method in ("GET", "GET", "POST", "GET", "GET"))
    result = result_of(adding("alpha"), calls=calls)
    assert (summarize_result(result).calls, summarize_result(result).read_backs) == (1, 2)
    assert " · 3 calls" in render_result(result, samples.MASKED)
    assert summarize_result(replace(result, calls=calls[:2])).read_backs == 0


def held(key: str, action: Action = Action.CREATE) -> tuple[GroupPlan, StepResult]:
    group, step = adding(key, StepStatus.SKIPPED, action)
    message = Message.of("adding-stopped", reason=Message.of("refused-in-a-row", count=3))
    return group, replace(step, message=message, group_id=None)


def test_groups_that_are_held_for_one_reason_are_one_line_and_no_apply_is_advised() -> None:
    stopped = Message.of("refused-in-a-row", count=3)
    result = result_of(*(held(f"ops-{number:02}") for number in range(9)), adding_stopped=stopped)
    text, comment = render_result(result, samples.MASKED), render_result_markdown(result, samples.MASKED)
    for told in (text, comment):
        assert told.count("nobody is added and nothing is created any more in this run") == 1
        assert "Wait a day before the next apply" in told
        assert "apply` again" not in told
    assert "! skipped: 9 groups (ops-00, ops-01, " in text
    assert text.endswith("Some changes were not made (see above). Run `reconciler plan` to see the rest.")


def test_a_group_that_was_not_created_is_not_one_whose_id_is_unknown() -> None:
    for status, shown in (
        (StepStatus.FAILED, "(not created)"),
        (StepStatus.UNKNOWN, "(id unknown)"),
    ):
        group, step = adding("alpha", status, Action.CREATE)
        text = render_result(result_of((group, replace(step, group_id=None))), samples.MASKED)
        assert text.startswith(f'alpha  "alpha"  {shown}\n')


@pytest.mark.parametrize(
    ("status", "groups", "words"),
    [
        (PersonStatus.NOT_ADDED, 1, "1 person could not be added · "),
        (PersonStatus.NOT_ON_WHATSAPP, 1, "1 person could not be added · "),
        (PersonStatus.BAD_NUMBER, 2, "1 person could not be added (2 memberships) · "),
        (PersonStatus.STILL_IN, 1, "1 person could not be removed · "),
    ],
)
def test_the_totals_count_the_people_who_were_refused(status: PersonStatus, groups: int, words: str) -> None:
    keys = [f"ops-{number}" for number in range(groups)]
    refused = tuple(PersonOutcome(key, samples.BOB, status, Message.of("not-there")) for key in keys)
    totals = result_view(result_of(*map(adding, keys), people=refused)).totals
    assert f"Applied: {words}" in totals.line


@pytest.mark.parametrize(("ids", "words"), [(("1@lid",), "(1@lid)"), (("1@lid", "2@lid"), "(one of 1@lid, 2@lid)")])
def test_a_single_private_id_is_not_one_of_several(ids: tuple[str, ...], words: str) -> None:
    message = Message.of("in-under-private-id", count=len(ids), ids=ids)
    assert message.to_text().endswith(f"under `people` {words}")
