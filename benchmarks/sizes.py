"""How large everything is: as measured, and as small as will run at all, for the tests."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """The sizes of one run of all questions. `rounds`: how often everything that takes time is timed."""

    rounds: int
    starts: int
    """The same of what takes milliseconds."""
    people: int
    groups: int
    many_groups: int
    members: int
    paced_groups: int
    paced_reads: int
    limit: int
    window: float
    """Seconds of a rate limit's window: the real one's minute, made short enough to wait for."""
    peer_groups: int
    peer_members: int
    items: int
    years: tuple[str, ...]
    rows: int
    """Rows of a people file."""
    history: int
    """How many snapshots of a year are replayed at most."""
    commits: tuple[int, int]
    """How many commits a short and a long history have."""
    history_groups: int
    work: tuple[str, ...] = ("plan", "apply", "plan again")
    """What the peers do at the server."""
    stories: tuple[str, ...] = ()
    """The names of the stories that are counted; none for all."""


FULL = Size(
    rounds=5,
    starts=25,
    people=20_000,
    groups=1_000,
    many_groups=4_000,
    members=250,
    paced_groups=149,
    paced_reads=300,
    limit=100,
    window=2.0,
    peer_groups=50,
    peer_members=40,
    items=20_000,
    years=("2018", "2026"),
    rows=100_000,
    history=12,
    commits=(100, 1_000),
    history_groups=500,
)

TINY = Size(
    rounds=1,
    starts=1,
    people=40,
    groups=2,
    many_groups=8,
    members=5,
    paced_groups=3,
    paced_reads=12,
    limit=8,
    window=1.0,
    peer_groups=2,
    peer_members=3,
    items=6,
    years=("2018",),
    rows=30,
    history=2,
    commits=(2, 4),
    history_groups=2,
    work=("apply",),
    stories=("two groups from nothing", "people move between three groups", "20 groups by name, and a new one"),
)
