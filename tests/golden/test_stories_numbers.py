"""Numbers that are looked up before people are added: the address that the API gives, and people without an account."""

from __future__ import annotations

import json
import re

import pytest

from reconciler.diff.participants import MAX_CHECKS
from reconciler.live.fetch import MAX_FAILED_CHECKS
from reconciler.sandbox import Fault, FaultKind
from tests.stage import PHONE, Stage

RIO, RIO_SHORT = "+55 21 9 9555 0143", "+55 21 9555 0143"
"""One account: the number as the country dials it, and the address that an older account keeps."""
SAO_PAULO = "+55 11 9 9555 0144"
ALICE, BOB = "+1 202 555 0143", "+1 202 555 0144"
FILE = f"""\
people: {{ana: '{RIO}', davi: '{SAO_PAULO}', alice: {ALICE}, bob: {BOB}}}
policy: {{check_numbers: ambiguous}}
groups:
  team: {{name: Team, members: [ana, davi, alice]}}
"""


def checks(stage: Stage) -> int:
    """How many numbers were looked up since the last look."""
    return sum(call.startswith("GET /contacts/check") for call in stage.calls())


def sent(stage: Stage) -> list[str]:
    """Everybody whom the writing calls named, in their order."""
    return [
        person["id"] if isinstance(person, dict) else person
        for call in stage.world.calls()
        if call.method == "POST"
        for person in json.loads(call.body)["participants"]
    ]


def test_people_are_added_under_the_address_that_the_api_gives(stage: Stage) -> None:
    stage.world.set_account(RIO, jid=RIO_SHORT)
    stage.world.create_group("Team", [], owner=PHONE)
    stage.file(FILE)
    planned = stage.run("plan")
    assert "3 people join" in planned.out
    assert planned.out.rstrip().splitlines()[-1].endswith(" · 2 calls + 2 reads, about 1 s")
    assert checks(stage) == 2
    applied = stage.run("apply", "--yes")
    assert applied.code == 0, applied.out
    assert sent(stage) == ["12025550143@s.whatsapp.net", "552195550143@s.whatsapp.net", "5511995550144@s.whatsapp.net"]
    stage.calls()
    assert stage.run("plan", "--detailed-exitcode").code == 0
    assert checks(stage) == 0


@pytest.mark.parametrize("saved", [False, True])
def test_somebody_who_is_not_on_whatsapp_is_told_and_the_others_go(stage: Stage, saved: bool) -> None:
    stage.world.set_account(RIO, exists=False)
    stage.world.create_group("Team", [], owner=PHONE)
    stage.file(FILE)
    planned = stage.run("plan", "--detailed-exitcode", *(("--out", "saved.plan") if saved else ()))
    assert planned.code == 2
    assert "  i not on WhatsApp: ana: not added: the API has no WhatsApp account for this number" in planned.out
    assert "  + ana" not in planned.out
    stage.calls()
    applied = stage.run("apply", "--yes", *(("saved.plan",) if saved else ()))
    assert applied.code == 3
    assert "  ! not on WhatsApp: ana: not added" in applied.out
    assert "Correct the bad numbers in the file." in applied.out
    assert stage.members("Team") == {"12025550100", "12025550143", "5511995550144"}
    assert checks(stage) == (0 if saved else 2)
    again = stage.run("apply", "--yes", "--format", "json")
    assert again.code == 3
    result = json.loads(again.out)
    assert [outcome["status"] for outcome in result["people"]] == ["not on WhatsApp"]
    assert [call for call in stage.calls() if not call.startswith("GET ")] == []
    assert stage.run("drift").code == 2


def test_a_group_is_created_without_those_who_are_not_on_whatsapp(stage: Stage) -> None:
    stage.world.set_account(RIO, exists=False)
    stage.file(FILE)
    applied = stage.run("apply", "--yes")
    assert applied.code == 3
    assert stage.members("Team") == {"12025550100", "12025550143", "5511995550144"}


