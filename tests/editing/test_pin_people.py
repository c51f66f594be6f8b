"""Noting LIDs puts `lid` beside people and changes nothing else, byte for byte; only a LID that fits is new."""

from __future__ import annotations

import json
import unicodedata
from datetime import date
from pathlib import Path

import pytest

import reconciler.config.yaml_events as yaml_events
from reconciler.config import FileContent, load, load_contents
from reconciler.editing.pin_people import SeenLids, find_lids, note_lids
from reconciler.editing.yaml_edit import require_unchanged, write_files
from reconciler.errors import ReconcilerError
from reconciler.model.desired import Desired
from reconciler.model.identity import identity_of_digits, phone_jid
from reconciler.model.live import LiveGroup, Participant
from reconciler.model.text import Untrusted

LID, OTHER = "76699677012110@lid", "76699677012111@lid"
ALICE, BOB, CAROL = "12025550143", "12025550144", "13035550145"
DAY = date(2026, 1, 1)


def noted(folder: Path, before: str, lids: dict[str, str]) -> str:
    path = folder / "groups.yaml"
    path.write_bytes(before.encode())
    notes = note_lids(path, lids)
    assert path.read_bytes() == before.encode()
    assert notes.not_editable == {}
    return notes.files.get(path, before.encode()).decode()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            "people:\n  # the chair\n  a:\n    name: A   # why\n    phone: +1 202   # work\n\n    # end\n  b: 1\n",
            "people:\n  # the chair\n  a:\n    name: A   # why\n    phone: +1 202   # work\n    lid: %s\n\n"
            "    # end\n  b: 1\n",
            id="block, comments",
        ),
        pytest.param(
            "people:\r\n  a:\r\n      'phone': \"+1 202 555 0143\"\r\n      name: A\r\nversion: 1",
            "people:\r\n  a:\r\n      'phone': \"+1 202 555 0143\"\r\n      lid: %s\r\n      name: A\r\nversion: 1",
            id="block, CRLF, quotes, odd indentation",
        ),
        pytest.param("people:\n a:\n  phone: 1", "people:\n a:\n  phone: 1\n  lid: %s", id="no line break at the end"),
        pytest.param("people:\r a:\r  phone: 1\r", "people:\r a:\r  phone: 1\r  lid: %s\r", id="old Mac"),
        pytest.param(
            "people:\n  a: {name: A, phone: +1 202 555 0143 }  # work\n",
            "people:\n  a: {name: A, phone: +1 202 555 0143, lid: %s }  # work\n",
            id="braces",
        ),
        pytest.param(
            "people: {a: {phone: +1 202 # c\n , name: A}, b: 2}",
            "people: {a: {phone: +1 202, lid: %s # c\n , name: A}, b: 2}",
            id="a comment in braces",
        ),
        pytest.param(
            "people:\n  a:   +1 (202) 555-0143   # work\n  b: 2\n",
            "people:\n  a:   {phone: +1 (202) 555-0143, lid: %s}   # work\n  b: 2\n",
            id="a lone number",
        ),
        pytest.param(
            "people:\n  a:\n    # her own\n    '+1 202 555 0143'\n  b: 2\n",
            "people:\n  a:\n    # her own\n    {phone: '+1 202 555 0143', lid: %s}\n  b: 2\n",
            id="a lone number on a line of its own",
        ),
        pytest.param(
            "people:\n ? a\n : +1 202 555 0143\n",
            "people:\n ? a\n : {phone: +1 202 555 0143, lid: %s}\n",
            id="explicit",
        ),
        pytest.param("people: {a: 1, b: 2}", "people: {a: {phone: 1, lid: %s}, b: 2}", id="a lone number in braces"),
        pytest.param(
            "\ufeffpeople: {é😀: 2, a: 1}", "\ufeffpeople: {é😀: 2, a: {phone: 1, lid: %s}}", id="byte order mark"
        ),
        pytest.param(
            "instance: {phone: &own 1}\npeople:\n  a: *own\n",
            "instance: {phone: &own 1}\npeople:\n  a: {phone: *own, lid: %s}\n",
            id="a number from elsewhere",
        ),
        pytest.param(
            "people:\n  a: &own 1\ninstance: {phone: *own}\n",
            "people:\n  a: {phone: &own 1, lid: %s}\ninstance: {phone: *own}\n",
            id="a number that is used elsewhere",
        ),
        pytest.param(
            "people:\n  a: &a\n    phone: &p 1\n  b: {phone: *p}\n",
            "people:\n  a: &a\n    phone: &p 1\n    lid: %s\n  b: {phone: *p}\n",
            id="anchors that share no mapping",
        ),
    ],
)
@pytest.mark.parametrize("libyaml", [True, False])
def test_the_lid_comes_after_the_phone(
    libyaml: bool, before: str, after: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not libyaml:
        monkeypatch.setattr(yaml_events, "__with_libyaml__", False)
    assert noted(tmp_path, before, {"a": LID}) == after % LID


@pytest.mark.parametrize(
    "before", ['{"people": {"a": "+1 202", "b": "1"}}', '{\n "people": {\n  "a": {\n   "phone": "1"\n  }\n }\n}\n']
)
def test_json_stays_json(before: str, tmp_path: Path) -> None:
    after = json.loads(noted(tmp_path, before, {"a": LID}))
    assert after["people"]["a"]["lid"] == LID


def test_an_alias_is_found_in_its_own_spelling(tmp_path: Path) -> None:
    alias = unicodedata.normalize("NFD", "josé")
    before = f"version: 1\npeople:\n  {alias}: +{ALICE}\n  jose: +{BOB}\n"
    (tmp_path / "groups.yaml").write_text(before, encoding="utf-8")
    found = seen(load(tmp_path / "groups.yaml", as_of=DAY), group((ALICE, LID)))
    after = before.replace(f"+{ALICE}", f"{{phone: +{ALICE}, lid: {LID}}}")
    assert noted(tmp_path, before, dict(found.new)) == after


@pytest.mark.parametrize(
    ("before", "advice"),
    [
        ("people: {a: &a {phone: 1}, b: *a, c: 3}", f"YAML alias; add `lid: {LID}` below its `phone` yourself"),
        ("people: {b: &a {phone: 1}, a: *a, c: 3}", f"YAML alias; add `lid: {LID}` below its `phone` yourself"),
        ("people:\n  a:\n    ? phone\n    : 1\n  c: 3\n", f"safely; add `lid: {LID}` below its `phone` yourself"),
        ("people:\n  a: |-\n    1\n  c: 3\n", f"safely; write `a: {{phone: …, lid: {LID}}}` yourself"),
    ],
)
def test_a_person_that_cannot_be_edited_gets_advice_and_stops_nobody(before: str, advice: str, tmp_path: Path) -> None:
    path = tmp_path / "groups.yaml"
    path.write_text(before, encoding="utf-8")
    notes = note_lids(path, {"a": LID, "c": OTHER})
    assert notes.files == {path: before.replace("c: 3", f"c: {{phone: 3, lid: {OTHER}}}").encode()}
    assert list(notes.not_editable) == ["a"]
    assert notes.not_editable["a"].startswith(f"{path}: its text ")
    assert advice in notes.not_editable["a"]


def test_nobody_of_shared_people_is_edited(tmp_path: Path) -> None:
    path = tmp_path / "groups.yaml"
    path.write_text("people: &p {a: 1, b: 2}\nother: *p\n", encoding="utf-8")
    notes = note_lids(path, {"a": LID, "b": OTHER})
    assert (notes.files, sorted(notes.not_editable)) == ({}, ["a", "b"])


def test_a_few_that_cannot_be_edited_leave_all_the_others(tmp_path: Path) -> None:
    path = tmp_path / "groups.yaml"
    lines = [f"  p{n}: |-\n    {n}\n" if n % 40 == 7 else f"  p{n}: {n}\n" for n in range(100)]
    path.write_text("people:\n" + "".join(lines), encoding="utf-8")
    notes = note_lids(path, {f"p{n}": f"{10**13 + n}@lid" for n in range(100)})
    assert sorted(notes.not_editable) == ["p47", "p7", "p87"]
    assert notes.files[path].count(b"lid: ") == 97


def test_an_alias_that_is_not_there_or_has_a_lid_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ReconcilerError, match="has nobody called `b`, `c` who lacks a `lid`"):
        noted(tmp_path, f"people: {{a: 1, b: {{phone: 2, lid: {OTHER}}}}}", {"a": LID, "b": LID, "c": LID})
    with pytest.raises(ReconcilerError, match="nobody called `a`"):
        noted(tmp_path, "people: [a]", {"a": LID})


