"""The HTML page as text: what stands in it, that nothing in it is obeyed, and that it asks nobody for anything."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from reconciler.diff.change import Advice, AdviceKind, MatchedBy, TextChange
from reconciler.model.person_ref import PersonRef
from reconciler.model.run_context import Reference, RunContext
from reconciler.model.text import Untrusted
from reconciler.plan.file_format import SavedPlan
from reconciler.plan.model import Action, GroupPlan, Phase, Plan, Step
from reconciler.plan.revision import DriftCause, DriftItem, ItemCause
from reconciler.plan.shard import ShardInfo
from reconciler.report.html.page import Page as PlanPage
from reconciler.report.html.page import plan_page
from reconciler.report.html.render import render_plan_html
from reconciler.report.html.text_diff import Segment, mark_differences
from reconciler.report.options import RenderOptions
from reconciler.report.pieces import plain_text
from reconciler.report.plan_view import plan_view
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


def words_of(saved: SavedPlan, **options: Any) -> str:
    """The same of a plan with its origin."""
    page = render_plan_html(saved, RenderOptions(**options))
    source = re.sub(r"<(style|script)>.*?</\1>", "", page, flags=re.DOTALL)
    return " ".join(" ".join(text for text, _ in Page(source).texts).split())


def article(group: GroupPlan) -> str:
    """What a reader sees of a group's card."""
    source = html(replace(samples.EMPTY, groups=(group,)))
    (card,) = re.findall(r"<article.*?</article>", source, flags=re.DOTALL)
    return " ".join(" ".join(text for text, _ in Page(card).texts).split())


def moving(group: str, action: Action, person: PersonRef) -> Step:
    """A step that adds or removes one person."""
    return Step(group=group, action=action, phase=Phase.BUILD, group_id="1@g.us", people=(person,))


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
        "Why apply refuses it Gone : 2 of 2 members would be removed, the limit is 1 (25%) "
        "What to do: raise it with --max-removals 2 the instance is not connected What to do: scan its QR code "
        "Not sure? Ask the person who changed the configuration. Nothing changes until this is settled.",
        "Blocked 2 Beta : the instance is no admin of this group: make +1 202 ••• ••00 one in the app "
        "Lost : two live groups bear this name: 1@g.us, 2@g.us Leaves 2 Joins 3 6 groups 3 notices 2 unchanged",
        "Leaves 2 Copy list +1 202 ••• ••46 Project Alpha +55 319 ••• ••00 Project Alpha",
        "Joins 3 Copy list alice +1 202 ••• ••43 Board Project Alpha Bob Marsh bob +1 202 ••• ••44 until 2026-12-31 · "
        "contractor Project Alpha carol +1 202 ••• ••45 Board",
        "No change planned 2 alice +1 202 ••• ••43 would join + Beta +1 202 ••• ••46 would leave − Beta Groups 6",
        "Selected groups: board, project-alpha. Why",
        "Beta blocked Blocked: the instance is no admin of this group: make +1 202 ••• ••00 one in the app",
        "Name no change planned Before Beta (old) After Beta",
        "No change planned 2 alice not in the group +1 202 ••• ••46 in the group, not in the configuration",
        "Gone refused leave the group Refused: see why and what to do Leave the group.",
        "Board create the group 2 people join new description Create the group.",
        "Description New Only the board Joins 2 alice carol board (known after apply)",
        "Join through the invite link.",
        "Before Project Alfa After Project Alpha",
        "Before (none) After Team workspace for Project Alpha Ask alice",
        "alice Bob Marsh bob until 2026-12-31 · contractor",
        'adopt found by previous name "Project Alfa"; run reconciler pin to write its id into the file',
        "pending invite carol – to come by the invite link https://chat.whatsapp.com/Code12345678",
        "unidentified (unidentified), 76699677012110@lid – they stay",
        "expires soon Bob Marsh (bob, until 2026-12-31, contractor) – within the next 14 days",
        "7 live groups are not in the file",
        "adopt adopted: found by name; run reconciler pin to write its id into the file",
        "Unchanged 2 Adopted adopted Same same Takes 11 calls, about 7 s From groups.yaml, more/sales.yaml "
        "Made 2026-11-21 12:00 UTC by reconciler 0.1.0 As of 2026-11-21 Instance inst_abc123",
    ],
)
def test_the_page_says_all_that_the_plan_has(phrase: str) -> None:
    assert phrase in words(samples.EVERYTHING)


@pytest.mark.parametrize("drift", [False, True])
@pytest.mark.parametrize("plan", [samples.SMALL, samples.NOTHING, samples.WATCHED, samples.EVERYTHING])
def test_the_title_says_the_main_thing(plan: Plan, drift: bool) -> None:
    headline = plan_view(plan, drift=drift).headline
    assert f"<h1>{headline}</h1>" in html(plan, drift=drift)
    assert f"<title>{'Drift' if drift else 'Plan'}: {headline}</title>" in html(plan, drift=drift)


