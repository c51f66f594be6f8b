"""Stands in for GitHub's `gh`: the few subcommands that our workflows use, over a JSON file; any other is refused.

What it holds to: a token may do what its job was permitted and nothing else, lists come in pages, `--jq` is real jq and
sees a page at a time, a body has 65,536 characters at most, and `pr` and `issue` ask the folder which repository it is.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jq

ORIGIN = Path(os.environ["GH_STAND_IN_ORIGIN"])
STORE = Path(os.environ["GH_STAND_IN_STORE"])
BOT = "github-actions[bot]"
LONGEST = 65_536


def main(arguments: list[str]) -> int:
    """Run one subcommand; the exit code."""
    store = json.loads(STORE.read_text())
    store["calls"].append(" ".join(arguments))
    verbs = {
        "api": _api,
        "issue close": _issue_close,
        "pr list": _pr_list,
        "pr create": _pr_create,
        "pr close": _pr_close,
    }
    for name, verb in verbs.items():
        if arguments[: len(name.split())] == name.split():
            code = verb(store, arguments[len(name.split()) :])
            STORE.write_text(json.dumps(store, indent=1))
            return code
    return _fail(f"unknown command {arguments[:2]}")


def _api(store: dict[str, Any], arguments: list[str]) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("endpoint")
    parser.add_argument("--method", default="GET")
    for flag in ("--paginate", "--silent"):
        parser.add_argument(flag, action="store_true")
    parser.add_argument("--jq")
    for field in ("--field", "--raw-field"):
        parser.add_argument(field, action="append", default=[])
    asked = parser.parse_args(arguments)
    sent = {name: _file_or_text(value) for name, value in (field.split("=", 1) for field in asked.field)}
    sent |= dict(field.split("=", 1) for field in asked.raw_field)
    parts = urlsplit(asked.endpoint)
    route = (asked.method, re.sub(r"/\d+", "/N", parts.path.removeprefix(f"repos/{os.environ['GITHUB_REPOSITORY']}/")))
    number = int((re.findall(r"/(\d+)", parts.path) or ["0"])[0])
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    if len(sent.get("body", "")) > LONGEST:
        return _fail("HTTP 422: body is too long")
    if route[1].startswith("git/refs"):
        return _ref(asked.method, route[1], sent)
    if route in _LISTS and route[1] == "issues" and store["issues_disabled"]:
        return _fail("HTTP 410: Issues has been disabled in this repository.")
    if route == ("GET", "issues/N") and not query:
        return _say(asked.jq or ".", next(issue for issue in store["issues"] if issue["number"] == number))
    if route in _LISTS:
        return _pages(_LISTS[route](store, number, query), query, asked)
    if asked.jq or query or route not in _WRITES:
        return _fail(f"{route} with these options is not stood in for")
    kind, names, permissions = _WRITES[route]
    _need(*permissions)
    if asked.method == "POST":
        extra = {"issue": number} if kind == "comments" else {"state": "open"}
        return _add(store, kind, {**extra, **_only(sent, *names)})
    return _change(store, kind, "id" if kind == "comments" else "number", number, _only(sent, *names))


_LISTS = {
    ("GET", "issues/N/comments"): lambda store, number, query: [c for c in store["comments"] if c["issue"] == number],
    ("GET", "issues"): lambda store, number, query: [i for i in store["issues"] if i["state"] == query["state"]],
}
_WRITES = {
    ("POST", "issues/N/comments"): ("comments", ["body"], ["issues", "pull-requests"]),
    ("PATCH", "issues/comments/N"): ("comments", ["body"], ["issues", "pull-requests"]),
    ("POST", "issues"): ("issues", ["title", "body"], ["issues"]),
    ("PATCH", "issues/N"): ("issues", ["body"], ["issues"]),
    ("PATCH", "pulls/N"): ("pulls", ["body"], ["pull-requests"]),
}
"""What can be written: which list, which fields, and which permissions let a token do it."""


def _ref(method: str, place: str, sent: dict[str, str]) -> int:
    """Make a ref or move one: the rules of the repository hold here too."""
    _need("contents")
    made = method == "POST"
    _only(sent, *(["ref", "sha"] if made else ["sha", "force"]))
    ref = sent["ref"] if made else place.removeprefix("git/")
    git = ["git", "--git-dir", str(ORIGIN)]
    there = subprocess.run([*git, "rev-parse", "--quiet", "--verify", ref], capture_output=True).returncode == 0
    if there is made:
        return _fail(f"HTTP 422: Reference {'already exists' if made else 'does not exist'}")
    refused = ORIGIN / "refused"
    if refused.exists() and ref in refused.read_text().splitlines():
        return _fail("HTTP 422: Repository rule violations found")
    return subprocess.run([*git, "update-ref", ref, sent["sha"]]).returncode


def _issue_close(store: dict[str, Any], arguments: list[str]) -> int:
    _need("issues")
    _need_repository()
    parser = argparse.ArgumentParser()
    parser.add_argument("number", type=int)
    parser.add_argument("--reason", choices=["completed", "not planned"])
    parser.add_argument("--comment")
    asked = parser.parse_args(arguments)
    if asked.comment is not None:
        _add(store, "comments", {"issue": asked.number, "body": asked.comment})
    for issue in store["issues"]:
        if issue["number"] == asked.number:  # anybody's: closing needs no authorship
            issue["state"] = "closed"
            return 0
    return _fail("HTTP 404: no such issue")


def _pr_list(store: dict[str, Any], arguments: list[str]) -> int:
    _need_repository()
    parser = argparse.ArgumentParser()
    for option in ("--head", "--state", "--json", "--jq"):
        parser.add_argument(option, required=True)
    asked = parser.parse_args(arguments)
    # A pull request is closed when its branch is deleted.
    branches = subprocess.run(
        ["git", "--git-dir", str(ORIGIN), "branch", "--format=%(refname:short)"], capture_output=True
    )
    for pull in store["pulls"]:
        if pull["state"] == "open" and not (
            pull["isCrossRepository"] or pull["head"] in branches.stdout.decode().split()
        ):
            pull["state"] = "closed"
    named = [p for p in reversed(store["pulls"]) if p["head"] == asked.head]  # forks' branches too; the newest first
    found = [{**p, "state": p["state"].upper()} for p in named if asked.state in ("all", p["state"])]
    return _say(asked.jq, [{name: pull[name] for name in asked.json.split(",")} for pull in found])


def _pr_close(store: dict[str, Any], arguments: list[str]) -> int:
    _need("pull-requests")
    _need_repository()
    parser = argparse.ArgumentParser()
    parser.add_argument("number", type=int)
    parser.add_argument("--comment", required=True)
    asked = parser.parse_args(arguments)
    _add(store, "comments", {"issue": asked.number, "body": asked.comment})
    return _change(store, "pulls", "number", asked.number, {"state": "closed"})


def _pr_create(store: dict[str, Any], arguments: list[str]) -> int:
    _need("pull-requests")
    _need_repository()
    parser = argparse.ArgumentParser()
    for option in ("--base", "--head", "--title"):
        parser.add_argument(option, required=True)
    text = parser.add_mutually_exclusive_group(required=True)
    text.add_argument("--body")
    text.add_argument("--body-file", type=Path)
    if store["pulls_forbidden"]:
        return _fail("pull request create failed: GitHub Actions is not permitted to create pull requests")
    asked = vars(parser.parse_args(arguments))
    file = asked.pop("body_file")
    asked["body"] = file.read_text() if file is not None else asked["body"]
    _add(store, "pulls", {"state": "open", "isCrossRepository": False, **asked})
    sys.stdout.write(f"https://github.com/{os.environ['GITHUB_REPOSITORY']}/pull/{store['last']}\n")
    return 0


def _pages(items: list[Any], query: dict[str, str], asked: argparse.Namespace) -> int:
    size = int(query.get("per_page", 30))
    pages = [items[start : start + size] for start in range(0, len(items), size)] or [[]]
    for page in pages if asked.paginate else pages[:1]:
        _say(asked.jq, page)
    return 0


def _say(program: str, value: Any) -> int:
    for found in jq.compile(program).input_value(value).all():
        sys.stdout.write(f"{found if isinstance(found, str) else json.dumps(found)}\n")
    return 0


def _add(store: dict[str, Any], kind: str, item: dict[str, Any]) -> int:
    store["last"] += 1
    name = "id" if kind == "comments" else "number"
    store[kind].append({name: store["last"], "user": {"login": BOT}, **item})
    return 0


def _change(store: dict[str, Any], kind: str, name: str, number: int, change: dict[str, Any]) -> int:
    found = [item for item in store[kind] if item[name] == number]
    if not found or found[0]["user"]["login"] != BOT:
        return _fail("HTTP 403: not yours, or not there")
    found[0].update(change)
    return 0


def _only(sent: dict[str, str], *names: str) -> dict[str, str]:
    if set(sent) != set(names):
        sys.exit(_fail(f"HTTP 422: {sorted(sent)} is not {names}"))
    return sent


def _file_or_text(value: str) -> str:
    return Path(value[1:]).read_text() if value.startswith("@") else value


def _need(*kinds: str) -> None:
    permitted = json.loads(os.environ.get("GH_TOKEN") or "{}")
    if not any(permitted.get(kind) == "write" for kind in kinds):
        sys.exit(_fail("HTTP 403: Resource not accessible by integration"))


def _need_repository() -> None:
    if subprocess.run(["git", "remote", "get-url", "origin"], capture_output=True).returncode:
        sys.exit(_fail("fatal: not a git repository"))


def _fail(text: str) -> int:
    sys.stderr.write(f"gh: {text}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