def test_of_a_folder_only_the_files_that_change_are_written(tmp_path: Path) -> None:
    for name, text in {"a": f"version: 1\npeople: {{a: +{ALICE}}}\n", "b": f"people: {{b: +{BOB}}}\n"}.items():
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    desired = load(tmp_path, as_of=DAY)
    notes = note_lids(tmp_path, {"b": LID})
    require_unchanged(tmp_path, desired.sources)
    write_files(notes.files)
    assert list(notes.files) == [tmp_path / "b.yaml"]
    assert {person.alias: person.lid for person in load(tmp_path, as_of=DAY).people.values()} == {"a": None, "b": LID}
    with pytest.raises(ReconcilerError, match=r"b\.yaml changed meanwhile, so nothing was written"):
        require_unchanged(tmp_path, desired.sources)
    (tmp_path / "c.yaml").write_text("people: {}\n", encoding="utf-8")
    with pytest.raises(ReconcilerError, match=r"b\.yaml, .*c\.yaml changed"):
        require_unchanged(tmp_path, desired.sources)


def test_the_example_can_be_noted_and_means_the_same(tmp_path: Path) -> None:
    path = tmp_path / "groups.yaml"
    path.write_bytes((Path(__file__).parents[2] / "examples" / "groups.yaml").read_bytes())
    before = load(path, as_of=DAY)
    lids = {
        person.alias: f"{10**13 + n}@lid"
        for n, person in enumerate(before.people.values())
        if person.alias and not person.lid
    }
    assert lids
    write_files(note_lids(path, lids).files)
    after = load(path, as_of=DAY)
    assert {person.alias: person.lid for person in after.people.values() if person.alias in lids} == lids
    assert [[*group.listed_members] for group in after.groups] == [[*group.listed_members] for group in before.groups]


