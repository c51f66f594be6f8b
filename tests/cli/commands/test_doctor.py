"""`reconciler doctor`: whole runs against the embedded server, well and in many states of ill health."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from reconciler.doctor.model import Examination, Sentence, note
from reconciler.json_schemas import schema_text
from reconciler.report.doctor import render_examination
from reconciler.report.options import RenderOptions
from reconciler.sandbox import Fault, FaultKind, Settings
from tests.cli.test_signals import running
from tests.stage import INSTANCE, PHONE, Ran, Stage, stage_with

ALICE, BOB, CAROL = "+1 202 555 0143", "+1 202 555 0144", "+1 303 555 0145"
SECRET = "s3cr3t-of-a-webhook"
SCHEMA = jsonschema.Draft202012Validator(json.loads(schema_text("doctor.schema.json")))
FILE = f"""
people: {{alice: {ALICE}, bob: {{phone: {BOB}, name: Bob Marsh}}}}
groups:
  alpha: {{name: Alpha, members: [alice, bob]}}
  beta: {{name: Beta, description: New, members: [alice]}}
"""


def live(stage: Stage) -> None:
    stage.world.create_group("Alpha", [ALICE, BOB], owner=PHONE)
    stage.world.create_group("Beta", [ALICE], owner=PHONE)


def checks(ran: Ran) -> dict[str, dict[str, Any]]:
    """Return the checks of a JSON document by name; the document fits its schema, and the exit code its checks."""
    document = json.loads(ran.out)
    SCHEMA.validate(document)
    found = {check["name"]: check for check in document["checks"]}
    assert ran.code == (0 if document["healthy"] else 1), ran.out
    assert document["healthy"] == all(check["outcome"] != "broken" for check in found.values())
    assert document["summary"] == {
        outcome: sum(check["outcome"] == outcome for check in found.values()) for outcome in document["summary"]
    }
    for check in found.values():
        assert check["text"], check["name"]
        assert check["advice"] or check["outcome"] != "broken", check["name"]
    return found


def examine(stage: Stage, *arguments: str) -> dict[str, dict[str, Any]]:
    return checks(stage.run("doctor", *arguments, "--format", "json"))


def outcomes(found: dict[str, dict[str, Any]], outcome: str) -> list[str]:
    return [name for name, check in found.items() if check["outcome"] == outcome]


@contextmanager
def behaving(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Stage]:
    with stage_with(settings, tmp_path, monkeypatch, capsys) as stage:
        live(stage)
        stage.file(FILE)
        yield stage


def test_a_healthy_account_has_nothing_broken_and_no_call_writes(stage: Stage) -> None:
    live(stage)
    stage.file(FILE)
    before = stage.world.snapshot()
    found = examine(stage)
    assert outcomes(found, "broken") == outcomes(found, "note") == outcomes(found, "skipped") == []
    assert list(found)[:3] == ["file", "key", "server"]
    assert found["list"]["numbers"] == {"groups": 2}
    assert found["groups"]["numbers"] == {"groups": 2, "by_id": 0, "adopted": 2, "absent": 0, "blocked": 0}
    assert found["rights"]["numbers"] == {"admin": 2, "groups": 2}
    calls = stage.calls()
    assert calls
    assert {call.partition(" ")[0] for call in calls} == {"GET"}
    assert stage.world.snapshot() == before


def test_the_text_has_one_line_a_check_and_ends_with_what_they_come_to(stage: Stage) -> None:
    live(stage)
    stage.file(FILE)
    ran = stage.run("doctor")
    lines = ran.out.splitlines()
    assert ran.code == 0
    assert lines[0].startswith("wappfy-reconciler ")
    assert [line.split()[1] for line in lines if line.startswith("✓")] == list(examine(stage))
    assert lines[-1] == "14 checks: 14 fine"


def test_with_nothing_set_it_says_what_to_set_first(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WAPPFY_API_KEY")
    ran = stage.run("doctor")
    assert (ran.code, ran.err) == (1, "")
    assert "set WAPPFY_API_KEY" in ran.out
    assert "Repair first: key." in ran.out
    found = examine(stage)
    assert outcomes(found, "broken") == ["key", "instance"]
    assert found["file"]["outcome"] == "skipped"
    assert stage.calls() == []


def test_without_a_file_the_environment_is_enough(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    live(stage)
    monkeypatch.setenv("WAPPFY_INSTANCE_ID", INSTANCE)
    found = examine(stage)
    assert outcomes(found, "broken") == []
    assert outcomes(found, "skipped") == ["file", "rights", "own-number", "groups"]
    assert found["time"]["numbers"] == {"calls": 3, "time": 1}


def test_a_broken_file_is_told_with_its_places_and_the_server_is_checked_all_the_same(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAPPFY_INSTANCE_ID", INSTANCE)
    stage.file("groups: {alpha: {nmae: Alpha}}")
    found = examine(stage)
    assert outcomes(found, "broken") == ["file"]
    assert "groups.yaml:3:10" in found["file"]["items"][0]
    assert found["list"]["outcome"] == "fine"
    assert examine(stage, "nowhere.yaml")["file"]["outcome"] == "broken"


def test_warnings_of_the_file_are_worth_knowing(stage: Stage) -> None:
    live(stage)
    stage.file(f"people: {{one: {{phone: {ALICE}, name: Ann}}, two: {{phone: {BOB}, name: Ann}}}}\ngroups: {{}}")
    found = examine(stage)
    assert found["file"]["outcome"] == "note"
    assert found["file"]["items"]


def test_the_starters_file_is_to_be_filled_in(stage: Stage) -> None:
    stage.run("init")
    assert examine(stage)["file"]["outcome"] == "broken"


def test_a_wrong_key_is_told_and_never_shown(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.file(FILE)
    monkeypatch.setenv("WAPPFY_API_KEY", "wappfy_sk_wrong_1234567")
    found = examine(stage)
    assert outcomes(found, "broken") == ["access"]
    assert found["key"]["text"] == "the key comes from WAPPFY_API_KEY"
    assert found["list"]["outcome"] == "skipped"
    assert "WAPPFY_API_KEY" in found["access"]["advice"]
    ran = stage.run("doctor", "-v")
    assert "wappfy_sk_wrong" not in ran.out + ran.err


def test_a_key_of_a_few_letters_garbles_no_text(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAPPFY_API_KEY", "i")
    ran = stage.run("doctor")
    assert ran.out.startswith("wappfy-reconciler ")
    assert "***" not in ran.out


def test_where_the_key_comes_from_is_told(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    live(stage)
    stage.file(FILE)
    key = stage.folder / "key.txt"
    key.write_text(stage.server.key + "\n", encoding="utf-8")
    assert examine(stage, "--api-key-file", str(key))["key"]["text"].endswith("--api-key-file")
    monkeypatch.delenv("WAPPFY_API_KEY")
    monkeypatch.setenv("RECONCILER_API_KEY_FILE", str(key))
    assert examine(stage)["key"]["text"].endswith("RECONCILER_API_KEY_FILE")
    key.write_text("", encoding="utf-8")
    assert examine(stage)["key"]["outcome"] == "broken"


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (("--base-url", "http://api.example.com"), "server"),
        (("--base-url", "https://user:pass@api.example.com"), "server"),
        (("--instance-id", "a\tb"), "instance"),
        (("--instance-id", ".."), "instance"),
    ],
)
def test_what_cannot_be_used_is_told_before_any_call(stage: Stage, arguments: tuple[str, ...], name: str) -> None:
    stage.file(FILE)
    found = examine(stage, *arguments)
    assert outcomes(found, "broken") == [name]
    assert "pass@" not in json.dumps(found)
    assert stage.calls() == []


def test_no_server_at_the_address(stage: Stage) -> None:
    stage.file(FILE)
    stage.server.stop()
    found = examine(stage)
    assert outcomes(found, "broken") == ["server"]
    assert "Connection refused" in found["server"]["text"]
    assert found["instance"]["outcome"] == "skipped"


@contextmanager
def other_program(body: bytes, status: int) -> Iterator[str]:
    """Serve the same answer to everything: what a proxy or a home page does at a wrong address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/api"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(("body", "status"), [(b"<html>Welcome</html>", 200), (b"", 302), (b"{}", 404)])
