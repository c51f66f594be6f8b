"""Where one machine and one key end: the figures of docs/scale.md.

    python -m benchmarks.scale offline 1000 4000 16000     the work without the network, by number of groups
    python -m benchmarks.scale online [SECONDS]            a real project's groups, at 100 calls each so many seconds
    python -m benchmarks.scale shards [SECONDS]            the same groups planned by one run, by shards, with more keys

Prints Markdown. At the API's own limit, which is 100 calls in 60 seconds, the online run takes half an hour and that
of the shards a quarter.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import cycle, islice, repeat
from pathlib import Path
from typing import Any

from benchmarks.answer import seconds
from benchmarks.files import INSTANCE, drawn, shifted, yaml_of
from benchmarks.numbers import OWN
from benchmarks.timing import forget_settings, run
from reconciler.sandbox import Server, Settings, World

MEMBERS, PEOPLE, LIMIT = 50, 20_000, 100
HERE = Path(__file__).parents[1]
MONTHS = HERE / "tests" / "data" / "membership" / "two-months.jsonl.gz"


def offline(sizes: Sequence[int], folder: Path) -> list[str]:
    """The rows of the work without the network: load, validate, resolve, diff, plan, in a process of its own."""
    rows = [_row("groups", "memberships", "load, validate, resolve", "diff and plan", "in all", "memory")]
    rows.append(_row("---:", "---:", "---:", "---:", "---:", "---:"))
    for groups in sizes:
        wanted = drawn(groups, MEMBERS, PEOPLE)
        file, live = folder / f"{groups}.yaml", folder / f"{groups}.json"
        file.write_text(yaml_of(wanted, PEOPLE), encoding="utf-8")
        live.write_text(json.dumps(shifted(wanted, PEOPLE)), encoding="utf-8")
        command: list[str | Path] = [sys.executable, "-m", "benchmarks.offline.work", "plan", file, live]
        told = json.loads(run(command, folder=folder, environment={"PYTHONPATH": str(HERE)}).out)
        load, *rest = told["parts"].values()
        memory = f"{told['peak'] / 2**20:,.0f} MB"
        counted = f"{groups:,}", f"{groups * MEMBERS:,}"
        rows.append(_row(*counted, seconds(load), seconds(sum(rest)), seconds(load + sum(rest)), memory))
    return rows


def online(window: float, folder: Path, months: Sequence[Mapping[str, Any]]) -> list[str]:
    """The rows of two months in the life of a real project, against the embedded server with the API's limit."""
    rows = [_row("run", "calls", "time", "calls a minute", "groups a minute", "people a minute")]
    rows.append(_row("---", "---:", "---:", "---:", "---:", "---:"))
    settings = Settings(rate_limit=LIMIT, window=window)
    with World.open(folder / "world.db") as world, Server(world, settings) as server:
        world.ensure_instance(INSTANCE, OWN)
        environment = {"WAPPFY_API_KEY": server.key, "WAPPFY_BASE_URL": server.url}

        def timed(name: str, *command: str) -> str:
            world.clear_logs()
            program = [sys.executable, "-m", "reconciler", *command, "groups.yaml", "--max-removals", "100%"]
            ran = run(program, folder=folder, environment={**environment, "PYTHONPATH": str(HERE)})
            return _measured(name, ran.seconds, world)

        for (month, asked), commands in zip(zip(("first", "second"), months, strict=True), COMMANDS, strict=True):
            (folder / "groups.yaml").write_text(yaml_of_month(asked), encoding="utf-8")
            rows += [timed(f"{name} the {month} month", *command) for name, command in commands]
    return rows


APPLY, PLAN = ("apply", ("apply", "--yes", "--quiet")), ("plan", ("plan", "--quiet"))
COMMANDS = ((APPLY,), (PLAN, APPLY, PLAN))


