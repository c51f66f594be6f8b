"""The HTML page as text: what stands in it, that nothing in it is obeyed, and that it asks nobody for anything."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256

import pytest

from reconciler.diff.change import Advice, AdviceKind, MatchedBy, TextChange
from reconciler.model.text import Untrusted
from reconciler.plan.file_format import SavedPlan
from reconciler.plan.model import Action, DriftCause, DriftItem, GroupPlan, ItemCause, Phase, Plan, Step
from reconciler.plan.shard import ShardInfo
from reconciler.report.html.page import Page as PlanPage
from reconciler.report.html.page import plan_page
from reconciler.report.html.render import render_plan_html
from reconciler.report.html.text_diff import Segment, mark_differences
from reconciler.report.options import RenderOptions
from reconciler.report.pieces import plain_text
from tests.builders import saying
from tests.report import report_samples as samples
from tests.report.test_escaping import hostile_plan
from tests.sanitize.hostile_readers import Page, assert_no_number, assert_terminal_and_log_obey_nothing
from tests.sanitize.hostile_texts import DISGUISED, HOSTILE


def page_of(plan: Plan, *, drift: bool = False) -> PlanPage:
    return plan_page(samples.saved(plan), RenderOptions(drift=drift))


def html(plan: Plan, *, show_phones: bool = False, drift: bool = False) -> str:
    return render_plan_html(samples.saved(plan), RenderOptions(show_phones=show_phones, drift=drift))


def words(plan: Plan, *, show_phones: bool = False) -> str:
    """What a reader sees, one space between all words and elements."""
    return words_of(samples.saved(plan), show_phones=show_phones)


def words_of(saved: SavedPlan, *, show_phones: bool = False) -> str:
    """The same of a plan with its origin."""
    page = render_plan_html(saved, RenderOptions(show_phones=show_phones))
    source = re.sub(r"<(style|script)>.*?</\1>", "", page, flags=re.DOTALL)
    return " ".join(" ".join(text for text, _ in Page(source).texts).split())


def article(group: GroupPlan) -> str:
    """What a reader sees of a group's card."""
    source = html(replace(samples.EMPTY, groups=(group,)))
    (card,) = re.findall(r"<article.*?</article>", source, flags=re.DOTALL)
    return " ".join(" ".join(text for text, _ in Page(card).texts).split())


def elements(text: str) -> list[tuple[str, tuple[tuple[str, str | None], ...]]]:
    """Every element with its attributes; line breaks in a description are what a text may make."""
    page = Page(html(hostile_plan(text)))
    assert page.open == []
    assert page.comments == []
    return [element for element in page.elements if element[0] != "br"]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_makes_no_element_and_no_attribute(name: str) -> None:
    assert elements(HOSTILE[name]) == elements("harmless")


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_in_a_page_hides_nothing_and_gives_a_build_server_no_order(name: str) -> None:
    source = html(hostile_plan(HOSTILE[name]), show_phones=True)
    assert_terminal_and_log_obey_nothing(re.sub(r"<(style|script)>.*?</\1>", "", source, flags=re.DOTALL))


@pytest.mark.parametrize("name", DISGUISED)
def test_numbers_are_masked_wherever_they_stand_unless_asked_for(name: str) -> None:
    plan = hostile_plan(DISGUISED[name])
    assert_no_number(words(plan))
    assert "Phone numbers are masked" in words(plan)
    with pytest.raises(AssertionError):
        assert_no_number(words(hostile_plan(DISGUISED["plain"]), show_phones=True))


def test_with_phones_the_page_says_that_it_has_them() -> None:
    shown = words(samples.EVERYTHING, show_phones=True)
    assert "+12025550146" in shown
    assert "This page shows full phone numbers." in shown


def test_the_policy_lets_only_the_one_style_and_the_one_script_run() -> None:
    source = html(samples.EVERYTHING)
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', source)
    for tag, directive in (("style", "style-src"), ("script", "script-src")):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", source, re.DOTALL)
        hashed = b64encode(sha256(content.encode()).digest()).decode()
        assert f"{directive} &#39;sha256-{hashed}&#39;;" in policy
    assert "default-src &#39;none&#39;" in policy
    assert "unsafe" not in policy


