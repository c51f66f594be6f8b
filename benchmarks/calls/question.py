"""Runs every story and the replay in both dialects and holds the calls against the fewest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.answer import Answer, Bar, Chart, Table, Target, times
from benchmarks.calls import minimum
from benchmarks.calls.counting import Counted, Counter, counting
from benchmarks.calls.minimum import Api
from benchmarks.calls.replay import begin, file_of, months
from benchmarks.calls.stories import STORIES, Story
from benchmarks.calls.wanted import File, Wanted
from benchmarks.numbers import OWN
from benchmarks.sizes import Size

DIALECTS = {"guide": False, "reference": True}
PROSE = (
    "Counted at the server, in the log of the embedded one: every request of a plan, of an apply that makes its own "
    "plan, and of the plan after it. The fewest are computed from the world and the wish alone, by a formula that "
    "shares no code with the program:",
    "```text\n{formula}\n```",
    "So the overlap, the proof of a list's end, the second list before a create and the read-backs count as needed: "
    "each is there so that nothing unknown is taken for absent, or for done. Each cell says calls made / fewest.",
    "One list stands for many read-backs only where it proves what changed, and where nobody was added: who refuses an "
    "add has to be known before others are added. A count of people proves nobody: one who refused and one stranger "
    "leave it right.",
)


def ask(size: Size, folder: Path) -> Answer:
    """Count every story, and every month of the replayed years."""
    stories = [story for story in STORIES if not size.stories or story.name in size.stories]
    plain = [(story, _by_dialect(story, "none", folder)) for story in stories if story.paging == ("none",)]
    lists = [(story, _by_paging(story, folder)) for story in stories if story.paging != ("none",)]
    replayed = {year: _replay(year, size.history, folder) for year in size.years}
    counted = [
        *(each for _, found in plain for each in found),
        *(each for _, found in lists for each in found),
        *(each for rows in replayed.values() for _, found in rows for each in found),
    ]
    tables = [_story_table(plain)]
    tables += [_list_table(lists)] if lists else []
    tables += [_replay_table(year, rows) for year, rows in replayed.items()]
    formula = (minimum.__doc__ or "").partition("wrong in different ways.\n\n")[2].rstrip()
    return Answer(
        "calls",
        "1. Calls: made, beside the fewest that can do the work",
        tuple(part.replace("{formula}", formula) for part in PROSE),
        tuple(tables),
        _targets(counted),
        Chart("Calls of the replay", "calls", tuple(_bars(replayed))),
    )


def _targets(counted: Sequence[Counted]) -> tuple[Target, ...]:
    ratios = {what: [c.ratios[place] for c in counted] for place, what in enumerate(("plan", "apply", "plan again"))}
    worst = [Target(f"{what}: calls ÷ fewest, the worst of {len(r)}", max(r), 1.0) for what, r in ratios.items()]
    least = min(min(r) for r in ratios.values())
    return (*worst, Target("the least of all of them; below 1 the formula would be wrong", least, 1.0, least=True))


def _by_dialect(story: Story, paging: str, folder: Path) -> list[Counted]:
    return [_told(story, Api(whole, paging), folder) for whole in DIALECTS.values()]


def _by_paging(story: Story, folder: Path) -> list[Counted]:
    return [each for paging in story.paging for each in _by_dialect(story, paging, folder)]


def _told(story: Story, api: Api, folder: Path) -> Counted:
    """Make the story's world and count."""
    with counting(api, folder, story.arguments) as counter:
        ids = [_seeded(counter, story, place) for place in range(len(story.seeds))]
        wanted = (_pinned(group, story, ids) for group in story.wanted)
        return counter.count(File(tuple(wanted)), converges=story.converges)


def _seeded(counter: Counter, story: Story, place: int) -> str:
    seed = story.seeds[place]
    people = sorted(seed.people) + ([OWN] if seed.member else [])
    return counter.world.create_group(
        seed.name, people, owner=seed.owner, description=seed.description, invite_code=seed.invite
    )


def _pinned(group: Wanted, story: Story, ids: Sequence[str]) -> Wanted:
    return replace(group, id=ids[story.wanted.index(group)]) if group.key in story.pinned else group


def _replay(year: str, history: int, folder: Path) -> list[tuple[str, list[Counted]]]:
    """Each month after the first, in both dialects: guide, reference."""
    by_dialect = []
    for whole in DIALECTS.values():
        first, *later = list(months(year))[:history]
        with counting(Api(whole), folder, ("--max-removals", "100%")) as counter:
            begin(counter.world, first)
            by_dialect.append([(month.date, counter.count(file_of(month))) for month in later])
    guide, reference = by_dialect
    return [(date, [one, other]) for (date, one), (_, other) in zip(guide, reference, strict=True)]


def _cell(made: int, fewest: int) -> str:
    return f"{made:,} / {fewest:,}"


def _plan_and_apply(counted: Iterable[Counted]) -> list[str]:
    return [cell for c in counted for cell in (_cell(c.plan, c.minimum.plan), _cell(c.apply, c.minimum.apply))]


def _story_table(rows: Sequence[tuple[Story, Sequence[Counted]]]) -> Table:
    head = ("story", "guide: plan", "apply", "reference: plan", "apply")
    return Table(head, tuple((story.name, *_plan_and_apply(found)) for story, found in rows), "Stories")


def _list_table(rows: Sequence[tuple[Story, Sequence[Counted]]]) -> Table:
    """By paging, both dialects alike: the list's own calls do not depend on what an entry tells."""
    head = ("story", *(cell for paging in rows[0][0].paging for cell in (f"{paging}: plan", "apply")))
    cells = [(story.name, *_plan_and_apply(found[::2])) for story, found in rows]
    return Table(head, tuple(cells), "Lists, by the way in which the server pages them (guide dialect)")


def _replay_table(year: str, rows: Sequence[tuple[str, Sequence[Counted]]]) -> Table:
    head = ("month", "writes", "guide: plan", "apply", "reference: plan", "apply", "worst")
    cells = tuple(
        (date, f"{found[0].minimum.writes:,}", *_plan_and_apply(found), times(max(max(c.ratios) for c in found)))
        for date, found in rows
    )
    return Table(head, cells, f"Replay of {year}, from each month to the next")


def _bars(replayed: dict[str, list[tuple[str, list[Counted]]]]) -> Iterable[Bar]:
    for year, rows in replayed.items():
        for place, dialect in enumerate(DIALECTS):
            counted = [found[place] for _, found in rows]
            yield Bar(f"{year}, {dialect}: fewest", sum(c.minimum.plan + c.minimum.apply for c in counted))
            yield Bar(f"{year}, {dialect}: made", sum(c.plan + c.apply for c in counted), ours=True)