def test_the_answer_comes_first_and_the_small_print_last() -> None:
    text = words(samples.EVERYTHING)
    order = ["Why apply refuses it", "Blocked 2", "Leaves 2 Copy", "Joins 3 Copy", "Groups 6", "Notices", "Unchanged 2"]
    places = [text.index(heading) for heading in [*order, "11 calls", "As of", "inst_abc123"]]
    assert places == sorted(places)


def test_nothing_that_is_0_is_on_the_page() -> None:
    for plan in (samples.SMALL, samples.NOTHING, replace(samples.EMPTY, groups=(samples.LOST,))):
        assert not re.search(r"(?<![\w.:-])0 (?!s\b)", words(plan))


def test_what_is_refused_is_said_once_and_the_card_links_to_it() -> None:
    assert words(samples.EVERYTHING).count("the limit is 1 (25%)") == 1
    assert '<a href="#refused">see why and what to do</a>' in html(samples.EVERYTHING)


def test_a_group_that_differs_and_is_only_observed_has_a_notice() -> None:
    assert "Notices adopt" in words(samples.WATCHED)
    assert 'observed only name is "Same", the file says "Other"' in words(samples.WATCHED)


def test_where_nothing_is_pending_there_is_nothing_to_filter() -> None:
    source = html(samples.EMPTY)
    assert "<form" not in source
    assert "<script" not in source
    assert "No changes: no groups are selected." in source


def test_an_expired_membership_is_shown_with_its_last_day() -> None:
    group = replace(samples.ALPHA, add=(), remove=(samples.BOB,), steps=())
    assert "Bob Marsh bob last day was 2026-12-31 · contractor in the group, not in the configuration" in article(group)


def test_somebody_with_a_new_number_neither_leaves_nor_joins() -> None:
    old, new = samples.who("12025550148", "eve", name="Eve"), samples.who("12025550149", "eve", name="Eve")
    steps = (moving("a", Action.ADD, new), moving("a", Action.REMOVE, old))
    group = GroupPlan(key="a", name=Untrusted("A"), add=(new,), remove=(old,), steps=steps)
    page = page_of(replace(samples.EMPTY, groups=(group,)))
    assert [(people.title, len(people.rows)) for people in page.people] == [("New number", 1)]
    assert "New number 1 Eve +1 202 ••• ••48 → +1 202 ••• ••49" in article(group)


def test_the_cause_of_a_difference_is_shown_beside_it() -> None:
    causes = (
        ItemCause(DriftItem.NAME, DriftCause.MANUAL),
        ItemCause(DriftItem.ADD, DriftCause.NOT_APPLIED, samples.BOB.ref_id),
        ItemCause(DriftItem.REMOVE, DriftCause.BOTH, samples.STRANGER.ref_id),
    )
    text = article(replace(samples.ALPHA, drift_causes=causes))
    assert "After Project Alpha changed manually Description" in text
    assert "alice Bob Marsh bob until 2026-12-31 · contractor · not applied yet" in text
    assert "+1 202 ••• ••46 changed manually and in the configuration +55 319" in text
    by_hand = (ItemCause(DriftItem.GROUP, DriftCause.MANUAL),)
    assert "Join through the invite link (changed manually)." in article(replace(samples.JOINED, drift_causes=by_hand))
    assert "1@g.us, 2@g.us (changed manually)" in article(replace(samples.LOST, drift_causes=by_hand))


def test_decisions_come_before_removals_and_removals_before_the_rest() -> None:
    known = replace(samples.SAME, key="known", advice=(Advice(AdviceKind.ADMIN, saying("promote by hand")),))
    page = page_of(replace(samples.EVERYTHING, groups=(*samples.EVERYTHING.groups, known)))
    assert [group.key for group in page.cards] == ["gone", "beta", "lost", "project-alpha", "board", "club"]
    assert [group.key for group in page.notices] == ["known"]
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
    assert article(replace(samples.BLOCKED, id=None)).endswith(f"beta {samples.BETA_ID}")
    assert article(samples.LOST).endswith("lost (no live group)")


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


def test_what_many_groups_share_is_one_card() -> None:
    page = page_of(crowded(12, 3))
    assert page.cards == ()
    text = words(crowded(12, 3))
    assert "One change, many groups 12 groups Joins 3 p0000 p0001 p0002 The 12 groups Group 0 g000" in text


def test_somebody_in_many_groups_has_the_first_as_chips_and_the_others_folded() -> None:
    source = html(crowded(12, 1))
    assert source.count('class="chip joins"') == 12
    assert "<summary>and 4 more</summary>" in source


def test_a_long_list_of_people_begins_with_the_first_and_a_huge_one_counts_groups() -> None:
    assert "<summary>35 more</summary>" in html(crowded(4, 60))
    assert "p0000 +1 202 ••• ••00 40 groups" in words(crowded(40, 60))


def test_many_cards_begin_closed_but_for_those_with_a_decision() -> None:
    blocked = replace(samples.BLOCKED, key="zzz")
    groups = tuple(replace(samples.NEW, key=f"g{number}") for number in range(10))
    assert html(replace(samples.EMPTY, groups=groups)).count("<details open>") == 10
    source = html(replace(samples.EMPTY, groups=(*groups, blocked)))
    assert source.count("<details open>") == 1