def test_another_program_at_the_address_is_not_taken_for_the_api(stage: Stage, body: bytes, status: int) -> None:
    stage.file(FILE)
    with other_program(body, status) as url:
        found = examine(stage, "--base-url", url)
    assert outcomes(found, "broken") == ["server"]


def test_a_base_url_without_its_path_is_the_servers_fault_and_not_the_instances(stage: Stage) -> None:
    stage.file(FILE)
    found = examine(stage, "--base-url", stage.server.url.removesuffix("/api"))
    assert outcomes(found, "broken") == ["server"]
    assert "https://api.wappfy.io/api" in found["server"]["advice"]
    assert found["access"]["outcome"] == found["instance"]["outcome"] == found["webhooks"]["outcome"] == "skipped"


@pytest.mark.parametrize("skew", [3_600.0, -3_600.0])
def test_a_clock_that_is_wrong_is_worth_knowing(
    skew: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with behaving(Settings(clock_skew=skew), tmp_path, monkeypatch, capsys) as stage:
        found = examine(stage)
    assert outcomes(found, "note") == ["clock"]
    assert 3_590 < found["clock"]["numbers"]["seconds"] <= 3_601
    assert ("ahead of" if skew > 0 else "behind") in found["clock"]["text"]


def test_a_server_without_rate_headers_is_worth_knowing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with behaving(Settings(rate_headers=False), tmp_path, monkeypatch, capsys) as stage:
        assert outcomes(examine(stage), "note") == ["rate-limit"]


def test_other_programs_that_use_the_keys_calls_are_worth_knowing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with behaving(Settings(rate_limit=20), tmp_path, monkeypatch, capsys) as stage:
        for _ in range(3):
            assert outcomes(examine(stage), "note") == []
        assert outcomes(examine(stage), "note") == ["rate-limit"]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda world: world.set_instance_status(INSTANCE, "scan_qr"), "scan_qr"),
        (lambda world: world.set_instance_type(INSTANCE, "cloud_api"), "cloud_api"),
    ],
)
def test_an_instance_that_cannot_write_is_broken_and_its_groups_are_not_read(
    stage: Stage, change: Any, word: str
) -> None:
    live(stage)
    stage.file(FILE)
    change(stage.world)
    found = examine(stage)
    assert outcomes(found, "broken") == ["instance"]
    assert word in found["instance"]["text"]
    assert outcomes(found, "skipped") == ["list", "people", "rights", "own-number", "groups", "time"]