# Which LIDs are new


def people(**entries: str) -> Desired:
    text = "version: 1\npeople:\n" + "".join(f"  {alias}: {entry}\n" for alias, entry in entries.items())
    return load_contents([FileContent("groups.yaml", text.encode())], as_of=DAY, folder=None, name="groups.yaml")


def group(*pairs: tuple[str | None, str | None]) -> LiveGroup:
    """A live group of participants, each with the digits of a number and a LID, or with one of them."""
    participants = tuple(
        Participant(
            id=lid or phone_jid(digits or ""),
            identity=identity_of_digits(digits) if digits else None,
            jid=phone_jid(digits) if digits else None,
            lid=lid,
        )
        for digits, lid in pairs
    )
    return LiveGroup(id="1@g.us", name=Untrusted("A"), description=Untrusted(""), participants=participants)


def seen(desired: Desired, *groups: LiveGroup) -> SeenLids:
    return find_lids(desired, groups)


def test_a_lid_is_new_only_where_one_read_shows_it_with_the_number() -> None:
    desired = people(alice=f"+{ALICE}", bob=f"{{phone: +{BOB}, lid: {OTHER}}}", carol=f"+{CAROL}")
    found = seen(
        desired, group((ALICE, LID), (CAROL, None), (None, "1@lid"), ("12025550199", "2@lid")), group((BOB, None))
    )
    assert found == SeenLids(new={"alice": LID}, unclear={}, known=1, unseen=1)


