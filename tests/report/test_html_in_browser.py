"""The HTML page in a real browser: it filters, prints, can be read by everybody, and does nothing behind one's back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Route, expect

from reconciler.diff.change import Advice, AdviceKind, MatchedBy, TextChange
from reconciler.model.live import LiveGroup
from reconciler.model.text import Untrusted
from reconciler.plan.model import Action, GroupPlan, Phase, Plan, Refusal, Step
from reconciler.report.html.render import render_plan_html
from reconciler.sanitize.escape import escape_controls
from tests.browser import chromium, installed
from tests.builders import saying
from tests.report import report_samples as samples
from tests.sanitize.hostile_texts import HOSTILE

CHROMIUM = installed()

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed here (.ci/browser installs one)")

Scheme = Literal["light", "dark"]


@dataclass
class Opened:
    """An open page, and what it did that it should not."""

    page: Page
    asked_for: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def titles(self) -> list[str]:
        """The headings of the cards that can be seen."""
        return self.page.locator("article.card:visible h3").all_text_contents()

    def people(self) -> list[str]:
        """Who can be seen among the people who gain and lose something."""
        names = self.page.locator("[data-find=person]:visible").locator(".name")
        return [name.strip() for name in names.all_text_contents()]


Open = Callable[..., Opened]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium(CHROMIUM or "") as started:
        yield started


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Open a plan as a file. Afterwards: nothing was asked of any network, and the console stayed empty."""
    pages: list[Opened] = []

    def load(
        plan: Plan = samples.EVERYTHING,
        *,
        scheme: Scheme = "light",
        script: bool = True,
        width: int = 1000,
        hash_: str = "",
    ) -> Opened:
        file = tmp_path / "plan.html"
        file.write_text(render_plan_html(samples.saved(plan), samples.MASKED), encoding="utf-8")
        context = browser.new_context(
            color_scheme=scheme, java_script_enabled=script, viewport={"width": width, "height": 800}
        )
        seen = Opened(context.new_page())
        pages.append(seen)

        def told(message: ConsoleMessage) -> None:
            seen.said.append(message.text)

        def asked(route: Route) -> None:
            if route.request.url == file.as_uri():
                route.continue_()
            else:
                seen.asked_for.append(route.request.url)
                route.abort()

        seen.page.on("console", told)
        seen.page.on("pageerror", lambda error: seen.said.append(str(error)))
        seen.page.on("dialog", lambda dialog: seen.said.append(dialog.message))
        context.route("**/*", asked)
        seen.page.goto(file.as_uri() + hash_)
        return seen

    yield load
    for seen in pages:
        with closing(seen.page.context):
            assert seen.said == []
            assert seen.asked_for == []


ALL_TITLES = ["Gone", "Beta", "Lost", "Project Alpha", "Board", "Club"]
LEAVING, JOINING = ["+1 202 ••• ••46", "+55 319 ••• ••00"], ["alice", "Bob Marsh", "carol"]
ALL_PEOPLE = [*LEAVING, *JOINING, "alice", "+1 202 ••• ••46"]


