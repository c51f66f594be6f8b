"""The digest of a configuration tells what it means, and not where it is written."""

from datetime import date
from pathlib import Path

from reconciler.config import load
from reconciler.history.configuration_digest import configuration_digest
from reconciler.model.desired import Desired

AS_OF = date(2026, 11, 29)
FILE = """\
version: 1
instance: {phone: +1 202 555 0100}
policy: {max_removals: 3}
restrictions: [{path: '*', groups: ['**'], people: true}]
people: {ana: +1 202 555 0143}
groups:
  coaches: {name: Coaches, members: [ana]}
"""


def read(folder: Path, text: str) -> Desired:
    path = folder / "groups.yaml"
    path.write_text(text)
    return load(path, as_of=AS_OF)


def test_a_line_above_everything_changes_no_digest(tmp_path: Path) -> None:
    before, after = read(tmp_path, FILE), read(tmp_path, f"# A comment.\n\n{FILE}")
    assert before != after
    assert configuration_digest(before) == configuration_digest(after)


def test_a_policy_that_changes_changes_the_digest(tmp_path: Path) -> None:
    before, after = read(tmp_path, FILE), read(tmp_path, FILE.replace("max_removals: 3", "max_removals: 4"))
    assert configuration_digest(before) != configuration_digest(after)