def test_an_instance_that_does_not_exist_is_broken(stage: Stage) -> None:
    stage.file(FILE)
    found = examine(stage, "--instance-id", "inst_other")
    assert outcomes(found, "broken") == ["instance"]
    assert "--instance-id" in found["instance"]["advice"]


def test_a_key_that_may_not_use_the_instance_is_told(stage: Stage) -> None:
    stage.file(FILE)
    stage.server.set_faults([Fault(FaultKind.STATUS, "GET", "/", status=403)])
    found = examine(stage)
    assert outcomes(found, "broken") == ["instance"]
    assert found["access"]["outcome"] == "fine"


def test_an_api_that_does_not_tell_the_instance_is_broken_and_its_groups_are_read(stage: Stage) -> None:
    live(stage)
    stage.file(FILE)
    stage.server.set_faults([Fault(FaultKind.STATUS, "GET", "/", status=404, code="NOT_FOUND")])
    found = examine(stage)
    assert outcomes(found, "broken") == ["instance"]
    assert found["list"]["outcome"] == found["own-number"]["outcome"] == "fine"
    assert "the id is right" in found["instance"]["advice"]


def test_the_webhooks_of_the_instance_are_listed_without_what_may_be_secret(stage: Stage) -> None:
    live(stage)
    stage.file(FILE)
    stage.world.ensure_instance("inst_other", "+1 202 555 0199")
    url = f"https://hooks.example.com/{SECRET}?token={SECRET}"
    for instance in (INSTANCE, "inst_other", None):
        body: dict[str, Any] = {"url": url, "events": ["group.joined", "group.left"], "secret": SECRET}
        register(stage, body | ({"instance_id": instance} if instance else {}))
    found = examine(stage)
    assert found["webhooks"]["numbers"] == {"count": 2}
    assert found["webhooks"]["items"] == ['"hooks.example.com": group.joined, group.left'] * 2
    ran = stage.run("doctor", "-v")
    assert SECRET not in ran.out + ran.err + json.dumps(found)


