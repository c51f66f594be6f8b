"""Runs every program in turn against the same server and compares the times of whole processes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from statistics import median

from benchmarks.answer import Answer, Bar, Chart, Table, Target, seconds, times
from benchmarks.files import drawn, shifted, yaml_of
from benchmarks.numbers import OWN, digits, number
from benchmarks.peers.ways import OURS, SCRIPT, Command, Way, ways
from benchmarks.peers.zones import write_zones
from benchmarks.served import Served, fill, serving
from benchmarks.sizes import Size
from benchmarks.timing import Failed, ratio, run

LATENCY = 0.05
"""Seconds: how much later each answer comes in the second comparison, as over the internet."""

PEOPLE, MORE_PEOPLE = 500, 2_000
"""From how many the members are drawn: of the groups at the server, of the files offline."""

AHEAD = 5.0

PROSE = (
    "Whole processes, from start to end, in turn, each from the same state of the same server, which has no limit "
    "here. *The script* is what somebody writes by hand: requests, one call after another, each on a connection of "
    "its own. *Ansible* runs a playbook with the `uri` module, `--check` for a plan. *octoDNS* is the nearest public "
    "Python reconciler; it does its own work, one record a membership from YAML to YAML, and talks to no server. In "
    "each group two members went and two others came; every program's apply is held against what the file wants. "
    "Their code is in `benchmarks/peers`.",
    "Ours does more in this time: it checks the file against its schema and every number against its country's plan, "
    "asks whether the account is connected, and reads each changed group back.",
)


@dataclass(slots=True)
class Times:
    """Seconds by program and piece of work, a figure a round; calls by program and piece of work."""

    seconds: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    calls: dict[tuple[str, str], int] = field(default_factory=dict)

    def note(self, way: Way, work: str, taken: float) -> None:
        """Add one round's figure."""
        self.seconds.setdefault((way.name, work), []).append(taken)

    def behind(self, way: Way, work: str) -> float:
        """How many times our time this program takes."""
        return ratio(self.seconds[way.name, work], self.seconds[OURS, work])


def ask(size: Size, folder: Path) -> Answer:
    """Measure plan, apply and plan again with and without latency, and the work offline."""
    programs, lacking = ways()
    plain, slow, offline = Times(), Times(), Times()
    wanted = drawn(size.peer_groups, size.peer_members, PEOPLE)
    talking = [way for way in programs if way.served and way.name in (OURS, SCRIPT)]
    with serving(folder) as served:
        for _ in range(size.rounds):
            _round(programs, wanted, size, folder, served, plain)
    with serving(folder, faults=f"- {{kind: latency, seconds: {LATENCY}, times: 1000000}}\n") as served:
        for _ in range(size.rounds):
            _round(talking, wanted, size, folder, served, slow)
    for _ in range(size.rounds):
        _offline(programs, size, folder, offline)
    limited = _limited(next(way for way in programs if way.name == SCRIPT), wanted, plain, folder)
    return _answer(size, programs, (*lacking, limited), talking, (plain, slow, offline))


def _round(
    programs: Sequence[Way],
    wanted: Mapping[str, Sequence[int]],
    size: Size,
    folder: Path,
    served: Served,
    found: Times,
) -> None:
    """Each program once: plan, apply, plan again, from the state before."""
    before = shifted(wanted, PEOPLE)
    (folder / "groups.yaml").write_text(yaml_of(wanted, PEOPLE), encoding="utf-8")
    for way in programs:
        fill(served.world, before)
        if not way.served:
            write_zones(folder, wanted, before)
        for work in size.work:
            served.world.clear_logs()
            command = way.apply if work == "apply" else way.plan
            found.note(way, work, _timed(way, command, folder, served))
            found.calls[way.name, work] = len(served.world.calls())
        if way.served:
            _held_against(wanted, served, way)


def _limited(script: Way, wanted: Mapping[str, Sequence[int]], found: Times, folder: Path) -> str:
    """What a rate limit makes of the script's apply, with two thirds of the calls that it wants."""
    limit = found.calls[SCRIPT, "apply"] * 2 // 3
    with serving(folder, rate_limit=limit) as served:
        fill(served.world, shifted(wanted, PEOPLE))
        command = [str(part).replace("{folder}", str(folder)) for part in script.apply]
        run(command, folder=folder, environment=served.environment, codes=(1,))
        done = len(served.world.effects())
    ours, its = (found.calls[name, "apply"] for name in (OURS, SCRIPT))
    return (
        f"**What a limit makes of it.** At {limit} calls a minute the script's apply was refused and ended with a "
        f"traceback, {done} of its {its - 1 - len(wanted)} writes done. Ours takes {ours} calls and waits "
        f"for {ceil(ours / limit) - 1} resets, a minute each, in which nothing else matters; a script that waited for "
        f"resets, too, would need {ceil(its / limit) - 1} for its {its} calls, since it reads nothing back."
    )


