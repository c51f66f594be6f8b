"""One process that does one piece of offline work and tells in JSON what it took.

    python -m benchmarks.offline.work yaml FILE          PyYAML's C loader alone
    python -m benchmarks.offline.work plan FILE LIVE     load, validate, resolve, diff, plan

LIVE is a JSON file with the members (indexes of people) of each live group. The live values are made from it in the
shape in which the API tells them; that is the network's part and not timed, but its memory counts.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reconciler.model.live import LiveGroup

AS_OF = date(2026, 1, 1)


def peak() -> int:
    """The most memory this process ever had, in bytes; of its own program alone, not of the one that started it."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


class Watch:
    """Takes the time of parts of the work, in seconds of wall time."""

    def __init__(self) -> None:
        self.parts: dict[str, float] = {}

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Time what is done within."""
        begun = time.perf_counter()
        yield
        self.parts[name] = time.perf_counter() - begun


def read_yaml(file: Path, watch: Watch) -> int:
    """Read the file as PyYAML does at its fastest; how many groups it has."""
    import yaml

    with watch.part("yaml"):
        document = yaml.load(file.read_bytes(), yaml.CSafeLoader)
    return len(document["groups"])


def make_plan(file: Path, live_file: Path, watch: Watch) -> int:
    """All that a plan does between the file and the API; how many groups change."""
    from reconciler.config.loader import load
    from reconciler.config.phone_numbers import country_code
    from reconciler.diff.compare import compare
    from reconciler.diff.match import match_groups
    from reconciler.model.live import Instance, ListedGroup
    from reconciler.plan.build import build_plan
    from reconciler.plan.selection import PlanOptions

    with watch.part("load, validate, resolve"):
        desired = load(file, as_of=AS_OF)
    live = live_groups(live_file)
    listed = [ListedGroup(id=group.id, name=group.name, count=group.count) for group in live.values()]
    with watch.part("diff"):
        changes = compare(match_groups(desired.groups, listed).values(), desired, live)
    with watch.part("plan"):
        connected = Instance("inst_bench", "connected")
        plan = build_plan(
            changes, desired, PlanOptions(), instance_id="inst_bench", instance=connected, country_of=country_code
        )
    return sum(bool(group.steps) for group in plan.groups)


def live_groups(file: Path) -> dict[str, LiveGroup]:
    """The live groups by id, read from answers as the API gives them."""
    from benchmarks.files import about, name_of
    from benchmarks.numbers import OWN, digits, number
    from reconciler.live.decode import JsonValue, live_group

    def answer(place: int, key: str, members: list[int]) -> dict[str, Any]:
        people = [{"id": f"{digits(number(m))}@s.whatsapp.net", "is_admin": False} for m in members]
        own = {"id": f"{digits(OWN)}@s.whatsapp.net", "is_admin": True, "is_super_admin": True}
        group_id = f"{120363400000000000 + place}@g.us"
        return {
            "group_id": group_id,
            "name": name_of(key),
            "description": about(key),
            "participant_count": len(people) + 1,
            "participants": [own, *people],
        }

    wanted = json.loads(file.read_text(encoding="utf-8"))
    answers = (answer(place, key, members) for place, (key, members) in enumerate(wanted.items()))
    read = (live_group(JsonValue(data, f"GET {data['group_id']}")) for data in answers)
    return {group.id: group for group in read}


def main(arguments: list[str]) -> None:
    """Do what the arguments say and print what it took."""
    watch = Watch()
    files = [Path(argument) for argument in arguments[1:]]
    found = read_yaml(files[0], watch) if arguments[0] == "yaml" else make_plan(files[0], files[1], watch)
    json.dump({"parts": watch.parts, "peak": peak(), "found": found}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
