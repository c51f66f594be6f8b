"""New groups and people are added to a file, and everything that was there stays, byte for byte."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.config import load
from reconciler.config.export import Entries, render_entries
from reconciler.config.source_files import YamlSource
from reconciler.editing.add_groups import (
    add_entries,
    existing_entries,
    new_groups,
    new_people,
    text_to_paste,
)
from reconciler.editing.yaml_edit import YamlFile, read_yaml_files
from reconciler.editing.yaml_layout import NotEditable
from reconciler.errors import ConfigError
from reconciler.model.desired import Desired
from reconciler.model.identity import Identity, identity_of_digits
from reconciler.model.live import LiveGroup, Participant
from reconciler.model.text import Untrusted

TODAY = date(2026, 1, 1)
ALICE, BOB = "12025550143", "12025550144"
NAMES = {identity_of_digits(BOB): "Bob Marsh"}


def group(number: int, name: str, *members: str, description: str = "") -> LiveGroup:
    participants = tuple(
        Participant(id=f"{digits}@s.whatsapp.net", identity=identity_of_digits(digits), jid=f"{digits}@s.whatsapp.net")
        for digits in members
    )
    return LiveGroup(
        id=f"{number}@g.us",
        name=Untrusted(name),
        description=Untrusted(description),
        participants=participants,
        count=len(members),
    )


def opened(folder: Path, text: str) -> tuple[YamlFile, Desired]:
    path = folder / "groups.yaml"
    path.write_bytes(text.encode())
    return read_yaml_files(path)[0], load(path, as_of=TODAY)


def entries_for(file: YamlFile, desired: Desired, groups: list[LiveGroup]) -> Entries:
    new = new_groups(groups, desired)
    return render_entries(new, instance=None, names=NAMES, existing=existing_entries(file, desired))


def merged(folder: Path, text: str, *groups: LiveGroup) -> str:
    file, desired = opened(folder, text)
    return add_entries(file, entries_for(file, desired, list(groups))).decode()


NEW_GROUP = "  new:\n    id: 9@g.us\n    name: New\n    members:\n      - alice\n      - bob-marsh\n"
NEW_PERSON = "  bob-marsh: {phone: +1 202-555-0144, name: Bob Marsh}\n"
PEOPLE = "people:\n  alice: +1 202 555 0143\n"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            f"version: 1\n{PEOPLE}@PERSON@groups:\n  a: {{name: A}}\n@GROUP@", id="sections one below the other"
        ),
        pytest.param(
            f"# mine\nversion: 1 # one\ngroups:\n  a:\n    name: A # the first\n    # about a\n@GROUP@\n"
            f"# about people\n{PEOPLE}@PERSON@\n# the end\n",
            id="comments stay with what they are about",
        ),
        pytest.param(
            f"version: 1\n{PEOPLE}@PERSON@groups:\n  b:\n    name: B\n\n  # about a\n  a:\n    name: A\n\n@GROUP@\n\n"
            "policy: {}\n",
            id="blank lines between groups",
        ),
        pytest.param(
            f"version: 1\n{PEOPLE}@PERSON@groups:\n  a:\n    name: A\n    description: |\n      1\n\n      2\n@GROUP@",
            id="after a block of text",
        ),
        pytest.param(f"version: 1\n{PEOPLE}@PERSON@\ngroups:\n@GROUP@", id="a section that is not there"),
        pytest.param(
            "version: 1\npeople: &p\n  alice: +1 202 555 0143\n@PERSON@groups:\n  a: &a {name: A}\n@GROUP@",
            id="anchors that nobody uses",
        ),
    ],
)
def test_entries_follow_the_last_one_of_their_section(text: str, tmp_path: Path) -> None:
    if text.endswith("@PERSON@\ngroups:\n@GROUP@"):
        before = text.partition("@PERSON@")[0]
    else:
        before = text.replace("@PERSON@", "").replace("\n\n@GROUP@", "\n").replace("@GROUP@", "")
    after = text.replace("@PERSON@", NEW_PERSON).replace("@GROUP@", NEW_GROUP)
    assert merged(tmp_path, before, group(9, "New", ALICE, BOB)) == after


@pytest.mark.parametrize("line_break", ["\r\n", "\r"])
def test_line_breaks_and_the_byte_order_mark_stay(line_break: str, tmp_path: Path) -> None:
    before = f"\ufeffversion: 1\n{PEOPLE}groups:\n  a: {{name: A}}".replace("\n", line_break)
    after = f"\ufeffversion: 1\n{PEOPLE}{NEW_PERSON}groups:\n  a: {{name: A}}\n{NEW_GROUP}".replace("\n", line_break)
    after = after.removesuffix(line_break)  # as before
    assert merged(tmp_path, before, group(9, "New", ALICE, BOB)) == after


def test_new_entries_are_indented_like_the_old_ones(tmp_path: Path) -> None:
    before = "version: 1\npeople:\n    alice: +1 202 555 0143\ngroups:\n a: {name: A}\n"
    after = merged(tmp_path, before, group(9, "New", ALICE, BOB, description="One\n\ntwo"))
    assert after == (
        "version: 1\npeople:\n    alice: +1 202 555 0143\n    bob-marsh: {phone: +1 202-555-0144, name: Bob Marsh}\n"
        "groups:\n a: {name: A}\n new:\n   id: 9@g.us\n   name: New\n   description: |-\n     One\n\n     two\n"
        "   members:\n     - alice\n     - bob-marsh\n"
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("version: 1\ngroups: {a: {name: A}}\n", "`groups` is written in braces"),
        ("version: 1\ngroups: {}\n", "`groups` is written in braces"),
        ("{version: 1, groups: {}}", "`groups` is written in braces"),
        ("{version: 1}", "the whole file is written in braces"),
        (
            "version: 1\ngroups:\n  a:\n    name: A\n    description: |+\n      x\n\n\npolicy: {}\n",
            "its text cannot be edited",
        ),
        ("version: 1\ngroups:\n  ? a\n  : name: A\n", "its text cannot be edited"),
    ],
)
def test_a_layout_that_cannot_be_edited_safely_is_refused_with_the_lines_to_paste(
    text: str, reason: str, tmp_path: Path
) -> None:
    file, desired = opened(tmp_path, text)
    entries = entries_for(file, desired, [group(9, "New", BOB)])
    with pytest.raises(NotEditable, match=reason):
        add_entries(file, entries)
    pasted = f"people:\n{NEW_PERSON}groups:\n{NEW_GROUP}".replace("      - alice\n", "")
    assert text_to_paste(entries) == pasted.removesuffix("\n")
    assert file.source.data == text.encode()


def means_both(before: str, after: str) -> bool:
    """Whether all lines of a text are still there, in their order."""
    lines = iter(after.splitlines())
    return all(line in lines for line in before.splitlines())


def test_a_section_that_another_place_shares_is_refused(tmp_path: Path) -> None:
    text = (
        "version: 1\npeople: {alice: +1 202 555 0143}\nteams: {t: &t [alice]}\ngroups:\n  a: {name: A, members: *t}\n"
    )
    after = merged(tmp_path, text, group(9, "New", ALICE))
    assert after == text + NEW_GROUP.replace("      - bob-marsh\n", "")
    shared = YamlFile(
        YamlSource("g.yaml", b"", "groups: &g\n  a: {name: A}\nother: *g\n"),
        {"groups": {"a": {"name": "A"}}, "other": {"a": {"name": "A"}}},
    )
    with pytest.raises(NotEditable, match="its text is shared through a YAML alias"):
        add_entries(shared, Entries({}, {"b": "  b:\n    name: B"}, frozenset(), frozenset()))


def test_a_group_is_known_by_its_id_or_by_name_if_it_has_none(tmp_path: Path) -> None:
    text = (
        "version: 1\ngroups:\n  by-id: {id: 1@g.us, name: Renamed}\n  by-name: {name: 'By  name '}\n"
        "  before: {name: Now, previously: [Earlier]}\n"
    )
    _, desired = opened(tmp_path, text)
    live = [group(1, "Old"), group(2, "By  name"), group(3, "Earlier"), group(4, "Renamed"), group(5, "Other")]
    assert [each.id for each in new_groups(live, desired)] == ["4@g.us", "5@g.us"]


def test_keys_and_aliases_are_made_unique_and_a_name_that_is_taken_is_not_managed(tmp_path: Path) -> None:
    text = "version: 1\npeople:\n  bob-marsh: +1 303 555 0145\ngroups:\n  news: {id: 1@g.us, name: News}\n"
    file, desired = opened(tmp_path, text)
    entries = entries_for(file, desired, [group(9, "News", ALICE, BOB)])
    assert list(entries.people) == ["bob-marsh-2"]
    assert entries.groups == {
        "news-2": "  news-2:\n    id: 9@g.us\n    # name is not managed: another group is called News, too\n"
        "    members:\n      - bob-marsh-2\n      - +1 202-555-0143"
    }
    assert new_people(entries, desired) == {Identity(f"+{ALICE}"), Identity(f"+{BOB}")}
    assert len(load_bytes(tmp_path, add_entries(file, entries)).groups) == 2


def load_bytes(folder: Path, data: bytes) -> Desired:
    (folder / "after.yaml").write_bytes(data)
    return load(folder / "after.yaml", as_of=TODAY)


def test_the_defaults_of_the_file_do_not_reach_the_new_groups(tmp_path: Path) -> None:
    text = (
        "version: 1\npeople:\n  alice: +1 202 555 0143\nteams:\n  t: [alice]\n"
        "defaults: {description: Read me, teams: [t], admins: [alice], absent: [+1 303 555 0145], members: [alice]}\n"
        "groups:\n  a: {name: A}\n"
    )
    file, desired = opened(tmp_path, text)
    uncertain = LiveGroup(id="8@g.us", name=Untrusted("Uncertain"), description=Untrusted("x"), count=2)
    entries = entries_for(file, desired, [group(9, "New", BOB), uncertain])
    after = {each.key: each for each in load_bytes(tmp_path, add_entries(file, entries)).groups}
    assert after["new"].description == ""
    assert set(after["new"].listed_members) == {f"+{BOB}"}
    assert after["new"].admins == {}
    assert after["new"].absent == {}
    assert after["uncertain"].membership == "observe"


def test_a_result_that_the_rules_of_the_file_forbid_is_not_written(tmp_path: Path) -> None:
    text = "version: 1\npolicy: {allowed_countries: [DE]}\ngroups:\n  a: {name: A}\n"
    with pytest.raises(ConfigError, match="1 error"):
        merged(tmp_path, text, group(9, "New", BOB))


LINES = st.sampled_from(
    [
        "",
        "# c",
        "  # d",
        "    # e",
        "policy: {}",
        "region: US",
        "teams:",
        "  t: [alice]",
        "  x:",
        "    name: X",
        "\t",
        "...",
    ]
)


@settings(max_examples=150, deadline=None)
@given(before=st.lists(LINES, max_size=4), between=st.lists(LINES, max_size=4), after=st.lists(LINES, max_size=4))
def test_every_line_of_the_file_stays_or_it_is_refused(
    before: list[str], between: list[str], after: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    lines = ["version: 1", *before, *PEOPLE.splitlines(), *between, "groups:", "  a:", "    name: A", *after]
    text = "\n".join(lines) + "\n"
    folder = tmp_path_factory.mktemp("merge")
    try:
        result = merged(folder, text, group(9, "New", ALICE, BOB))
    except (ConfigError, NotEditable):
        return
    assert means_both(text, result)
    assert result.replace(NEW_GROUP, "").replace(NEW_PERSON, "").replace("\n\n", "\n") == text.replace("\n\n", "\n")