def test_the_page_names_no_address_but_places_in_itself() -> None:
    page = Page(html(samples.EVERYTHING))
    given = {(key, value) for _, attributes in page.elements for key, value in attributes}
    ids = {value for key, value in given if key == "id"}
    links = {value or "" for key, value in given if key in {"href", "src", "action", "data", "srcset"}}
    assert {link for link in links if not link.startswith("#")} == {"data:,"}
    assert {link[1:] for link in links if link.startswith("#")} <= ids
    assert not {key for key, _ in given if key.startswith("on") or key == "style"}


def test_every_id_stands_once() -> None:
    page = Page(html(samples.EVERYTHING))
    ids = [value for _, attributes in page.elements for key, value in attributes if key == "id"]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    "phrase",
    [
        "Apply would be refused",
        "Refused: apply would stop before its first write gone : 2 of 2 members would be removed, the limit is 1 (25%) "
        "To override: raise it with --max-removals 2 the instance is not connected To override: scan its QR code",
        "8 groups 2 in sync 1 to create 1 to change 1 to join 1 to leave 2 to adopt found by name "
        "4 people to add 2 people to remove 2 blocked 2 refused 7 calls about 5 s",
        "Selected groups: board, project-alpha. Instance inst_abc123 From groups.yaml, more/sales.yaml "
        "As of 2026-11-21",
        "Made 2026-11-21 12:00 UTC by reconciler 0.1.0",
        "Needs a decision 3",
        "Blocked: the instance is no admin of this group: make +1 202 ••• ••00 one in the app",
        "Name no change planned Before Beta (old) After Beta",
        "Removed 1 − +1 202 ••• ••46 no change planned",
        "Refused: 2 of 2 members would be removed, the limit is 1 (25%) Leave the group.",
        "Board create the group 2 people added description board (known after apply) Create the group.",
        "Description New Only the board Added 2 + alice + carol",
        "Join through the invite link.",
        "Before Project Alfa After Project Alpha",
        "Before (none) After Team workspace for Project Alpha Ask alice",
        "+ Bob Marsh until 2026-12-31 · contractor",
        'adopt found by previous name "Project Alfa"; run reconciler pin to write its id into the file',
        "pending invite carol – to come by the invite link https://chat.whatsapp.com/Code12345678",
        "unidentified (unidentified), 76699677012110@lid – they stay",
        "Membership changes by person 5",
        "expires soon Bob Marsh (until 2026-12-31, contractor) – within the next 14 days",
        "7 live groups are not in the file",
        "adopt adopted: found by name; run reconciler pin to write its id into the file",
        "In sync 2 Adopted Same",
    ],
)
def test_the_page_says_all_that_the_plan_has(phrase: str) -> None:
    assert phrase in words(samples.EVERYTHING)


@pytest.mark.parametrize(
    ("plan", "drift", "title"),
    [
        (samples.SMALL, False, "2 groups would change"),
        (samples.SMALL, True, "2 groups differ from the configuration"),
        (replace(samples.SMALL, groups=(samples.NEW,)), True, "1 group differs from the configuration"),
        (samples.NOTHING, False, "No changes"),
        (samples.NOTHING, True, "No drift"),
        (samples.WATCHED, False, "No changes"),
        (samples.WATCHED, True, "No drift to correct"),
        (samples.EVERYTHING, True, "Apply would be refused"),
        (replace(samples.EVERYTHING, refusals=()), False, "4 groups would change, 2 are blocked"),
        (replace(samples.EMPTY, groups=(samples.LOST,)), True, "1 group is blocked"),
    ],
)
def test_the_title_says_the_main_thing(plan: Plan, drift: bool, title: str) -> None:
    assert page_of(plan, drift=drift).view.headline == title
    assert f"<h1>{title}</h1>" in html(plan, drift=drift)


def test_the_number_of_groups_says_which_are_in_sync_and_which_are_only_observed() -> None:
    assert "3 groups 2 in sync, 1 observed only" in words(samples.WATCHED)


def test_where_nothing_is_pending_there_is_nothing_to_filter() -> None:
    source = html(samples.EMPTY)
    assert "<form" not in source
    assert "<script" not in source
    assert "No changes: no groups are selected." in source


def test_an_expired_membership_is_shown_with_its_last_day() -> None:
    group = replace(samples.ALPHA, remove=(samples.BOB,), steps=())
    assert "− Bob Marsh last day was 2026-12-31 · contractor no change planned" in article(group)