@pytest.mark.parametrize(
    ("query", "titles", "people", "told"),
    [
        ("", ALL_TITLES, ALL_PEOPLE, ""),
        ("marsh", ["Project Alpha"], ["Bob Marsh"], "1 of 5 people, 1 of 8 groups"),
        ("bob", ["Project Alpha"], ["Bob Marsh"], "1 of 5 people, 1 of 8 groups"),
        ("202 ••• ••44", ["Project Alpha"], ["Bob Marsh"], "1 of 5 people, 1 of 8 groups"),
        ("project-alpha", ["Project Alpha"], [*LEAVING, "alice", "Bob Marsh"], "4 of 5 people, 1 of 8 groups"),
        ("  PROJECT alice ", ["Project Alpha"], ["alice"], "1 of 5 people, 1 of 8 groups"),
        ("script", [], [], "0 of 5 people, 0 of 8 groups"),
        ("before", [], [], "0 of 5 people, 0 of 8 groups"),
        ("beta", ["Beta"], ["alice", "+1 202 ••• ••46"], "2 of 5 people, 1 of 8 groups"),
        ("workspace", ["Project Alpha"], [], "0 of 5 people, 1 of 8 groups"),
        ("blocked", ["Beta", "Lost"], [], "0 of 5 people, 2 of 8 groups"),
        ("alice", ["Beta", "Project Alpha", "Board"], ["alice", "alice"], "1 of 5 people, 3 of 8 groups"),
        ("álîçe", ["Beta", "Project Alpha", "Board"], ["alice", "alice"], "1 of 5 people, 3 of 8 groups"),
        ("nobody", [], [], "0 of 5 people, 0 of 8 groups"),
    ],
)
def test_the_filter_shows_what_has_every_word_and_says_how_much_that_is(
    opened: Open, query: str, titles: list[str], people: list[str], told: str
) -> None:
    seen = opened()
    seen.page.get_by_label("Find").fill(query)
    assert seen.titles() == titles
    assert seen.people() == people
    assert seen.page.locator("output").text_content() == told
    assert seen.page.get_by_text("Nothing on this page matches.").is_visible() is (not titles)
    assert seen.page.locator("#groups").is_visible() is bool(titles)


def test_only_removals_hides_who_joins_and_groups_that_nobody_leaves(opened: Open) -> None:
    seen = opened()
    seen.page.get_by_role("button", name="Only removals").click()
    assert seen.titles() == ["Gone", "Project Alpha"]
    assert seen.people() == LEAVING
    expect(seen.page.locator(".moves.add:visible")).to_have_count(0)
    seen.page.get_by_role("button", name="Only removals").click()
    assert seen.titles() == ALL_TITLES


def test_a_filter_and_an_order_are_in_the_address_and_can_be_sent(opened: Open) -> None:
    seen = opened()
    seen.page.get_by_label("Find").fill("köhler & co")
    seen.page.get_by_role("button", name="Only removals").click()
    seen.page.get_by_label("Sort by").select_option("name", force=True)
    assert seen.page.evaluate("() => location.hash") == "#q=k%C3%B6hler+%26+co&only=removals&sort=name"
    other = opened(hash_="#q=alice&only=removals&sort=name")
    expect(other.page.get_by_label("Find")).to_have_value("alice")
    assert other.titles() == ["Project Alpha"]
    other.page.evaluate("() => { location.hash = '#sort=name' }")
    expect(other.page.get_by_label("Find")).to_have_value("")
    assert other.titles() == sorted(ALL_TITLES)
    other.page.get_by_label("Sort by").select_option("")
    assert other.titles() == ALL_TITLES
    assert other.page.evaluate("() => location.hash") == ""


def test_groups_can_be_sorted_by_removals(opened: Open) -> None:
    seen = opened()
    seen.page.get_by_label("Sort by").select_option("removals")
    assert seen.titles() == ["Project Alpha", "Gone", "Beta", "Lost", "Board", "Club"]


def test_a_list_can_be_copied_with_names_aliases_and_groups(opened: Open) -> None:
    page = opened().page
    page.evaluate("() => { navigator.clipboard.writeText = async (text) => { window.copied = text } }")
    page.get_by_role("button", name="Copy list").nth(1).click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("() => window.copied") == (
        "alice: Board, Project Alpha\nBob Marsh (bob): Project Alpha\ncarol: Board"
    )


def test_a_found_person_opens_what_is_folded_and_dims_the_others_of_a_card(opened: Open) -> None:
    seen = opened(many_groups(12, 120, 20))
    expect(seen.page.locator("article.card > details[open]")).to_have_count(0)
    seen.page.get_by_label("Find").fill("person 0090")
    assert seen.people() == ["person 0090"]
    expect(seen.page.locator("li.hit")).to_have_count(seen.page.locator("article.card:visible").count())
    color = "one => getComputedStyle(one.querySelector('bdi')).color"
    found, other = (
        seen.page.locator(f".both.searched li{kind}").first.evaluate(color) for kind in (".hit", ":not(.hit)")
    )
    assert found != other