def shards(window: float, folder: Path, month: Mapping[str, Any], count: int = 4) -> list[str]:
    """The rows of one plan made by one run and by shards side by side, which share one key or have one each."""
    rows = [_row("who plans", "calls", "answered 429", "time"), _row("---", "---:", "---:", "---:")]
    (folder / "groups.yaml").write_text(yaml_of_month(month), encoding="utf-8")
    everybody = [f"{index}/{count}" for index in range(1, count + 1)]
    ways = (
        ("one run", ["1/1"], 1),
        (f"{count} shards with one key", everybody, 1),
        (f"{count} shards with a key each", everybody, count),
    )
    for name, parts, keys in ways:
        with World.open(folder / f"{name}.db") as world, ExitStack() as stack:
            world.ensure_instance(INSTANCE, OWN)
            for group in month.values():
                world.create_group(group["name"], group["members"][2:], owner=OWN, description=group["description"])
            # A limit is a server's; to the others, the groups behind it are the same.
            settings = Settings(rate_limit=LIMIT, window=window)
            servers = [stack.enter_context(Server(world, settings)) for _ in range(keys)]
            begun = time.perf_counter()
            with ThreadPoolExecutor(len(parts)) as pool:
                list(pool.map(_plan, parts, islice(cycle(servers), len(parts)), repeat(folder)))
            took, calls = time.perf_counter() - begun, world.calls()
        refused = sum(call.status == 429 for call in calls)
        rows.append(_row(name, f"{len(calls):,}", f"{refused:,}", f"{took / 60:.1f} min"))
    return rows


def _plan(part: str, server: Server, folder: Path) -> None:
    command = [sys.executable, "-m", "reconciler", "plan", "--quiet", "--shard", part, "groups.yaml"]
    environment = {"WAPPFY_API_KEY": server.key, "WAPPFY_BASE_URL": server.url, "PYTHONPATH": str(HERE)}
    run(command, folder=folder, environment=environment)


def _measured(name: str, took: float, world: World) -> str:
    calls, minutes = world.calls(), took / 60
    groups = {match[0] for call in calls if (match := re.search(r"[0-9]+@g\.us", call.path))}
    people = sum(len(effect.people) for effect in world.effects())
    figures = len(calls) / minutes, len(groups) / minutes, people / minutes
    return _row(name, f"{len(calls):,}", f"{minutes:.1f} min", *(f"{figure:,.0f}" for figure in figures))


def yaml_of_month(groups: Mapping[str, Any]) -> str:
    """A file with these groups; names that two of them bear get their keys behind them."""
    names = [group["name"] for group in groups.values()]
    lines = ["version: 1", f"instance: {{id: {INSTANCE}, phone: {OWN}}}", "groups:"]
    for key, group in groups.items():
        name = group["name"] if names.count(group["name"]) == 1 else f"{group['name']} ({key})"[:100]
        told = {"name": name, "description": group["description"], "members": group["members"]}
        lines.append(f"  {key}: {json.dumps(told, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def main(arguments: Sequence[str]) -> int:
    """Measure what the arguments name and print it; the exit code."""
    window = float([*arguments[1:], "60"][0]) if arguments[:1] != ["offline"] else 0.0
    ways: dict[str, Callable[[Path], list[str]]] = {
        "offline": lambda folder: offline([int(size) for size in arguments[1:]] or [1_000], folder),
        "online": lambda folder: online(window, folder, _months()),
        "shards": lambda folder: shards(window, folder, _months()[0]),
    }
    if not arguments or arguments[0] not in ways:
        sys.stderr.write(f"{__doc__}")
        return 1
    with tempfile.TemporaryDirectory(prefix="bench-scale-") as folder:
        sys.stdout.write("\n".join(ways[arguments[0]](Path(folder))) + "\n")
    return 0


def _months() -> list[Mapping[str, Any]]:
    with gzip.open(MONTHS, "rt", encoding="utf-8") as lines:
        return [json.loads(line)["groups"] for line in lines]


if __name__ == "__main__":
    forget_settings()
    sys.exit(main(sys.argv[1:]))
