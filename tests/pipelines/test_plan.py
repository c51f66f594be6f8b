"""The workflow for pull requests, run step by step."""

from __future__ import annotations

import re

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options

from reconciler.sandbox import Fault, FaultKind
from tests.pipelines.conftest import Scene, yaml_of
from tests.pipelines.loaded_programs import INSTALLED

WITH_CAROL = yaml_of(alpha="name: Alpha, members: [alice, bob, carol]")
MARKER = "<!-- reconciler:plan"


def test_a_pull_request_gets_one_comment_which_is_updated_in_place(scene: Scene) -> None:
    others = [{"id": n, "issue": 7, "user": {"login": "mallory"}, "body": f"{MARKER} -->\nfake"} for n in range(60)]
    scene.forge.put(comments=others)
    first = scene.run("plan", scene.forge.pull_request({"groups.yaml": WITH_CAROL}))
    assert first.results == {"offline": "success", "live": "success"}
    assert "carol" in first.summary
    (body,) = scene.forge.bodies(user={"login": "github-actions[bot]"})
    assert body.startswith(MARKER)
    assert "carol" in body
    assert "/artifacts/" in body
    assert "<html" in (first.artifacts / "plan.html" / "plan.html").read_text()

    again = scene.run("plan", scene.forge.pull_request({"groups.yaml": WITH_CAROL.replace("carol]", "dan]")}))
    assert again.results == {"offline": "success", "live": "success"}
    (body,) = scene.forge.bodies(user={"login": "github-actions[bot]"})
    assert "dan" in body
    assert scene.forge.store["comments"][:60] == others
    assert scene.world.effects() == ()
    assert {call.method for call in scene.world.calls()} == {"GET"}


def test_a_fork_gets_the_offline_check_and_neither_key_nor_comment(scene: Scene) -> None:
    run = scene.run("plan", scene.forge.pull_request({"groups.yaml": WITH_CAROL}, fork=True))
    assert run.results == {"offline": "success", "live": "skipped"}
    assert "carol" in run.summary
    assert scene.forge.store["calls"] == []
    assert scene.world.calls() == ()


def test_a_pull_request_that_changes_nothing_asks_the_api_nothing_and_says_so(scene: Scene) -> None:
    run = scene.run("plan", scene.forge.pull_request({"README.md": "Hello\n"}))
    assert run.results == {"offline": "success", "live": "success"}
    (body,) = scene.forge.bodies()
    assert body.startswith(MARKER)
    assert scene.world.calls() == ()


def test_a_file_that_is_called_like_the_base_is_not_taken_for_it(scene: Scene) -> None:
    forged: dict[str, str | None] = {"groups.yaml": WITH_CAROL, scene.forge.tip(): WITH_CAROL}
    run = scene.run("plan", scene.forge.pull_request(forged, fork=True))
    assert run.results["offline"] == "success"
    assert "carol" in run.summary


def test_the_first_pull_request_brings_the_file(scene: Scene) -> None:
    scene.forge.commit({"groups.yaml": None})
    run = scene.run("plan", scene.forge.pull_request({"groups.yaml": WITH_CAROL}))
    assert run.results == {"offline": "success", "live": "success"}
    assert "carol" in scene.forge.bodies()[0]


def test_what_a_file_may_not_remove_fails_the_check_and_is_told_all_the_same(scene: Scene) -> None:
    rules = "restrictions: [{path: groups.yaml, groups: ['alpha*'], people: true}]\n"
    forbidden = yaml_of(beta="name: Beta") + rules
    scene.forge.commit({"groups.yaml": forbidden.replace("'alpha*'", "'*'")})
    run = scene.run("plan", scene.forge.pull_request({"groups.yaml": yaml_of(alpha="name: Alpha") + rules}, fork=True))
    assert run.results["offline"] == "failure"
    assert "beta" in run.summary
    assert "beta" in (run.artifacts / "changes.txt" / "changes.txt").read_text()


def test_an_error_in_the_file_is_shown_at_its_line_and_the_comment_says_that_there_is_no_plan(scene: Scene) -> None:
    wrong = WITH_CAROL.replace("members", "membres")
    run = scene.run("plan", scene.forge.pull_request({"groups.yaml": wrong}))
    assert run.results == {"offline": "failure", "live": "failure"}
    (annotation,) = run.jobs["offline"].annotations
    assert annotation.startswith("::error ")
    assert "file=groups.yaml" in annotation
    assert "line=9" in annotation
    assert "Planning " in scene.forge.bodies()[0]
    assert scene.world.calls() == ()