def test_the_filter_marks_the_people_it_found_in_a_card(opened: Open) -> None:
    seen = opened()
    seen.page.get_by_label("Find").fill("bob")
    marked = seen.page.locator("li.hit bdi:first-of-type").all_text_contents()
    assert [text.strip() for text in marked] == ["Bob Marsh"]


def test_the_filter_can_be_worked_by_keyboard_alone(opened: Open) -> None:
    page = opened().page
    page.keyboard.press("/")
    expect(page.get_by_label("Find")).to_be_focused()
    page.keyboard.type("bob/")
    expect(page.get_by_label("Find")).to_have_value("bob/")
    expect(page.locator("article.card:visible")).to_have_count(0)
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(page.locator("article.card:visible")).to_have_count(6)
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Only removals")).to_be_focused()
    page.get_by_role("button", name="Close all").focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Open all")).to_be_focused()
    expect(page.locator("article.card > details[open]")).to_have_count(0)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("article.card > details[open]")).to_have_count(1)
    page.keyboard.press("Control+/")
    expect(page.get_by_label("Find")).not_to_be_focused()


def test_a_link_opens_the_card_it_leads_to_even_where_the_filter_hides_it(opened: Open) -> None:
    seen = opened()
    seen.page.get_by_role("button", name="Close all").click()
    seen.page.get_by_label("Find").fill("carol")
    seen.page.get_by_label("Find").evaluate("() => { location.hash = '#g2' }")
    beta = seen.page.locator("#g2")
    expect(beta.get_by_text("Blocked:")).to_be_visible()
    expect(beta).to_be_in_viewport()
    assert seen.titles() == ALL_TITLES
    seen.page.evaluate("() => { location.hash = '#nowhere' }")


def test_without_script_everything_is_there_and_nothing_that_needs_it(opened: Open) -> None:
    seen = opened(script=False)
    assert seen.titles() == ALL_TITLES
    assert seen.people() == ALL_PEOPLE
    expect(seen.page.get_by_text("to come by the invite link https://chat.whatsapp.com")).to_be_visible()
    expect(seen.page.get_by_label("Find")).to_be_hidden()
    expect(seen.page.get_by_role("button")).to_have_count(0)
    assert seen.page.locator("details:not([open])").count() == 0


def hostile_group(key: str, text: str) -> GroupPlan:
    who = replace(samples.STRANGER, alias=text, reason=text)
    steps = (
        Step(group=key, action=Action.PATCH, phase=Phase.BUILD, group_id="1@g.us", name=text, description=text),
        Step(group=key, action=Action.ADD, phase=Phase.BUILD, group_id="1@g.us", people=(who,)),
    )
    return GroupPlan(
        key=key,
        name=Untrusted(text),
        id=text,
        matched_by=MatchedBy.PREVIOUS_NAME,
        field_changes=(TextChange("name", Untrusted(f"{text}!"), text), TextChange("description", Untrusted(""), text)),
        add=(who,),
        remove=(replace(who, identity=samples.ALICE.identity),),
        steps=steps,
        blocked=(saying(text),),
        advice=(Advice(AdviceKind.KEPT, saying(text), (who,), names=(Untrusted(text),)),),
        live=LiveGroup(id=text, name=Untrusted(text), description=Untrusted(text)),
    )


def everything_hostile() -> Plan:
    groups = tuple(hostile_group(f"{number:02} {text}", text) for number, text in enumerate(HOSTILE.values()))
    refusals = tuple(Refusal(saying(text), saying(text), text) for text in HOSTILE.values())
    notes = tuple(Advice(AdviceKind.UNMANAGED, saying(text), names=(Untrusted(text),) * 9) for text in HOSTILE.values())
    return Plan(
        instance_id="inst",
        as_of=samples.SMALL.as_of,
        groups=groups,
        refusals=refusals,
        advice=notes,
        targets=tuple(HOSTILE.values()),
    )