def test_the_cause_of_a_difference_is_shown_beside_it() -> None:
    causes = (
        ItemCause(DriftItem.NAME, DriftCause.MANUAL),
        ItemCause(DriftItem.ADD, DriftCause.NOT_APPLIED, samples.BOB.ref_id),
        ItemCause(DriftItem.REMOVE, DriftCause.BOTH, samples.STRANGER.ref_id),
    )
    text = article(replace(samples.ALPHA, drift_causes=causes))
    assert "After Project Alpha changed manually Description" in text
    assert "+ alice + Bob Marsh until 2026-12-31 · contractor · not applied yet" in text
    assert "+1 202 ••• ••46 changed manually and in the configuration − +55 319" in text
    by_hand = (ItemCause(DriftItem.GROUP, DriftCause.MANUAL),)
    assert "Join through the invite link (changed manually)." in article(replace(samples.JOINED, drift_causes=by_hand))
    assert "1@g.us, 2@g.us (changed manually)" in article(replace(samples.LOST, drift_causes=by_hand))


def test_decisions_come_before_changes_and_changes_before_notices() -> None:
    known = replace(samples.SAME, key="known", advice=(Advice(AdviceKind.ADMIN, saying("promote by hand")),))
    page = page_of(replace(samples.EVERYTHING, groups=(*samples.EVERYTHING.groups, known)))
    assert [(title, [group.key for group in groups]) for title, groups in page.stacks.items()] == [
        ("Needs a decision", ["beta", "gone", "lost"]),
        ("Changes", ["board", "club", "project-alpha"]),
        ("Notices", ["known"]),
    ]
    assert [group.key for group in page.view.quiet] == ["adopted", "same"]


@pytest.mark.parametrize(
    ("group", "words"),
    [
        (replace(samples.ALPHA, live=None), 'found by previous name "Project Alfa";'),
        (replace(samples.ALPHA, live=None, field_changes=()), "found by a previous name;"),
    ],
)
def test_a_card_says_by_which_name_an_adopted_group_was_found(group: GroupPlan, words: str) -> None:
    assert f"adopt {words} run reconciler pin to write its id into the file" in article(group)


def test_a_card_takes_the_id_from_the_live_group_where_the_plan_has_none() -> None:
    assert f"beta {samples.BETA_ID} " in article(replace(samples.BLOCKED, id=None))
    assert "lost (no live group) " in article(samples.LOST)


def lines(segment: Segment) -> str:
    return "|".join(plain_text((line,), samples.MASKED) for line in segment.lines)


def shown(text: TextChange, *, show_phones: bool = False) -> tuple[str | None, str, str]:
    """Before and after with the marked words in brackets and line ends as bars, and the remark."""
    view = mark_differences(text, RenderOptions(show_phones=show_phones))
    before, after = (
        None if runs is None else "".join(f"[{lines(run)}]" if run.changed else lines(run) for run in runs)
        for runs in (view.before, view.after)
    )
    return before, after or "", view.remark


@pytest.mark.parametrize(
    ("change", "before", "after", "remark"),
    [
        (TextChange("name", Untrusted("Project Alfa"), "Project Alpha"), "Project [Alfa]", "Project [Alpha]", ""),
        (TextChange("name", None, "Board"), None, "Board", ""),
        (TextChange("description", Untrusted(""), "x"), "", "[x]", ""),
        (TextChange("description", Untrusted("x"), ""), "[x]", "", ""),
        (TextChange("name", Untrusted("Sales"), "Zebras and others"), "[Sales]", "[Zebras and others]", ""),
        (TextChange("name", Untrusted("a\r\nb"), "a b"), "a[\\r\\n]b", "a[ ]b", ""),
        (TextChange("description", Untrusted("a\r\nb c"), "a\nb d"), "a|b [c]", "a|b [d]", ""),
        (
            TextChange("description", Untrusted("ask +1 202 555 0143"), "ask +1 202 555 0243"),
            "ask +1 202 ••• ••43",
            "ask +1 202 ••• ••43",
            "a masked number differs",
        ),
        (TextChange("name", Untrusted("::x y"), "::x z"), "\\x3a:x [y]", "\\x3a:x [z]", ""),
    ],
)
def test_the_words_that_differ_are_marked(change: TextChange, before: str | None, after: str, remark: str) -> None:
    assert shown(change) == (before, after, remark)


def test_a_number_is_masked_before_a_text_is_cut_through_it() -> None:
    long = "a" * 3990 + " +1 202 555 0143 and more"
    before, after, remark = shown(TextChange("description", Untrusted("b"), long))
    assert "555" not in after
    assert before == "[b]"
    assert remark == "15 more characters are not shown"


