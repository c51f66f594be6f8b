"""The form of a request and the workflow that answers it, run step by step."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from reconciler.cli.main import run as reconciler
from tests.pipelines.conftest import ALICE, CAROL, Scene, yaml_of
from tests.pipelines.forge import Event
from tests.pipelines.runner import Run

FORM = ".github/ISSUE_TEMPLATE/reconciler-request.yml"
BRANCH = "reconciler/request-5"
NO_ANSWER = "_No response_"


@pytest.fixture
def requests(scene: Scene) -> Scene:
    """A repository with the form and its workflow, and two groups."""
    groups = yaml_of(alpha="name: Alpha, members: [alice, bob]", board="name: B, members: []")
    rules = "rules: [{name: one-group, use: max-groups-per-person, count: 1, severity: warning}]\n"
    scene.forge.commit({"groups.yaml": groups + rules})
    assert reconciler(["init", str(scene.forge.clone), "--requests"]) == 0
    scene.forge.commit({})
    return scene


def body_of(form: str, **answers: str) -> str:
    """What GitHub makes of a form: its labels as headings, the answers below."""
    fields = yaml.safe_load(form)["body"]
    told = [(field["attributes"]["label"], answers.get(field["id"], NO_ANSWER)) for field in fields]
    return "\n\n".join(f"### {label}\n\n{answer}" for label, answer in told)


def ask(scene: Scene, body: str, *, by: str = "MEMBER", state: str = "open", action: str = "opened") -> Run:
    """Write the issue 5, or change it, and run what that starts."""
    issue: dict[str, Any] = {"number": 5, "state": state, "user": {"login": "heidi"}, "title": "Groups: ", "body": body}
    scene.forge.put(issues=[issue])
    event = scene.forge.pushed("issues")
    event.payload = {"issue": {**issue, "author_association": by}, "action": action}
    return scene.run("request", event)


def answer(scene: Scene) -> str:
    """The one comment in the issue."""
    (text,) = scene.forge.bodies("comments", issue=5)
    return text


def branches(scene: Scene) -> set[str]:
    """The branches of the repository."""
    listed = scene.forge.heads()
    return {name for name in listed if name.startswith("reconciler/")}


def test_a_form_becomes_a_pull_request_that_closes_its_issue(requests: Scene) -> None:
    form = requests.forge.file(FORM)
    asked = body_of(form, action="Add", person="carol", groups="alpha, board", until="2099-01-31", reason="new class")
    assert ask(requests, asked).results == {"request": "success"}
    (pull,) = requests.forge.store["pulls"]
    assert (pull["base"], pull["head"]) == ("main", BRANCH)
    assert pull["body"].startswith("Closes #5, written by @heidi.")
    assert "carol" in pull["body"]
    changed = yaml.safe_load(requests.forge.file("groups.yaml", BRANCH))["groups"]
    wanted = {"person": "carol", "until": changed["board"]["members"][0]["until"], "reason": "new class"}
    assert (changed["alpha"]["members"][2], changed["board"]["members"][0]) == (wanted, wanted)
    assert str(wanted["until"]) == "2099-01-31"
    assert str(pull["number"]) in answer(requests)
    finding = "warning: rule `one-group`: `carol` is in 2 groups; the limit is 1\n    1 warning\n"
    assert finding in pull["body"]
    assert finding in answer(requests) + "\n"
    assert requests.forge.store["issues"][0]["state"] == "open"
    assert requests.world.effects() == ()


def test_somebody_new_gets_an_alias_and_no_number_is_shown(requests: Scene) -> None:
    number = "+1 404 555 0177"
    asked = body_of(requests.forge.file(FORM), action="Add", person="Erin Moss", phone=number, groups="board")
    run = ask(requests, asked)
    assert run.results == {"request": "success"}
    assert "Erin Moss" in requests.forge.file("groups.yaml", BRANCH)
    requests.forge.put(issues=[])
    assert "555 0177" not in run.everything()


def test_an_edited_form_changes_the_pull_request_and_a_refused_one_withdraws_it(requests: Scene) -> None:
    form = requests.forge.file(FORM)
    ask(requests, body_of(form, action="Add", person="carol", groups="board"))
    ask(requests, body_of(form, action="Add", person="dan", groups="board"), action="edited")
    (pull,) = requests.forge.store["pulls"]
    assert "dan" in pull["body"]
    assert "carol" not in pull["body"]
    refused = ask(requests, body_of(form, action="Add", person="nobody", groups="board"), action="edited")
    assert refused.results == {"request": "success"}
    assert "nothing was changed" in answer(requests)
    assert "nobody" in answer(requests)
    assert branches(requests) == set()
    ask(requests, body_of(form, action="Add", person="dan", groups="board"), action="edited")
    assert branches(requests) == {BRANCH}
    assert "takes effect after its merge" in answer(requests)


def test_a_diff_that_is_too_long_for_a_pull_request_is_left_out_of_its_text(requests: Scene) -> None:
    config = f"{yaml_of(board='name: B, members: []')}\n# {'x' * 70_000}\n"
    requests.forge.commit({"groups.yaml": config})
    ask(requests, body_of(requests.forge.file(FORM), action="Add", person="carol", groups="board"))
    (pull,) = requests.forge.store["pulls"]
    assert len(pull["body"]) < 65_536
    assert "too long to be here" in pull["body"]
    assert BRANCH in branches(requests)


def test_what_is_so_already_closes_the_issue(requests: Scene) -> None:
    ask(requests, body_of(requests.forge.file(FORM), action="Add", person="alice", groups="alpha"))
    assert "nothing to do" in answer(requests)
    assert requests.forge.store["issues"][0]["state"] == "closed"
    assert requests.forge.store["pulls"] == []


def test_a_stranger_s_form_and_other_and_closed_issues_start_nothing(requests: Scene) -> None:
    asked = body_of(requests.forge.file(FORM), action="Add", person="carol", groups="board")
    for by in ("NONE", "CONTRIBUTOR", "FIRST_TIME_CONTRIBUTOR"):
        assert ask(requests, asked, by=by).results == {"request": "skipped"}
    assert ask(requests, "A question about the groups").results == {"request": "skipped"}
    assert ask(requests, asked, state="closed").results == {"request": "skipped"}
    assert requests.forge.store["comments"] == []


HOSTILE = (
    "$(touch pwned)`touch pwned`; touch pwned #",
    "${{ secrets.WAPPFY_API_KEY }}",
    "::set-output name=outcome::changed",
    "{x: &a [*a, *a]}\n### Groups\n\nalpha",
    "<img src=x onerror=alert(1)> @channel [a](javascript:x)",
    "~~~\n```\n</details>",
    "a" * 64_000,
    "\x1b[2J\u202e",
    "Ωμέγα 名前 اسم",
)


def test_a_hostile_answer_is_refused_in_the_issue_and_does_nothing_else(requests: Scene) -> None:
    before, form = requests.forge.tip(), requests.forge.file(FORM)
    forms = [body_of(form, action="Add", person=hostile, groups="board") for hostile in HOSTILE]
    for asked in (*forms, "### Action\n\n### Groups"):
        requests.forge.put(comments=[])
        run = ask(requests, asked)
        assert run.results == {"request": "success"}
        assert run.jobs["request"].annotations == []
        text = answer(requests)
        assert "nothing was changed" in text
        quoted = text.split("\n\n")[1]
        assert all(line.startswith("    ") for line in quoted.splitlines())
        assert not list(requests.folder.rglob("pwned"))
        assert branches(requests) == set()
        assert requests.forge.tip() == before


def test_where_actions_may_open_no_pull_request_the_answer_has_the_branch(requests: Scene) -> None:
    requests.forge.put(pulls_forbidden=True)
    asked = body_of(requests.forge.file(FORM), action="Remove", person="bob", groups="alpha")
    run = ask(requests, asked)
    assert run.results == {"request": "success"}
    assert f"/compare/main...{BRANCH}?expand=1" in answer(requests)
    assert "bob" not in str(yaml.safe_load(requests.forge.file("groups.yaml", BRANCH))["groups"])


def test_a_failed_step_is_told_in_the_issue(requests: Scene) -> None:
    requests.forge.broken = {"Open the pull request"}
    asked = body_of(requests.forge.file(FORM), action="Add", person="carol", groups="board")
    assert ask(requests, asked).results == {"request": "failure"}
    assert "could not be processed" in answer(requests)


def test_the_choices_are_the_groups_and_the_plan_says_when_they_are_not(requests: Scene) -> None:
    (groups,) = (f for f in yaml.safe_load(requests.forge.file(FORM))["body"] if f["id"] == "groups")
    assert groups["attributes"]["options"] == ["alpha", "board"]
    known = requests.run("plan", requests.forge.pull_request({"README.md": "Hello"}))
    assert not [note for note in known.jobs["offline"].annotations if "Form of requests" in note]
    more = yaml_of(alpha="name: Alpha, members: [alice, bob]", choir="name: Choir, members: [alice]")
    event: Event = requests.forge.pull_request({"groups.yaml": more}, branch="choir")
    run = requests.run("plan", event)
    assert run.results["offline"] == "success"
    assert [note for note in run.jobs["offline"].annotations if note.startswith("::warning title=Form of requests::")]


def test_numbers_of_the_file_stay_out_of_everything_shown(requests: Scene) -> None:
    asked = body_of(requests.forge.file(FORM), action="Remove", person=ALICE, groups="alpha")
    run = ask(requests, asked)
    requests.forge.put(issues=[])
    assert not [number for number in (ALICE, CAROL) if number in run.everything()]