def test_hostile_texts_stay_texts_in_a_browser(opened: Open) -> None:
    seen = opened(everything_hostile())
    assert sorted(seen.titles()) == sorted(escape_controls(text) for text in HOSTILE.values())
    expect(seen.page.locator("script")).to_have_count(1)
    expect(seen.page.locator("img, iframe, object, embed, svg, video, meta[http-equiv=refresh]")).to_have_count(0)
    assert seen.page.locator("b").evaluate_all("all => all.filter(b => b.attributes.length).length") == 0
    assert all(link.startswith("#") for link in attributes(seen.page, "a", "href"))
    seen.page.get_by_label("Find").fill("<script>")
    assert sorted(seen.titles()) == sorted(escape_controls(text) for text in HOSTILE.values() if "<script>" in text)


def attributes(page: Page, tag: str, name: str) -> list[str]:
    """This attribute of all these elements."""
    found: list[str] = page.locator(tag).evaluate_all(f"all => all.map(one => one.getAttribute('{name}'))")
    return found


def test_the_policy_stops_a_script_that_got_in_all_the_same(browser: Browser, tmp_path: Path) -> None:
    source = render_plan_html(samples.saved(samples.SMALL), samples.MASKED)
    file = tmp_path / "forged.html"
    forged = "<script>window.owned = 1</script><img src=x onerror='window.owned = 1'><style>body{display:none}</style>"
    file.write_text(source.replace("<main>", f"<main>{forged}"), encoding="utf-8")
    with closing(browser.new_context()) as context:
        page = context.new_page()
        page.goto(file.as_uri())
        assert page.evaluate("() => window.owned") is None
        expect(page.locator("h1")).to_be_visible()