def test_a_person_in_two_spellings_is_one_and_gets_one_lid() -> None:
    desired = people(one=f"+{ALICE}", two=f"{ALICE}@c.us", brazil="553196348800@s.whatsapp.net")
    found = seen(desired, group((ALICE, LID), ("5531996348800", OTHER)), group((ALICE, LID)))
    assert found == SeenLids(new={"one": LID, "brazil": OTHER}, unclear={}, known=0, unseen=0)
    noted_under_the_other = people(one=f"+{ALICE}", two=f"{{phone: {ALICE}@c.us, lid: {LID}}}")
    assert seen(noted_under_the_other, group((ALICE, LID))).known == 1


@pytest.mark.parametrize("spelling", [LID, LID.partition("@")[0], LID.replace("@", "@hosted.")])
def test_a_lid_of_the_file_is_the_same_in_every_spelling(spelling: str) -> None:
    found = seen(people(alice=f"{{phone: +{ALICE}, lid: {spelling}}}"), group((ALICE, LID)))
    assert found == SeenLids(new={}, unclear={}, known=1, unseen=0)


@pytest.mark.parametrize(
    ("entries", "pairs", "reasons"),
    [
        pytest.param(
            {"alice": f"{{phone: +{ALICE}, lid: {LID}}}"},
            [(ALICE, OTHER)],
            {"alice": [f"the file has {LID} beside +{ALICE}, but live groups show {OTHER} with that number; find out"]},
            id="a number with another LID than the file has",
        ),
        pytest.param(
            {"alice": f"{{phone: +{ALICE}, lid: {LID}}}"},
            [(BOB, LID)],
            {"alice": [f"the file has {LID} beside +{ALICE}, but live groups show +{BOB} with that LID; find out"]},
            id="a LID with another number than the file has",
        ),
        pytest.param(
            {"alice": f"{{phone: +{ALICE}, lid: {LID}}}", "bob": f"+{BOB}"},
            [(BOB, LID)],
            {
                "alice": [f"the file has {LID} beside +{ALICE}, but live groups show +{BOB} with that LID; find out"],
                "bob": [f"live groups show +{BOB} with {LID}, which the file has beside `alice`, +{ALICE}; find out"],
            },
            id="the LID of another person",
        ),
        pytest.param(
            {"alice": f"+{ALICE}"},
            [(ALICE, LID), (ALICE, OTHER)],
            {"alice": [f"live groups show +{ALICE} with several LIDs, {LID}, {OTHER}; find out"]},
            id="a number with two LIDs",
        ),
        pytest.param(
            {"alice": f"+{ALICE}"},
            [(ALICE, LID), (BOB, LID)],
            {"alice": [f"live groups show {LID} with several numbers, +{ALICE}, +{BOB}; find out"]},
            id="a LID with two numbers",
        ),
        pytest.param(
            {"alice": f"{{phone: +{ALICE}, lid: {LID}}}"},
            [(ALICE, OTHER), (BOB, LID)],
            {
                "alice": [
                    f"the file has {LID} beside +{ALICE}, but live groups show +{BOB} with that LID; find out",
                    f"the file has {LID} beside +{ALICE}, but live groups show {OTHER} with that number; find out",
                ]
            },
            id="both",
        ),
    ],
)
def test_what_contradicts_the_file_or_itself_is_never_new(
    entries: dict[str, str], pairs: list[tuple[str, str]], reasons: dict[str, list[str]]
) -> None:
    for groups in ([group(*pairs)], [group(pair) for pair in pairs]):
        found = seen(people(**entries), *groups)
        assert (found.new, found.known, found.unseen) == ({}, 0, 0)
        assert list(found.unclear) == list(reasons)
        for alias, beginnings in reasons.items():
            assert len(found.unclear[alias]) == len(beginnings)
            assert all(map(str.startswith, found.unclear[alias], beginnings)), found.unclear[alias]
