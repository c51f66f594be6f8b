"""The script that somebody writes by hand: requests, one call after another. It is a peer, not a part of anything.

    script.py plan|apply FILE      compare with the live groups; apply makes the calls
    script.py offline OLD NEW      who enters and leaves between two files

Reads the same YAML, is told the server by the same variables, prints what it would do. As such scripts are, it has no
pool of connections, no pacing, no retries, checks nothing of the file, and reads nothing back.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import requests
import yaml


def read(file: str) -> tuple[str, dict[str, dict[str, Any]]]:
    """The instance's own JID, and the groups with their members as JIDs."""
    document = yaml.safe_load(Path(file).read_text(encoding="utf-8"))
    people = {alias: jid(phone) for alias, phone in document["people"].items()}
    groups = {
        key: {**group, "members": {people[alias] for alias in group["members"]}}
        for key, group in document["groups"].items()
    }
    return jid(document["instance"]["phone"]), groups


def jid(phone: str) -> str:
    """A number as the API takes it."""
    return "".join(filter(str.isdigit, phone)) + "@s.whatsapp.net"


def call(method: str, path: str, body: Any = None) -> Any:
    """One call, on a connection of its own."""
    answer = requests.request(
        method,
        f"{os.environ['WAPPFY_BASE_URL']}/instances/{os.environ['WAPPFY_INSTANCE_ID']}{path}",
        headers={"X-Api-Key": os.environ["WAPPFY_API_KEY"]},
        json=body,
        timeout=30,
    )
    answer.raise_for_status()
    return answer.json().get("data")


def bring(group: dict[str, Any], ids: dict[str, str], own: str, *, write: bool) -> None:
    """Compare one group and, with `write`, mend it."""
    if group["name"] not in ids:
        print("create", group["name"])
        if write:
            made = call("POST", "/groups", {"name": group["name"], "participants": sorted(group["members"])})
            call("PATCH", f"/groups/{made['group_id']}", {"description": group["description"]})
        return
    path = f"/groups/{ids[group['name']]}"
    live = call("GET", path)
    there = {participant["id"] for participant in live["participants"]} - {own}
    if live["description"] != group["description"]:
        print("describe", group["name"])
        if write:
            call("PATCH", path, {"description": group["description"]})
    for what, method, people in (
        ("add", "POST", group["members"] - there),
        ("remove", "DELETE", there - group["members"]),
    ):
        if people:
            print(what, group["name"], *sorted(people))
            if write:
                call(method, f"{path}/participants", {"participants": sorted(people)})


def online(file: str, *, write: bool) -> None:
    """Plan or apply a file."""
    own, groups = read(file)
    ids = {group["name"]: group["group_id"] for group in call("GET", "/groups")}
    for group in groups.values():
        bring(group, ids, own, write=write)


def offline(old: str, new: str) -> None:
    """Compare two files."""
    (_, before), (_, after) = read(old), read(new)
    for key, group in after.items():
        there = before[key]["members"]
        print(key, "enter", *sorted(group["members"] - there), "leave", *sorted(there - group["members"]))


if __name__ == "__main__":
    if sys.argv[1] == "offline":
        offline(*sys.argv[2:])
    else:
        online(sys.argv[2], write=sys.argv[1] == "apply")