def register(stage: Stage, body: dict[str, Any]) -> None:
    import requests

    headers = {"X-Api-Key": stage.server.key}
    assert requests.post(f"{stage.server.url}/webhooks", json=body, headers=headers, timeout=10).status_code == 201


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (Settings(), "in the guide dialect, in one piece; its end is proven"),
        (Settings(dialect="reference"), "in the reference dialect, in one piece; its end is proven"),
        (Settings(paging="page", page_size=1), "in numbered pages; two reads of it agree"),
        (Settings(paging="offset", page_size=50), "in pages by limit and offset; its end is proven"),
    ],
)
def test_the_list_tells_its_dialect_its_paging_and_its_end(
    settings: Settings,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with behaving(settings, tmp_path, monkeypatch, capsys) as stage:
        if settings.paging == "offset":
            for number in range(55):
                stage.world.create_group(f"Group {number}", [], owner=PHONE)
        assert words in examine(stage)["list"]["text"]


def test_a_list_whose_end_cannot_be_proven_is_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with behaving(Settings(paging="page", page_size=1), tmp_path, monkeypatch, capsys) as stage:

        def add_group(seq: int, *_: str) -> None:
            stage.world.create_group(f"Group {seq}", [], owner=PHONE)

        stage.server.on_call = add_group
        found = examine(stage)
    assert outcomes(found, "broken") == ["list"]
    assert found["groups"]["outcome"] == "skipped"


def test_an_odd_entry_of_the_list_and_an_odd_group_are_worth_knowing(stage: Stage) -> None:
    live(stage)
    stage.file(FILE)
    ids = list(stage.world.snapshot())
    entries = [{"group_id": id_, "name": "Alpha"} for id_ in ids[:1]] + [{"group_id": "odd", "name": "Beta"}]
    odd_list = Fault(FaultKind.GARBAGE, "GET", "/groups", body={"data": entries}, times=0)
    odd_group = Fault(FaultKind.GARBAGE, "GET", "/groups/*", body={"data": {"group_id": ids[0], "name": 7}}, times=0)
    stage.server.set_faults([odd_list, odd_group])
    found = examine(stage)
    assert outcomes(found, "note") == ["list", "people", "groups"]
    assert found["list"]["items"][0].startswith('"Beta": ')
    assert found["people"]["items"][0].startswith(f"{ids[0]}: ")


def test_an_empty_list_is_broken_where_the_file_has_ids(stage: Stage) -> None:
    stage.file(f"groups: {{alpha: {{id: {120363_499999_999999}@g.us, name: Alpha}}}}")
    found = examine(stage)
    assert outcomes(found, "broken") == ["list"]


def test_people_are_counted_by_what_they_are_known_by(stage: Stage) -> None:
    stage.world.set_account(BOB, lid="76699677012110@lid", shows="lid_with_phone")
    stage.world.set_account(CAROL, lid="76699677012111@lid", shows="lid")
    stage.world.set_account("+55 31 99634 8800", jid="+55 31 9634 8800")
    stage.world.create_group("Alpha", [ALICE, BOB, CAROL, "+55 31 99634 8800"], owner=PHONE)
    stage.file(FILE)
    people = examine(stage)["people"]
    assert people["outcome"] == "note"
    assert people["numbers"] == {"people": 5, "groups": 1, "number": 3, "both": 1, "lid": 1, "neither": 0, "old": 1}
    assert "lid" in people["advice"]


def test_a_group_that_has_fewer_people_than_the_list_counts_is_worth_knowing(stage: Stage) -> None:
    live(stage)
    stage.file(FILE)
    stage.server.set_faults([Fault(FaultKind.PARTIAL_GROUP)])
    people = examine(stage)["people"]
    assert people["outcome"] == "note"
    assert "the list counts" in people["items"][0]


def test_groups_that_the_account_is_no_admin_of_are_worth_knowing(stage: Stage) -> None:
    live(stage)
    stage.world.create_group("Gamma", [ALICE, PHONE], owner=BOB)
    stage.file(FILE + "  gamma: {name: Gamma, members: [alice]}\n")
    rights = examine(stage)["rights"]
    assert (rights["outcome"], rights["numbers"]) == ("note", {"admin": 2, "groups": 3})


@pytest.mark.parametrize("settings", [Settings(), Settings(dialect="reference"), Settings(paging="page", page_size=1)])
def test_the_calls_of_a_plan_are_those_that_a_plan_makes(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with behaving(settings, tmp_path, monkeypatch, capsys) as stage:
        reads = examine(stage)["time"]["numbers"]["reads"]
        stage.calls()
        assert stage.run("plan").code == 0
        assert len(stage.calls()) == reads


def test_the_calls_of_a_plan_include_the_reads_of_groups_that_may_be_a_new_one(stage: Stage) -> None:
    live(stage)
    stage.world.create_group("Choir", [ALICE, CAROL], owner=PHONE)
    stage.file(FILE + f"  new: {{name: New, members: [bob, {CAROL}, +1 303 555 0146]}}\n")
    reads = examine(stage)["time"]["numbers"]["reads"]
    stage.calls()
    assert stage.run("plan").code == 0
    assert len(stage.calls()) == reads


def test_a_missing_own_number_is_worth_knowing_and_a_wrong_one_is_broken(stage: Stage) -> None:
    live(stage)
    path = stage.file(FILE)
    missing = path.read_text(encoding="utf-8").replace(f", phone: {PHONE}", "")
    path.write_text(missing, encoding="utf-8")
    assert examine(stage)["own-number"]["outcome"] == "note"
    path.write_text(missing.replace(f"id: {INSTANCE}", f"id: {INSTANCE}, phone: {CAROL}"), encoding="utf-8")
    found = examine(stage)
    assert outcomes(found, "broken") == ["own-number"]
    assert "in 0 of the 2 groups" in found["own-number"]["text"]
    assert found["rights"]["outcome"] == "skipped"
    assert "groups.yaml:2" in found["own-number"]["advice"]


@pytest.mark.parametrize(("told", "outcome"), [("12025550100", "fine"), ("+1 202 555 0199", "broken")])
@pytest.mark.parametrize("field", ["phone", "phone_number", "jid"])
def test_the_number_that_the_api_tells_is_compared_with_the_files(
    stage: Stage, field: str, told: str, outcome: str
) -> None:
    live(stage)
    stage.file(FILE)
    body = {"data": {"id": INSTANCE, "status": "connected", field: told}}
    stage.server.set_faults([Fault(FaultKind.GARBAGE, "GET", "/", body=body)])
    found = examine(stage)
    assert found["own-number"]["outcome"] == outcome
    assert "2025550199" not in json.dumps(found)


def test_the_number_in_the_file_is_not_used_for_another_instance(stage: Stage) -> None:
    stage.world.ensure_instance("inst_second", "+1 202 555 0199")
    stage.file(FILE)
    own = examine(stage, "--instance-id", "inst_second")["own-number"]
    assert (own["outcome"], INSTANCE in own["text"]) == ("note", True)


def test_blocked_groups_are_told_with_their_reasons(stage: Stage) -> None:
    live(stage)
    stage.world.create_group("Alpha", [ALICE], owner=PHONE)
    stage.file(FILE)
    groups = examine(stage)["groups"]
    assert groups["outcome"] == "note"
    assert groups["numbers"]["blocked"] == 1
    assert groups["items"][0].startswith("alpha: ")


def test_numbers_are_asked_about_only_with_the_option_and_odd_ones_are_listed(stage: Stage) -> None:
    live(stage)
    stage.file(
        FILE.replace("bob: {", "carol: +55 31 99634 8800, dora: +1 303 555 0146, bob: {")
        + "  new: {name: New, members: [carol, dora, +1 404 555 0147]}\n"
    )
    stage.world.set_account("+1 303 555 0146", exists=False)
    stage.world.set_account("+55 31 99634 8800", jid="+55 31 9634 8800")
    assert "numbers" not in examine(stage)
    assert not any("contacts" in call for call in stage.calls())
    numbers = examine(stage, "--numbers", "--show-phones")["numbers"]
    assert (numbers["outcome"], numbers["numbers"]) == (
        "note",
        {"asked": 5, "found": 4, "absent": 1, "odd": 2, "failed": 0, "left": 0},
    )
    assert numbers["text"] == "5 asked about: 4 on WhatsApp, 1 not"
    assert numbers["items"] == [
        "carol is on WhatsApp as +553196348800: write it like that (groups.yaml:4)",
        "dora is not on WhatsApp with +13035550146 (groups.yaml:4)",
    ]
    asked = [call for call in stage.calls() if "contacts/check" in call]
    assert len(asked) == 5
    assert asked[-1].endswith("12025550144"), "those that a group shows come last"
    ran = stage.run("doctor", "--numbers")
    assert "+1 303 ••• ••46" in ran.out
    assert not re.search(r"3035550146|96348800", ran.out + ran.err)


def test_a_run_asks_about_200_numbers_at_most(stage: Stage) -> None:
    members = ", ".join(f"+1 {202 + n // 100} 555 01{n % 100:02}" for n in range(210))
    stage.file(f"groups: {{alpha: {{name: Alpha, members: [{members}]}}}}")
    numbers = examine(stage, "--numbers")["numbers"]
    # One of them is the account itself.
    assert numbers["numbers"] == {"asked": 200, "found": 200, "absent": 0, "odd": 0, "failed": 0, "left": 9}
    assert sum("contacts/check" in call for call in stage.calls()) == 200
    stage.file(f"policy: {{budget: {{checks_per_day: 3}}}}\ngroups: {{alpha: {{name: Alpha, members: [{members}]}}}}")
    assert "one run asks about 3 people at most" in stage.run("doctor", "--numbers").out


def test_a_check_of_numbers_that_fails_keeps_what_was_found(stage: Stage) -> None:
    stage.file(FILE)
    stage.world.set_account(BOB, exists=False)
    fault = Fault(FaultKind.STATUS, "GET", "/contacts/check", status=403)
    stage.server.set_faults([fault])
    numbers = examine(stage, "--numbers")["numbers"]
    assert (numbers["outcome"], numbers["text"]) == ("broken", "2 asked about: 1 not, 1 without an answer")
    assert "403" in numbers["items"][0]


def test_people_without_an_alias_are_named_once(stage: Stage) -> None:
    stage.file("groups: {alpha: {name: Alpha, members: [+1 303 555 0146]}}")
    stage.world.set_account("+1 303 555 0146", exists=False)
    assert examine(stage, "--numbers")["numbers"]["items"] == ["+1 303 ••• ••46 is not on WhatsApp (groups.yaml:3)"]


def test_lines_of_a_check_are_wrapped_below_its_text() -> None:
    examination = Examination(program="p", checks=(note("groups", Sentence.of("word " * 30), Sentence.of("do " * 40)),))
    lines = render_examination(examination, RenderOptions(width=60)).splitlines()
    assert max(map(len, lines)) <= 60
    assert all(line.startswith(" " * 10) for line in lines[2 : lines.index("")])


def test_numbers_that_could_not_be_asked_about_are_told(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAPPFY_INSTANCE_ID", INSTANCE)
    assert examine(stage, "--numbers")["numbers"]["outcome"] == "skipped"
    stage.file(FILE)
    stage.world.set_instance_status(INSTANCE, "failed")
    assert examine(stage, "--numbers")["numbers"]["outcome"] == "skipped"
    stage.server.stop()
    assert examine(stage, "--numbers")["numbers"]["outcome"] == "skipped"


def test_the_rate_of_the_command_line_is_told(stage: Stage) -> None:
    live(stage)
    stage.file(FILE)
    assert "30 calls a minute" in examine(stage, "--rate", "30", "--sample", "0")["rate-limit"]["advice"]


def test_numbers_are_masked_unless_they_are_asked_for(stage: Stage) -> None:
    live(stage)
    stage.file(FILE)
    for arguments in ((), ("--format", "json")):
        ran = stage.run("doctor", *arguments)
        assert not re.search(r"2025550\d{3}", ran.out + ran.err)
    assert "+12025550100" in stage.run("doctor", "--show-phones").out


def test_a_strangers_words_are_escaped(stage: Stage) -> None:
    stage.file(FILE)
    evil = {"id": INSTANCE, "type": "waha", "status": "\x1b[2J\nnope"}
    stage.server.set_faults([Fault(FaultKind.GARBAGE, "GET", "/", body={"data": evil})])
    ran = stage.run("doctor")
    assert (ran.code, "\x1b" in ran.out) == (1, False)
    assert "its status is" in ran.out


def test_the_embedded_server_is_examined_too(stage: Stage) -> None:
    stage.file(FILE)
    found = examine(stage, "--sandbox")
    assert outcomes(found, "broken") == []
    assert found["key"]["text"] == "the key comes from the embedded server"


@pytest.mark.parametrize("settings", [Settings(), Settings(dialect="reference", paging="page", page_size=10)])
def test_a_capture_is_printed_before_it_is_written_and_has_nothing_of_the_account(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with behaving(settings, tmp_path, monkeypatch, capsys) as stage:
        register(stage, {"url": f"https://hooks.example.com/{SECRET}", "events": ["group.left"], "secret": SECRET})
        ran = stage.run("doctor", "--numbers", "--capture", "capture.json")
        text = (stage.folder / "capture.json").read_text(encoding="utf-8")
        group_ids = list(stage.world.snapshot())
    assert ran.out.endswith(text)
    assert ran.err == "reconciler: wrote capture.json\n"
    secrets = [stage.server.key, INSTANCE, SECRET, "hooks.example.com", "Alpha", "Beta", "Sandbox", *group_ids]
    digits = re.compile(r"[0-9]{5,}")
    assert [secret for secret in secrets if secret in text] == digits.findall(text) == []
    calls = {answer["call"] for answer in json.loads(text)["answers"]}
    assert calls >= {"GET /instances/{id}", "GET /webhooks", "GET /groups", "GET /groups/{id}", "GET /contacts/check"}


def test_the_json_document_has_the_capture(stage: Stage) -> None:
    live(stage)
    stage.file(FILE)
    ran = stage.run("doctor", "--format", "json", "--capture", "capture.json")
    checks(ran)
    assert json.loads(ran.out)["capture"] == json.loads((stage.folder / "capture.json").read_text(encoding="utf-8"))


def test_a_capture_overwrites_no_input(stage: Stage) -> None:
    path = stage.file(FILE)
    before = path.read_bytes()
    ran = stage.run("doctor", "--capture", "groups.yaml")
    assert (ran.code, path.read_bytes()) == (1, before)
    assert stage.calls() == []


def test_a_capture_replaces_no_file_at_all(stage: Stage) -> None:
    stage.file(FILE)
    other = stage.folder / "other.yaml"
    other.write_text("mine\n", encoding="utf-8")
    ran = stage.run("doctor", "--capture", "other.yaml")
    assert (ran.code, other.read_text(encoding="utf-8"), stage.calls()) == (1, "mine\n", [])
    assert "other.yaml exists and was not changed" in ran.err


@pytest.mark.parametrize(("options", "words"), [((), "in numbered pages"), (("--paging", "none"), "in one piece")])
def test_a_server_like_a_capture_is_served_and_options_override_it(
    options: tuple[str, ...],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings = Settings(dialect="reference", paging="page", page_size=10, rate_limit=300)
    with behaving(settings, tmp_path, monkeypatch, capsys) as stage:
        stage.run("doctor", "--capture", "capture.json")
        line = ("sandbox", "serve", "--port", "0", "--like", "capture.json", "--from", "groups.yaml", *options)
        with running(*line) as process:
            assert process.stdout is not None
            ready = process.stdout.readline()
            found = examine(stage, "--base-url", ready.split()[1])
    assert outcomes(found, "broken") == []
    assert f"in the reference dialect, {words}" in found["list"]["text"]
    assert found["rate-limit"]["numbers"]["limit"] == 300


def test_a_file_that_is_no_capture_starts_no_server(stage: Stage) -> None:
    path = stage.file(FILE)
    ran = stage.run("sandbox", "serve", "--port", "0", "--like", str(path))
    assert (ran.code, ran.out) == (1, "")
    assert "doctor --capture" in ran.err
    assert not (stage.folder / ".reconciler").exists()


def test_a_key_whose_group_may_be_live_under_another_name_is_blocked_as_in_a_plan(stage: Stage) -> None:
    stage.world.create_group("Alpha (renamed)", [ALICE, BOB], owner=PHONE)
    stage.file(FILE)
    found = examine(stage)["groups"]
    assert found["numbers"] == {"groups": 2, "by_id": 0, "adopted": 0, "absent": 1, "blocked": 1}
    assert "has 2 of these 2 people" in found["items"][0]
    calls = stage.calls()
    stage.run("plan")
    assert [call for call in stage.calls() if call.startswith("GET /groups/")] == [
        call for call in calls if call.startswith("GET /groups/")
    ][:1]


def test_a_wrong_number_is_told_with_its_file_and_line(stage: Stage) -> None:
    live(stage)
    path = stage.file(FILE.replace("members: [alice]", f"members: [alice, {CAROL}]"))
    for person in (BOB, CAROL):
        stage.world.set_account(person, exists=False)
    items = examine(stage, "--numbers")["numbers"]["items"]
    lines = path.read_text().splitlines()
    places = {name: next(at for at, line in enumerate(lines, 1) if name in line) for name in ("bob:", "beta:")}
    assert any("Bob Marsh" in item and item.endswith(f"(groups.yaml:{places['bob:']})") for item in items), items
    assert any(item.endswith(f"(groups.yaml:{places['beta:']})") for item in items), items