def _timed(way: Way, command: Command, folder: Path, served: Served | None) -> float:
    def here(text: str | Path) -> str:
        return str(text).replace("{folder}", str(folder))

    environment = {name: here(value) for name, value in way.environment.items()}
    if served is not None:
        environment |= served.environment
    return run([here(part) for part in command], folder=folder, environment=environment).seconds


def _held_against(wanted: Mapping[str, Sequence[int]], served: Served, way: Way) -> None:
    """Raise Failed where the groups are not as the file wants them after an apply."""
    live = sorted(len(group["members"]) for group in served.world.snapshot().values())
    people = {frozenset(group["members"]) for group in served.world.snapshot().values()}
    own = {digits(OWN)}
    if people != {frozenset({digits(number(m)) for m in members} | own) for members in wanted.values()}:
        raise Failed(f"{way.name} did not bring the groups to what the file wants: {live}")


def _offline(programs: Sequence[Way], size: Size, folder: Path, found: Times) -> None:
    """Each program once: what differs between two files."""
    groups = ceil(size.items / size.peer_members)
    wanted = drawn(groups, size.peer_members, MORE_PEOPLE)
    before = shifted(wanted, MORE_PEOPLE)
    (folder / "old.yaml").write_text(yaml_of(before, MORE_PEOPLE), encoding="utf-8")
    (folder / "new.yaml").write_text(yaml_of(wanted, MORE_PEOPLE), encoding="utf-8")
    write_zones(folder, wanted, before)
    for way in programs:
        found.note(way, "offline", _timed(way, way.offline, folder, None))


def _answer(
    size: Size, programs: Sequence[Way], lacking: Sequence[str], talking: Sequence[Way], found: tuple[Times, ...]
) -> Answer:
    plain, slow, offline = found
    others = [way for way in programs if way.name != OURS]
    memberships = size.peer_groups * size.peer_members
    title = f"{size.peer_groups} groups × {size.peer_members} members"
    tables = (
        _table(f"{title}, a server that answers at once", programs, plain, size.work),
        _table(f"{title}, every answer {LATENCY * 1000:.0f} ms later, as over the internet", talking, slow, size.work),
        _table(f"{size.items:,} memberships, offline", programs, offline, ("offline",)),
        _calls(programs, plain, size.work),
    )
    targets = [
        *(_ahead(way, work, plain.behind(way, work)) for way in others for work in size.work),
        *(_ahead(way, f"{size.items:,} offline", offline.behind(way, "offline")) for way in others),
    ]
    bars = tuple(
        Bar(f"{work}: {way.name}", median(taken.seconds[way.name, work]), way.name == OURS)
        for taken, works in ((plain, size.work), (offline, ("offline",)))
        for work in works
        for way in programs
    )
    return Answer(
        "peers",
        f"5. Peers: {title} ({memberships:,} memberships), and {size.items:,} offline",
        (*PROSE, *lacking),
        tables,
        tuple(targets),
        Chart("The same work", "s", bars, logarithmic=True),
    )


def _ahead(way: Way, what: str, value: float) -> Target:
    remark = way.why_offline if "offline" in what else way.why
    return Target(f"{way.name}: {what} ÷ ours", value, AHEAD, least=True, remark=remark)


def _table(title: str, programs: Sequence[Way], found: Times, works: Sequence[str]) -> Table:
    head = ("program", *(cell for work in works for cell in (work, "÷ ours")))
    rows = tuple((way.name, *_cells(way, found, works)) for way in programs)
    return Table(head, rows, title)


def _cells(way: Way, found: Times, works: Sequence[str]) -> Iterator[str]:
    for work in works:
        yield seconds(median(found.seconds[way.name, work]))
        yield times(found.behind(way, work))


def _calls(programs: Sequence[Way], found: Times, works: Sequence[str]) -> Table:
    served = [way for way in programs if way.served]
    rows = tuple((way.name, *(str(found.calls[way.name, work]) for work in works)) for way in served)
    return Table(("program", *works), rows, "Calls to the server")