# For each text on the page: its colour against what is painted behind it, as WCAG 2 counts contrast.
CONTRASTS = """() => {
  const numbers = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = (color) => {
    const [r, g, b] = numbers(color).slice(0, 3).map((c) => c / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if ((numbers(color)[3] ?? 1) === 1) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const text = (one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  return [...document.body.querySelectorAll("*")]
    .filter((one) => text(one) && one.checkVisibility())
    .map((one) => {
      const [a, b] = [light(getComputedStyle(one).color), light(behind(one))].sort((x, y) => y - x);
      return [(a + 0.05) / (b + 0.05), one.outerHTML.slice(0, 80)];
    });
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read_against_its_background(opened: Open, scheme: Scheme) -> None:
    seen = opened(scheme=scheme)
    seen.page.get_by_label("Find").fill("a")
    measured: list[tuple[float, str]] = seen.page.evaluate(CONTRASTS)
    assert len(measured) > 100
    assert [found for found in measured if found[0] < 4.5] == []


def test_light_and_dark_follow_the_reader(opened: Open) -> None:
    ground = "() => getComputedStyle(document.body).backgroundColor"
    light, dark = (opened(scheme=scheme).page.evaluate(ground) for scheme in ("light", "dark"))
    assert sum(map(int, re.findall(r"\d+", light))) > 600
    assert sum(map(int, re.findall(r"\d+", dark))) < 150


@pytest.mark.parametrize("width", [320, 375, 1000])
def test_the_page_is_never_wider_than_its_window(opened: Open, width: int) -> None:
    long = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen" * 3
    who = replace(samples.ALICE, alias=long, reason=long)
    text = (TextChange("name", Untrusted(long), f"{long}x"), TextChange("description", Untrusted(long), ""))
    group = GroupPlan(
        key=long,
        name=Untrusted(long),
        id=long,
        field_changes=text,
        add=(who,),
        blocked=(saying(long),),
        advice=(Advice(AdviceKind.KEPT, saying(long)),),
    )
    plan = replace(samples.EVERYTHING, groups=(group, *samples.EVERYTHING.groups), instance_id=long)
    page = opened(plan, width=width).page
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [320, 375, 1000])
def test_no_chip_and_no_number_breaks_into_two_lines(opened: Open, width: int) -> None:
    page = opened(width=width).page
    boxes: list[int] = page.evaluate(
        "() => [...document.querySelectorAll('.chip, .number, .jumps a, .badge')].map(o => o.getClientRects().length)"
    )
    assert len(boxes) > 10
    assert set(boxes) == {1}


@pytest.mark.parametrize("plan", [samples.SMALL, samples.EVERYTHING])
def test_a_telephones_first_screen_has_the_answer(opened: Open, plan: Plan) -> None:
    page = opened(replace(plan, refusals=()), width=375).page
    for answer in ("h1", "#blocked, #leaves"):
        expect(page.locator(answer).first).to_be_in_viewport()
    heights = page.locator(".facts dt").evaluate_all("all => all.map(one => one.offsetHeight)")
    assert len(set(heights)) == 1


def test_headings_go_down_one_level_at_a_time_and_every_region_has_a_name(opened: Open) -> None:
    page = opened().page
    levels: list[int] = page.evaluate("() => [...document.querySelectorAll('h1,h2,h3,h4')].map(h => +h.tagName[1])")
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    named: list[str] = page.evaluate(
        "() => [...document.querySelectorAll('[aria-labelledby]')]"
        ".map(one => document.getElementById(one.getAttribute('aria-labelledby')).textContent.trim())"
    )
    assert len(named) == page.locator("section, [role=region]").count()
    assert all(named)


def test_on_paper_everything_is_open_and_there_is_nothing_to_press(opened: Open) -> None:
    note = Advice(AdviceKind.UNMANAGED, saying("9 live groups"), names=tuple(Untrusted(f"Chat {n}") for n in range(9)))
    seen = opened(replace(samples.EVERYTHING, advice=(note,)))
    page = seen.page
    page.get_by_label("Find").fill("carol")
    page.get_by_role("button", name="Only removals").click()
    page.get_by_role("button", name="Close all").click()
    expect(page.get_by_text('"Chat 8"')).to_be_hidden()
    page.emulate_media(media="print")
    assert seen.titles() == ALL_TITLES
    assert seen.people() == ALL_PEOPLE
    expect(page.locator("#tools")).to_be_hidden()
    expect(page.locator("button:visible")).to_have_count(0)
    assert page.locator(".moves.add").first.evaluate("one => getComputedStyle(one).display") != "none"
    shown: Any = page.evaluate(
        "() => { dispatchEvent(new Event('beforeprint'));"
        " const open = document.querySelectorAll('details:not([open])').length;"
        " dispatchEvent(new Event('afterprint'));"
        " return [open, document.querySelectorAll('article details[open]').length]; }"
    )
    assert shown == [0, 0]
    assert page.pdf().startswith(b"%PDF")


def many_groups(groups: int, people: int, of_each: int) -> Plan:
    """So many groups that each take in some of so many people."""
    crowd = [samples.who(f"1202{number:07}", f"person {number:04}") for number in range(people)]
    planned = []
    for number in range(groups):
        some = tuple(crowd[(number * 7 + turn) % people] for turn in range(of_each))
        step = Step(group=f"g{number:03}", action=Action.ADD, phase=Phase.BUILD, group_id=f"{number}@g.us", people=some)
        planned.append(
            GroupPlan(
                key=f"g{number:03}", name=Untrusted(f"Group {number:03}"), id=f"{number}@g.us", add=some, steps=(step,)
            )
        )
    return Plan(instance_id="inst_abc123", as_of=samples.SMALL.as_of, groups=tuple(planned))


def test_three_hundred_groups_and_two_thousand_people_can_be_filtered(opened: Open) -> None:
    seen = opened(many_groups(300, 2000, 40))
    seen.page.get_by_label("Find").fill("person 1999")
    assert seen.people() == ["person 1999"]
    expect(seen.page.locator("output")).to_have_text(re.compile(r"^1 of 2000 people, \d of 300 groups$"))