@pytest.mark.parametrize(("policy", "count"), [("none", 0), ("ambiguous", 2), ("all", 3)])
def test_the_policy_says_who_is_checked(stage: Stage, policy: str, count: int) -> None:
    stage.file(FILE.replace("check_numbers: ambiguous", f"check_numbers: {policy}"))
    assert stage.run("plan").code == 0
    assert checks(stage) == count


@pytest.mark.parametrize("shows", ["phone", "lid"])
def test_nobody_is_checked_who_is_live_in_a_group_of_the_run(stage: Stage, shows: str) -> None:
    stage.world.set_account(RIO, jid=RIO_SHORT, shows=shows, lid="123456789012345")
    stage.world.create_group("Other", [RIO], owner=PHONE)
    person = f"{{phone: '{RIO}', lid: 123456789012345@lid}}"
    stage.file(FILE.replace(f"'{RIO}'", person) + "  other: {name: Other, members: [ana]}\n")
    assert stage.run("plan").code == 0
    assert checks(stage) == 1


def test_a_check_that_fails_is_told_and_the_spelling_of_the_file_is_sent(stage: Stage) -> None:
    stage.world.create_group("Team", [], owner=PHONE)
    refused = Fault(FaultKind.STATUS, "GET", "/contacts/check", status=403, code="FORBIDDEN", times=99)
    stage.server.set_faults([refused])
    people = ", ".join(f"'+55 11 9 9555 01{number}'" for number in range(40, 50))
    stage.file(FILE.replace("[ana, davi, alice]", f"[{people}]"))
    planned = stage.run("plan")
    assert re.search(
        r"  i not checked: davi, (.*, ){5}.*: a run checks at most 200 numbers, and none after three", planned.out
    )
    assert re.search(
        r"  i not checked: ([^,]*, ){2}[^,]*: .* whether it is on WhatsApp \(403 FORBIDDEN\)\n", planned.out
    )
    assert f" + {MAX_FAILED_CHECKS} reads" in planned.out
    assert checks(stage) == MAX_FAILED_CHECKS
    assert stage.run("apply", "--yes").code == 0


def test_an_answer_about_somebody_else_is_not_believed(stage: Stage) -> None:
    stage.world.create_group("Team", [], owner=PHONE)
    lie = {"data": {"exists": True, "phone": "1", "chat_id": "12025550144@s.whatsapp.net"}}
    stage.server.set_faults([Fault(FaultKind.GARBAGE, "GET", "/contacts/check", body=lie, times=9)])
    stage.file(FILE)
    planned = stage.run("plan")
    assert "not checked: ana, davi: added as the file spells the number" in planned.out
    assert "another person's number" in planned.out
    assert stage.run("apply", "--yes").code == 0
    assert "12025550144@s.whatsapp.net" not in sent(stage)


def test_a_run_checks_a_limited_number_of_people(stage: Stage) -> None:
    people = ", ".join(f"'+55 11 9 955{number:05}'" for number in range(MAX_CHECKS + 5))
    stage.file(FILE.replace("[ana, davi, alice]", f"[{people}]"))
    planned = stage.run("plan")
    assert checks(stage) == MAX_CHECKS
    assert f"a run checks at most {MAX_CHECKS} numbers" in planned.out


def test_no_group_is_created_in_which_nobody_would_be(stage: Stage) -> None:
    stage.world.set_account(RIO, exists=False)
    stage.world.set_account(SAO_PAULO, exists=False)
    stage.file(FILE.replace("[ana, davi, alice]", "[ana, davi]"))
    applied = stage.run("apply", "--yes")
    assert (applied.code, stage.world.snapshot()) == (3, {})
    assert "nobody of its members is on WhatsApp" in applied.out


def test_an_answer_that_contradicts_itself_is_not_believed(stage: Stage) -> None:
    stage.world.create_group("Team", [], owner=PHONE)
    lie = {"data": {"exists": False, "phone": "5521995550143", "chat_id": "5521995550143@s.whatsapp.net"}}
    stage.server.set_faults([Fault(FaultKind.GARBAGE, "GET", "/contacts/check", body=lie, times=9)])
    stage.file(FILE.replace("[ana, davi, alice]", "[ana]"))
    assert "not checked: ana: added as the file spells the number" in stage.run("plan").out