def test_a_hostile_text_does_not_take_for_ever_to_compare() -> None:
    old, new = "a b " * 1000, "b a " * 999 + "c"
    before, after, _ = shown(TextChange("description", Untrusted(old), new))
    assert before is not None
    assert before.replace("[", "").replace("]", "") == old
    assert after.replace("[", "").replace("]", "") == new


def crowded(groups: int, people: int) -> Plan:
    """Each of so many groups takes in so many people, the same ones everywhere."""
    crowd = tuple(samples.who(f"1202555{number:04}", f"p{number:04}") for number in range(people))
    return Plan(
        instance_id="inst_abc123",
        as_of=samples.SMALL.as_of,
        groups=tuple(
            GroupPlan(
                key=f"g{number:03}",
                name=Untrusted(f"Group {number}"),
                id=f"{number}@g.us",
                matched_by=MatchedBy.ID,
                add=crowd,
                steps=(
                    Step(
                        group=f"g{number:03}",
                        action=Action.ADD,
                        phase=Phase.BUILD,
                        group_id=f"{number}@g.us",
                        people=crowd,
                    ),
                ),
            )
            for number in range(groups)
        ),
    )


@pytest.mark.parametrize(("groups", "people", "table"), [(12, 40, True), (13, 40, False), (12, 41, False)])
def test_people_and_groups_are_a_table_as_long_as_it_can_be_seen_at_once(groups: int, people: int, table: bool) -> None:
    page = page_of(crowded(groups, people))
    assert bool(page.columns) is table
    assert len(page.people) == people
    assert ("<table>" in html(crowded(groups, people))) is table


def test_somebody_who_moves_has_one_row_with_both_groups() -> None:
    coming = GroupPlan(key="a", name=Untrusted("A"), add=(samples.ALICE,))
    going = GroupPlan(key="b", name=Untrusted("B"), remove=(replace(samples.ALICE, jid="other"),))
    plan = replace(samples.EMPTY, groups=(coming, going))
    (row,) = page_of(plan).people
    assert [(group.key, item.added, item.planned) for group, item in row.groups] == [
        ("a", True, False),
        ("b", False, False),
    ]


def test_many_groups_that_were_merely_found_by_name_are_one_note() -> None:
    groups = tuple(replace(samples.ADOPTED, key=f"group {number}") for number in range(3))
    plan = replace(samples.EMPTY, groups=groups)
    assert (
        "adopt group 0, group 1, group 2: found by name; run reconciler pin to write their ids into the file"
        in words(plan)
    )
    assert "<article" not in html(plan)


def test_a_long_list_of_names_in_a_note_can_be_folded() -> None:
    note = Advice(AdviceKind.UNMANAGED, saying("9 live groups"), names=tuple(Untrusted(f"Chat {n}") for n in range(9)))
    source = html(replace(samples.EMPTY, advice=(note,)))
    assert '<details class="more" open><summary>9 groups</summary>' in source
    assert "&#34;Chat 8&#34;" in source


def test_a_shard_says_which_part_of_the_groups_it_is() -> None:
    plan = replace(samples.EMPTY, shard=ShardInfo(2, 5, 83))
    assert "Shard 2/5: 0 of 83 groups. Instance" in words(plan)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("2026-11-21T13:59:59+02:00", "Made 2026-11-21 11:59 UTC by"),
        ("2026-11-21T13:59:59", "Made 2026-11-21T13:59:59 by"),
        ("0001-01-01T00:00:00+23:00", "Made 0001-01-01T00:00:00+23:00 by"),
        ("9999-12-31T23:59:59-01:00", "Made 9999-12-31T23:59:59-01:00 by"),
        ("<now>\u202e", "Made <now>\\u202e by"),
    ],
)
def test_when_a_plan_was_made_is_told_in_utc(written: str, told: str) -> None:
    assert told in words_of(samples.saved(samples.EMPTY, made_at=written))


def test_from_many_files_only_the_first_are_named() -> None:
    sources = tuple(replace(samples.SOURCES[0], path=f"{number}.yaml") for number in range(7))
    saved = replace(samples.saved(samples.EMPTY), sources=sources)
    assert "0.yaml, 1.yaml, 2.yaml, 3.yaml, 4.yaml and 2 more" in render_plan_html(saved, samples.MASKED)
