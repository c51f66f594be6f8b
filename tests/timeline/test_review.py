"""Who owns a file, by a CODEOWNERS of GitHub or GitLab."""

from __future__ import annotations

import pytest

from reconciler.timeline.review import OwnerMap

MAP = """\
# Nobody is asked here.
* @all
*.yaml @yaml   # in every folder
/groups/ @groups
/groups/sales/** @sales @more
docs/* @docs
people.yaml
^[Board][2] @board
/groups/board.yaml
/groups/other.yaml @other
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("README.md", ("@all",)),
        ("a/b.yaml", ("@yaml",)),
        ("groups/a.yaml", ("@groups",)),
        ("groups/deep/a.yaml", ("@groups",)),
        ("groups/sales/north/a.yaml", ("@sales", "@more")),
        ("docs/a.md", ("@docs",)),
        ("docs/deep/a.md", ("@all",)),
        ("x/people.yaml", ()),
        ("groups/board.yaml", ("@board",)),
        ("groups/other.yaml", ("@other",)),
    ],
)
def test_the_last_rule_that_fits_decides(path: str, owners: tuple[str, ...]) -> None:
    assert OwnerMap.parse(MAP).owners_of(path) == owners
