"""Which folders and files of the tests have which markers; pyproject.toml says what each marker means."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent

MARKS: dict[str, tuple[str, ...]] = {
    "faults": ("faults", "slow"),
    "stateful": ("stateful", "slow"),
    "pipelines": ("pipelines", "slow"),
    "report/test_html_in_browser.py": ("browser",),
    "report/test_screenshots.py": ("browser",),
    "ci/test_ci_browser.py": ("browser",),
    "cli/test_fuzz.py": ("fuzz",),
    "live/test_client_fuzz_network.py": ("fuzz",),
    "sandbox/test_openapi.py": ("fuzz",),
    "config/test_rosters.py": ("git",),
    "history/test_git.py": ("git",),
    "history/test_snapshot.py": ("git",),
    "golden/test_stories_changed_since.py": ("git",),
    "golden/test_stories_rematched.py": ("git",),
    "golden/test_stories_restrictions.py": ("git",),
    "golden/test_stories_school.py": ("git",),
    "golden/test_stories_drift_causes.py": ("git",),
    "golden/test_stories_sources.py": ("git",),
    "cli/commands/test_diff.py": ("git",),
    "cli/commands/test_people.py": ("git",),
    "cli/commands/test_history.py": ("git",),
    "timeline/test_oracle.py": ("git",),
    "benchmarks": ("slow",),
    "config/test_hostile_files.py": ("slow",),
    "plan/test_shards.py": ("slow",),
    "report/test_escaping.py": ("slow",),
    "report/test_html.py": ("slow",),
    "report/test_markdown.py": ("slow",),
    "report/test_problems.py": ("slow",),
    "sanitize/test_hostile_runs.py": ("slow",),
    "sanitize/test_mask.py": ("slow",),
    "docs/test_site.py": ("slow",),
}


def marks_of(path: Path) -> set[str]:
    """Return the markers of the tests in a file."""
    inside = path.relative_to(HERE) if path.is_relative_to(HERE) else Path()
    places = {str(place) for place in (inside, *inside.parents)}
    return {mark for place, marks in MARKS.items() if place in places for mark in marks}