def test_without_a_key_there_is_a_warning_and_the_comment_says_that_there_is_no_plan(scene: Scene) -> None:
    scene.forge.secrets.clear()
    run = scene.run("plan", scene.forge.pull_request({"groups.yaml": WITH_CAROL}))
    assert run.results == {"offline": "success", "live": "success"}
    (annotation,) = run.jobs["live"].annotations
    assert annotation.startswith("::warning title=No live plan::")
    (body,) = scene.forge.bodies()
    assert "Planning " in body


def test_a_plan_that_would_be_refused_fails_the_check_and_is_commented_on_all_the_same(scene: Scene) -> None:
    run = scene.run("plan", scene.forge.pull_request({"groups.yaml": yaml_of(alpha="name: Alpha, members: []")}))
    assert run.results == {"offline": "success", "live": "failure"}
    (body,) = scene.forge.bodies()
    assert "the limit is" in body
    assert "/artifacts/" in body
    assert "<html" in (run.artifacts / "plan.html" / "plan.html").read_text()


@pytest.mark.parametrize("broken", ["Install the reconciler", "actions/setup-python", "actions/checkout"])
def test_whatever_failed_the_last_plan_does_not_stand_for_this_revision(scene: Scene, broken: str) -> None:
    scene.run("plan", scene.forge.pull_request({"groups.yaml": WITH_CAROL}))
    scene.forge.broken.add(broken)
    event = scene.forge.pull_request({"groups.yaml": WITH_CAROL.replace("carol]", "dan]")})
    assert scene.run("plan", event).results == {"offline": "failure", "live": "failure"}
    (body,) = scene.forge.bodies()
    assert body.startswith(MARKER)
    assert f"Planning {event.payload['pull_request']['head']['sha']} failed" in body


def test_a_comment_and_a_summary_say_that_merging_plans_anew_and_over_all_groups(scene: Scene) -> None:
    run = scene.run("plan", scene.forge.pull_request({"groups.yaml": WITH_CAROL}))
    for text in (run.summary, *scene.forge.bodies()):
        assert "After the merge all groups are planned again" in text


def test_a_plan_that_fails_does_not_leave_the_last_one_standing(scene: Scene) -> None:
    scene.run("plan", scene.forge.pull_request({"groups.yaml": WITH_CAROL}))
    scene.server.set_faults([Fault(FaultKind.STATUS, status=403, code="FORBIDDEN", message="no")])
    event = scene.forge.pull_request({"README.md": "Hello\n", "groups.yaml": WITH_CAROL.replace("carol]", "dan]")})
    run = scene.run("plan", event)
    assert run.results == {"offline": "success", "live": "failure"}
    (body,) = scene.forge.bodies()
    assert body.startswith(MARKER)
    assert "Planning " in body
    assert event.payload["pull_request"]["head"]["sha"] in body


@pytest.mark.parametrize("fork", [True, False])
def test_names_files_and_titles_of_a_pull_request_are_never_run_nor_obeyed(scene: Scene, fork: bool) -> None:
    scene.forge.program = INSTALLED
    hostile = "x\\n::error::stolen\\n##[error]x <img src=x> @everyone ![a](https://a.io) -->"
    scene.world.rename_group(scene.world.groups()[0].id, "Alpha\n::set-output name=x::y ##[add-mask]x <b>")
    touch = "touch ../../pwned"
    files: dict[str, str | None] = {
        "groups.yaml": yaml_of(
            alpha=f'name: "Beta {hostile}", previously: ["Alpha\\n::set-output name=x::y ##[add-mask]x <b>"]',
            new=f'name: "New {hostile}", members: [carol]',
        ),
        "pip.py": f"import os; os.system('{touch}')",
        "sitecustomize.py": f"import os; os.system('{touch}')",
        "reconciler/__init__.py": f"import os; os.system('{touch}')",
        "reconciler/cli/main.py": f"import os; os.system('{touch}')",
        ".gitattributes": "*.yaml diff=x filter=x",
        "HEAD": "version: 1\ngroups: {}\n",
    }
    event = scene.forge.pull_request(
        files, branch="x$(touch${IFS}pwned);`touch${IFS}pwned`'\"", title="$(touch pwned)\n::error::x", fork=fork
    )
    run = scene.run("plan", event)
    assert not [path for path in scene.folder.rglob("*") if path.name == "pwned"]
    assert [note for job in run.jobs.values() for note in job.annotations] == []
    assert "stolen" in run.summary
    for text in (run.summary, *scene.forge.bodies()):
        page = cmarkgfm.github_flavored_markdown_to_html(text, Options.CMARK_OPT_UNSAFE)
        assert "<img" not in page
        assert 'https://a.io"' not in page
        assert "@everyone" not in re.sub(r"<pre.*?</pre>", "", page, flags=re.DOTALL)
    assert run.results == {"offline": "success", "live": "skipped" if fork else "success"}
