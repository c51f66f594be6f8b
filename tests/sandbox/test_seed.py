"""Initial states and faults from YAML files, and the errors of invalid files."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.sandbox import Fault, SandboxError, World, load_faults, seed_world
from reconciler.sandbox.records import Group, InstanceStatus, InstanceType

SEED = """
instance: {id: inst_abc123, phone: +1 202 555 0100, name: Demo, status: connected, type: waha}
accounts:
  - {phone: +55 31 9 9634-8800, jid: 553196348800@s.whatsapp.net, shows: lid_with_phone, lid: 76699677012110@lid}
  - {phone: 12025550144, refuses_adds: true, spelling: c.us}
  - {phone: +1 202 555 0199, exists: false}
groups:
  - id: 120363012345678901@g.us
    name: Project Alpha
    description: Team workspace
    invite_code: AbCdEfGhIjKlMn
    participants:
      - +1 202 555 0100
      - +1 202 555 0143
      - {phone: 12025550144, admin: true}
  - {name: Theirs, instance: member, participants: [{phone: +1 303 555 0101, owner: true}]}
  - {name: Ours too, owner: +1 303 555 0101, participants: [+1 303 555 0101]}
  - {name: Foreign, instance: outside, participants: [+1 303 555 0102], description: }
  - {name: Two owners, owner: +1 303 555 0101, participants: [{phone: +1 303 555 0102, owner: true, admin: false}]}
  - {name: Nobody's, instance: member, participants: }
contacts:
  - {phone: +1 202 555 0143, name: Alice, short_name: Al, push_name: ally, is_business: false}
"""


def write_yaml(folder: Path, text: str) -> Path:
    path = folder / "first.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def roles(group: Group) -> dict[str, str]:
    return {
        member.digits: "owner" if member.is_owner else "admin" if member.is_admin else "member"
        for member in group.members
    }


def test_a_seed_file_fills_the_world(tmp_path: Path) -> None:
    with World.open() as world:
        seed_world(world, write_yaml(tmp_path, SEED))
        instance = world.instance("inst_abc123")
        assert (instance.name, instance.kind, instance.status) == ("Demo", InstanceType.WAHA, InstanceStatus.CONNECTED)
        groups = {group.name: group for group in world.groups()}
        alpha = groups["Project Alpha"]
        assert (alpha.id, alpha.description, alpha.invite_code, alpha.owner) == (
            "120363012345678901@g.us",
            "Team workspace",
            "AbCdEfGhIjKlMn",
            "12025550100",
        )
        assert {name: roles(group) for name, group in groups.items()} == {
            "Project Alpha": {"12025550100": "owner", "12025550143": "member", "12025550144": "admin"},
            "Theirs": {"12025550100": "member", "13035550101": "owner"},
            "Ours too": {"13035550101": "owner", "12025550100": "admin"},
            "Foreign": {"13035550102": "member"},
            "Two owners": {"13035550101": "owner", "12025550100": "admin", "13035550102": "owner"},
            "Nobody's": {"12025550100": "member"},
        }
        assert groups["Nobody's"].owner is None
        ana = world.account("5531996348800")
        assert (ana.jid, ana.lid, ana.shows) == ("553196348800@s.whatsapp.net", "76699677012110@lid", "lid_with_phone")
        assert world.account("12025550144").refuses_adds
        assert not world.account("12025550199").exists


def test_a_seed_file_needs_only_an_instance(tmp_path: Path) -> None:
    with World.open() as world:
        seed_world(world, write_yaml(tmp_path, "instance: {id: i, phone: '12025550100'}"))
        assert world.snapshot() == {}


HEAD = "instance: {id: inst_abc123, phone: +1 202 555 0100}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "first.yaml: expected a mapping with instance, accounts, groups, contacts"),
        ("groups: []", "first.yaml: the key 'instance' is missing"),
        ("instance: {id: a}", "first.yaml: instance: the key 'phone' is missing"),
        ("instance: {id: a, phone: nobody}", "first.yaml: instance: 'nobody' is not a phone number"),
        ("instance: {id: [a], phone: 12025550100}", "first.yaml: instance.id: expected text"),
        ("instance: {id: a, phone: 12025550100, status: tired}", "instance: 'tired' is not an instance status"),
        ("instance: {id: a, phone: 12025550100, type: fax}", "instance: 'fax' is not an instance type"),
        (HEAD + "group: []", "first.yaml: unknown key 'group'; known: instance, accounts, groups, contacts"),
        (HEAD + "groups: {}", "first.yaml: groups: expected a list"),
        (HEAD + "groups: [{id: 1@g.us}]", "first.yaml: groups[0]: the key 'name' is missing"),
        (HEAD + "groups: [{name: A, id: A}]", "first.yaml: groups[0]: 'A' is not a group id"),
        (HEAD + "groups: [{name: A, invite_code: 'a/b'}]", "first.yaml: groups[0]: 'a/b' is not an invite code"),
        (HEAD + "groups: [{name: A, instance: boss}]", "groups[0].instance: expected one of admin, member, outside"),
        (HEAD + "groups: [{name: A, owner: me}]", "first.yaml: groups[0]: 'me' is not a phone number"),
        (HEAD + "groups: [{name: A, participants: [x]}]", "first.yaml: groups[0].participants[0]: 'x' is not a phone"),
        (
            HEAD + "groups: [{name: A, participants: [{phone: 12025550143, admin: perhaps}]}]",
            "first.yaml: groups[0].participants[0].admin: expected true or false",
        ),
        (
            HEAD + "groups: [{name: A, id: 1@g.us}, {name: B, id: 1@g.us}]",
            "groups[1]: a group with the id 1@g.us",
        ),
        (HEAD + "accounts: [{phone: 12025550143, jid: 12025550144@s.whatsapp.net}]", "accounts[0]: +1 202 ••• ••43"),
        (HEAD + "accounts: [{phone: 12025550143, shows: nothing}]", "accounts[0]: 'nothing' is not a way to show"),
        (HEAD + "accounts: [{phone: 12025550143, spelling: odd}]", "accounts[0]: 'odd' is not a spelling of a JID"),
        (HEAD + "accounts: [{phone: 12025550143, lid: me}]", "accounts[0]: 'me' is not a LID"),
        (HEAD + "contacts: [{phone: 12025550143, is_business: 1}]", "contacts[0].is_business: expected true or false"),
        ("instance: [", "first.yaml is not valid YAML"),
    ],
)
def test_an_invalid_seed_file_changes_nothing_and_names_the_location(tmp_path: Path, text: str, message: str) -> None:
    with World.open() as world:
        with pytest.raises(SandboxError) as caught:
            seed_world(world, write_yaml(tmp_path, text))
        assert message in str(caught.value)
        assert world.snapshot() == {}
        with pytest.raises(SandboxError):
            world.instance("inst_abc123")


def test_unreadable_files_are_errors(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="cannot read"):
        load_faults(tmp_path / "missing.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"- kind: \xe9")
    with pytest.raises(SandboxError, match="cannot read"):
        load_faults(tmp_path / "latin.yaml")
    with pytest.raises(SandboxError, match="is not valid YAML"):
        load_faults(write_yaml(tmp_path, "- {kind: latency, seconds: 2026-13-41}"))


FAULTS = r"""
- {kind: latency, seconds: 0.5, times: 0}
- {kind: status, method: POST, path: /groups, status: 503, code: BUSY, message: later, headers: {Retry-After: '3'}}
- {kind: drop_after, body_contains: "12025550143", skip: 2}
- {kind: html, effect: true}
- {kind: garbage, pattern: '/groups/.*', body: {data: [1, null]}, rate_headers: false}
- {kind: stale_list, amount: 2}
- {kind: redirect, status: 307, location: 'http://127.0.0.1:9/'}
- {kind: set_cookie, cookie: a=b}
"""

EXPECTED = (
    Fault("latency", seconds=0.5, times=0),
    Fault(
        "status",
        method="POST",
        path="/groups",
        status=503,
        code="BUSY",
        message="later",
        headers={"Retry-After": "3"},
    ),
    Fault("drop_after", body_contains="12025550143", skip=2),
    Fault("html", effect=True),
    Fault("garbage", pattern="/groups/.*", body={"data": [1, None]}, rate_headers=False),
    Fault("stale_list", amount=2),
    Fault("redirect", status=307, location="http://127.0.0.1:9/"),
    Fault("set_cookie", cookie="a=b"),
)


def test_faults_are_a_list_or_under_a_key(tmp_path: Path) -> None:
    assert load_faults(write_yaml(tmp_path, FAULTS)) == EXPECTED
    assert load_faults(write_yaml(tmp_path, "faults:" + FAULTS.replace("\n-", "\n  -"))) == EXPECTED
    assert load_faults(write_yaml(tmp_path, "")) == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "- {kind: lightning}",
            "first.yaml: [0].kind: 'lightning' is not a kind of fault; choose one of latency, status",
        ),
        ("- {kind: [latency]}", "first.yaml: [0].kind: ['latency'] is not a kind of fault"),
        ("- {times: 1}", "first.yaml: [0]: the key 'kind' is missing"),
        ("- latency", "first.yaml: [0]: expected a mapping"),
        ("faults: 3", "first.yaml: faults: expected a list"),
        ("- {kind: latency, status: 500}", "first.yaml: [0]: unknown key 'status'; known: kind, method"),
        ("- {kind: drop_before, effect: true}", "first.yaml: [0]: unknown key 'effect'"),
        ("- {kind: silence, headers: {a: b}}", "first.yaml: [0]: unknown key 'headers'"),
        ("- {kind: latency, seconds: long}", "[0].seconds: expected a number, 0 or greater"),
        ("- {kind: latency, seconds: .nan}", "[0].seconds: expected a number, 0 or greater"),
        ("- {kind: latency, seconds: true}", "[0].seconds: expected a number, 0 or greater"),
        ("- {kind: status, status: 99}", "[0].status: expected an HTTP status from 200 to 599"),
        ("- {kind: status, status: '503'}", "[0].status: expected an integer"),
        ("- {kind: status, times: -1}", "[0].times: expected an integer, 0 or greater"),
        ("- {kind: status, skip: true}", "[0].skip: expected an integer"),
        ("- {kind: status, headers: [a]}", "[0].headers: expected a mapping of header names to values"),
        ("- {kind: status, headers: {a: 1}}", "[0].headers: expected text; put it in quotes"),
        ("- {kind: status, body_contains: 12025550143}", "[0].body_contains: expected text; put it in quotes"),
        ("- {kind: status, pattern: '('}", "[0].pattern: not a regular expression"),
        ("- {kind: status, rate_headers: 1.5}", "[0].rate_headers: expected true or false"),
    ],
)
def test_an_invalid_fault_file_names_the_location(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SandboxError) as caught:
        load_faults(write_yaml(tmp_path, text))
    assert message in str(caught.value)