def test_a_page_of_120_groups_stays_small() -> None:
    groups = tuple(
        replace(
            group,
            steps=tuple(replace(step, people=group.add[number : number + 4]) for step in group.steps),
            add=group.add[number : number + 4],
        )
        for number, group in enumerate(crowded(120, 124).groups)
    )
    assert len(html(replace(samples.EMPTY, groups=groups)).encode()) < 300_000
    assert len(html(crowded(120, 60)).encode()) < 300_000


def test_somebody_who_moves_is_in_both_lists_and_each_names_the_other() -> None:
    alice, other = samples.ALICE, replace(samples.ALICE, jid="other")
    coming = GroupPlan(key="a", name=Untrusted("A"), add=(alice,), steps=(moving("a", Action.ADD, alice),))
    going = GroupPlan(key="b", name=Untrusted("B"), remove=(other,), steps=(moving("b", Action.REMOVE, other),))
    text = words(replace(samples.EMPTY, groups=(coming, going)))
    assert "Leaves 1 Copy list alice +1 202 ••• ••43 B also joins A" in text
    assert "Joins 1 Copy list alice +1 202 ••• ••43 A also leaves B" in text


def test_groups_are_called_by_their_names_and_their_keys_stand_beside() -> None:
    source = html(samples.SMALL)
    assert '<a class="chip joins" href="#g1"><bdi>Board</bdi></a>' in source
    assert "<bdi>board</bdi>" not in source.replace("<code><bdi>board</bdi></code>", "")


def test_the_page_says_of_a_drift_what_is_and_not_what_will_be() -> None:
    text = words_of(samples.saved(samples.SMALL), drift=True)
    assert "In a group, not in the configuration 2" in text
    assert "Missing from a group 3" in text
    assert "Leaves" not in text


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
    assert '<details class="more"><summary>9 groups</summary>' in source
    assert "&#34;Chat 8&#34;" in source


def test_a_shard_says_which_part_of_the_groups_it_is() -> None:
    plan = replace(samples.EMPTY, shard=ShardInfo(2, 5, 83))
    assert "Shard 2/5: 0 of 83 groups. No changes" in words(plan)


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


SHA = "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d"
RUN = RunContext(
    commit=Reference(SHA, f"https://github.com/club/groups/commit/{SHA}"),
    pull_request=Reference("#12", "https://github.com/club/groups/pull/12"),
    actor=Reference("octocat", "https://github.com/octocat"),
    run=Reference("9876", "https://github.com/club/groups/actions/runs/9876"),
)


def links_out(run: RunContext) -> list[str | None]:
    """The addresses of other pages."""
    page = Page(render_plan_html(samples.saved(samples.SMALL), RenderOptions(run=run)))
    links = [dict(attributes).get("href") for tag, attributes in page.elements if tag == "a"]
    return [link for link in links if link is not None and not link.startswith("#")]


def test_a_page_made_in_ci_links_back_to_where_it_is_from() -> None:
    assert links_out(RUN) == [one.url for one in (RUN.pull_request, RUN.commit, RUN.actor, RUN.run) if one]
    text = words_of(samples.saved(samples.SMALL), run=RUN)
    assert "Pull request #12 · commit 1a2b3c4d5 · started by octocat · run" in text
    assert links_out(RunContext()) == []


def test_on_gitlab_it_is_a_merge_request_and_a_commit_of_digits_is_no_phone_number() -> None:
    run = RunContext(commit=Reference("1202555014320255", "https://g.example/-/commit/1"), pull_request=Reference("!3"))
    text = words_of(samples.saved(samples.SMALL), run=run)
    assert "Merge request !3 · commit 120255501" in text


def test_who_can_decide_on_a_refusal_is_the_author_of_the_pull_request() -> None:
    assert "Ask the author of #12 . Nothing" in words_of(samples.saved(samples.EVERYTHING), run=RUN)
    alone = RunContext(actor=Reference("octocat"))
    assert "Ask octocat . Nothing" in words_of(samples.saved(samples.EVERYTHING), run=alone)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_environment_makes_no_element(name: str) -> None:
    hostile = Reference(HOSTILE[name])
    run = RunContext(commit=hostile, pull_request=hostile, actor=hostile, run=hostile)
    harmless = RunContext(commit=Reference("x"), pull_request=Reference("x"), actor=Reference("x"), run=Reference("x"))
    pages = [
        Page(render_plan_html(samples.saved(samples.EVERYTHING), RenderOptions(run=one))) for one in (run, harmless)
    ]
    assert pages[0].elements == pages[1].elements


def test_a_plan_as_of_another_day_says_so_at_the_top() -> None:
    saved = samples.saved(samples.EMPTY, made_at="2026-05-01T12:00:00+00:00")
    assert "No changes As of 2026-11-21." in words_of(saved)
