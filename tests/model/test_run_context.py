"""Where a run belongs: commit, pull request, actor and run, as the CI's environment names them."""

from __future__ import annotations

import pytest

from reconciler.model.run_context import Reference, RunContext, read_run_context

SHA = "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d"
GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "club/groups",
    "GITHUB_SHA": SHA,
    "GITHUB_RUN_ID": "9876",
    "GITHUB_ACTOR": "octocat",
    "GITHUB_REF": "refs/pull/12/merge",
}
GITLAB = {
    "GITLAB_CI": "true",
    "CI_SERVER_URL": "https://gitlab.example:8443",
    "CI_PROJECT_URL": "https://gitlab.example:8443/club/sub/groups",
    "CI_COMMIT_SHA": SHA,
    "CI_PIPELINE_URL": "https://gitlab.example:8443/club/sub/groups/-/pipelines/55",
    "CI_JOB_URL": "https://gitlab.example:8443/club/sub/groups/-/jobs/77",
    "CI_JOB_ID": "77",
    "GITLAB_USER_LOGIN": "lena",
    "CI_MERGE_REQUEST_IID": "3",
}


def test_github_actions_names_commit_pull_request_actor_and_run() -> None:
    assert read_run_context(GITHUB) == RunContext(
        commit=Reference(SHA, f"https://github.com/club/groups/commit/{SHA}"),
        pull_request=Reference("#12", "https://github.com/club/groups/pull/12"),
        actor=Reference("octocat", "https://github.com/octocat"),
        run=Reference("9876", "https://github.com/club/groups/actions/runs/9876"),
    )


def test_gitlab_ci_names_commit_merge_request_actor_and_job() -> None:
    project = "https://gitlab.example:8443/club/sub/groups/-"
    assert read_run_context(GITLAB) == RunContext(
        commit=Reference(SHA, f"{project}/commit/{SHA}"),
        pull_request=Reference("!3", f"{project}/merge_requests/3"),
        actor=Reference("lena", "https://gitlab.example:8443/lena"),
        run=Reference("77", f"{project}/jobs/77"),
    )


def test_without_a_job_the_run_is_the_pipeline() -> None:
    environ = {name: value for name, value in GITLAB.items() if not name.startswith("CI_JOB")}
    assert read_run_context(environ).run == Reference("55", GITLAB["CI_PIPELINE_URL"])


@pytest.mark.parametrize("environ", [{}, {"GITHUB_SHA": SHA, "CI_COMMIT_SHA": SHA}, {"GITHUB_ACTIONS": "true"}])
def test_what_the_environment_does_not_tell_is_not_there(environ: dict[str, str]) -> None:
    assert read_run_context(environ) == RunContext()


@pytest.mark.parametrize(
    "ref", ["refs/heads/main", "refs/tags/v1", "refs/pull/12/merge/x", "refs/heads/refs/pull/1/merge"]
)
def test_only_a_pull_request_has_a_number(ref: str) -> None:
    assert read_run_context({**GITHUB, "GITHUB_REF": ref}).pull_request is None


def test_a_server_of_ones_own_may_speak_http() -> None:
    context = read_run_context({**GITHUB, "GITHUB_SERVER_URL": "http://forge.lan:3000"})
    assert context.commit == Reference(SHA, f"http://forge.lan:3000/club/groups/commit/{SHA}")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GITHUB_SERVER_URL", "javascript:alert(1)//"),
        ("GITHUB_SERVER_URL", "https://club:secret@github.com"),
        ("GITHUB_SERVER_URL", 'https://github.com"onclick="x'),
        ("GITHUB_SERVER_URL", "//github.com"),
        ("GITHUB_SERVER_URL", ""),
        ("GITHUB_REPOSITORY", "club/groups?x=<b>"),
        ("GITHUB_REPOSITORY", ""),
        ("GITHUB_SHA", "<script>"),
        ("GITHUB_SHA", f"{SHA}\n"),
    ],
)
def test_a_hostile_or_missing_value_makes_no_link(name: str, value: str) -> None:
    commit = read_run_context({**GITHUB, name: value}).commit
    assert commit is not None
    assert commit.url == ""


def test_a_robots_name_is_shown_without_a_link() -> None:
    assert read_run_context({**GITHUB, "GITHUB_ACTOR": "dependabot[bot]"}).actor == Reference("dependabot[bot]")


def test_a_hostile_address_of_a_job_makes_no_link() -> None:
    assert read_run_context({**GITLAB, "CI_JOB_URL": "javascript:alert(1)"}).run == Reference("77")
