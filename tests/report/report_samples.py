"""Plans and results made by hand, for the tests of everything that shows or saves them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from reconciler.apply.executor import dry_run_calls
from reconciler.apply.result import ApplyResult, PersonOutcome, PersonStatus, StepResult, StepStatus
from reconciler.diff.change import Advice, AdviceKind, MatchedBy, TextChange
from reconciler.errors import Problem, ProblemKind
from reconciler.model.desired import InputFile, Limit
from reconciler.model.identity import Identity, identity_of_digits
from reconciler.model.live import ApiCall, CallRecord, LiveGroup, Participant
from reconciler.model.person_ref import PersonRef
from reconciler.model.text import Untrusted
from reconciler.plan.file_format import SavedPlan, plan_document
from reconciler.plan.model import Action, GroupPlan, Phase, Plan, Refusal, Step
from reconciler.plan.shard import ShardInfo
from reconciler.report.options import RenderOptions
from reconciler.report.sections import KNOWN_AFTER_APPLY
from tests.builders import saying

ALPHA_ID = "120363012345678901@g.us"
BETA_ID = "120363012345678902@g.us"
OLD_ID = "12025550111-1523456789@g.us"
MASKED = RenderOptions()
FULL = RenderOptions(show_phones=True)
COLORED = RenderOptions(color=True)
DRIFT = RenderOptions(drift=True)
SOURCES = (InputFile("groups.yaml", "ab" * 32), InputFile("more/sales.yaml", "cd" * 32))


def calls_of(plan: Plan) -> tuple[ApiCall, ...]:
    return dry_run_calls(plan, unknown_id=KNOWN_AFTER_APPLY, reference=False)


def who(
    digits: str, alias: str | None = None, until: date | None = None, reason: str | None = None, name: str | None = None
) -> PersonRef:
    return PersonRef(identity_of_digits(digits), f"{digits}@s.whatsapp.net", alias, None, until, reason, name=name)


def participant(digits: str, is_owner: bool = False) -> Participant:
    jid = f"{digits}@s.whatsapp.net"
    return Participant(
        id=jid, identity=identity_of_digits(digits), jid=jid, lid=None, is_admin=is_owner, is_owner=is_owner
    )


ALICE = who("12025550143", "alice")
BOB = who("12025550144", "bob", date(2026, 12, 31), "contractor", "Bob Marsh")
CAROL = who("12025550145", "carol")
STRANGER = who("12025550146")
BRAZILIAN = who("553196348800")
LID_ONLY = PersonRef(None, None, None, "76699677012110@lid")
NOBODY = PersonRef(None, None)
OWNER = Identity("+12025550100")

ALPHA_LIVE = LiveGroup(
    id=ALPHA_ID,
    name=Untrusted("Project Alfa"),
    description=Untrusted(""),
    participants=(participant("12025550100", is_owner=True), participant("12025550146"), participant("553196348800")),
    owner=OWNER,
    count=3,
)
ALPHA = GroupPlan(
    key="project-alpha",
    name=Untrusted("Project Alpha"),
    id=ALPHA_ID,
    matched_by=MatchedBy.PREVIOUS_NAME,
    lookup_names=("Project Alpha", "Project Alfa"),
    live=ALPHA_LIVE,
    field_changes=(
        TextChange("description", Untrusted(""), "Team workspace for Project Alpha\nAsk alice"),
        TextChange("name", Untrusted("Project Alfa"), "Project Alpha"),
    ),
    add=(BOB, ALICE),
    remove=(BRAZILIAN, STRANGER),
    steps=(
        Step(
            group="project-alpha",
            action=Action.PATCH,
            phase=Phase.BUILD,
            group_id=ALPHA_ID,
            name="Project Alpha",
            description="Team workspace for Project Alpha\nAsk alice",
        ),
        Step(group="project-alpha", action=Action.ADD, phase=Phase.BUILD, group_id=ALPHA_ID, people=(ALICE, BOB)),
        Step(
            group="project-alpha",
            action=Action.REMOVE,
            phase=Phase.REMOVE,
            group_id=ALPHA_ID,
            people=(STRANGER, BRAZILIAN),
        ),
    ),
    advice=(
        Advice(
            AdviceKind.PENDING,
            saying("to come by the invite link"),
            (CAROL,),
            link="https://chat.whatsapp.com/Code12345678",
        ),
        Advice(AdviceKind.UNIDENTIFIED, saying("they stay"), (LID_ONLY, NOBODY)),
    ),
    live_members=2,
    removal_limit=Limit("policy.max_removals", count=5),
)
NEW = GroupPlan(
    key="board",
    name=Untrusted("Board"),
    lookup_names=("Board",),
    field_changes=(TextChange("name", None, "Board"), TextChange("description", None, "Only the board")),
    add=(ALICE, CAROL),
    steps=(
        Step(group="board", action=Action.CREATE, phase=Phase.BUILD, name="Board", people=(ALICE, CAROL)),
        Step(group="board", action=Action.PATCH, phase=Phase.BUILD, description="Only the board"),
    ),
)
BLOCKED = GroupPlan(
    key="beta",
    name=Untrusted("Beta"),
    id=BETA_ID,
    matched_by=MatchedBy.ID,
    live=LiveGroup(
        id=BETA_ID, name=Untrusted("Beta (old)"), description=Untrusted("x"), participants=(participant("12025550146"),)
    ),
    field_changes=(TextChange("name", Untrusted("Beta (old)"), "Beta"),),
    add=(ALICE,),
    remove=(STRANGER,),
    blocked=(saying("the instance is no admin of this group: make +1 202 555 0100 one in the app"),),
    live_members=1,
)
JOINED = GroupPlan(
    key="club",
    name=Untrusted("Club"),
    steps=(Step(group="club", action=Action.JOIN, phase=Phase.BUILD, invite="AbCdEfGhIjKlMn"),),
    lookup_names=("Club",),
)
LEFT = GroupPlan(
    key="gone",
    name=Untrusted("Gone"),
    id=OLD_ID,
    matched_by=MatchedBy.ID,
    steps=(Step(group="gone", action=Action.LEAVE, phase=Phase.REMOVE, group_id=OLD_ID),),
    live_members=4,
)
SAME = GroupPlan(
    key="same",
    name=Untrusted("Same"),
    id="120363012345678905@g.us",
    matched_by=MatchedBy.ID,
    lookup_names=("Same",),
    live_members=3,
)
OBSERVED = replace(
    SAME, key="seen", advice=(Advice(AdviceKind.OBSERVED, saying('name is "Same", the file says "Other"')),)
)
ADOPTED = GroupPlan(
    key="adopted",
    name=Untrusted("Adopted"),
    id="120363012345678906@g.us",
    matched_by=MatchedBy.NAME,
    lookup_names=("Adopted",),
)
LOST = GroupPlan(
    key="lost", name=Untrusted("Lost"), id=None, blocked=(saying("two live groups bear this name: 1@g.us, 2@g.us"),)
)

EVERYTHING = Plan(
    instance_id="inst_abc123",
    as_of=date(2026, 11, 21),
    groups=(ADOPTED, BLOCKED, NEW, JOINED, LEFT, LOST, ALPHA, SAME),
    refusals=(
        Refusal(
            saying("2 of 2 members would be removed, the limit is 1 (25%)"),
            saying("raise it with --max-removals 2"),
            "gone",
        ),
        Refusal(saying("the instance is not connected"), saying("scan its QR code")),
    ),
    advice=(
        Advice(
            AdviceKind.UNMANAGED,
            saying("7 live groups are not in the file"),
            names=tuple(Untrusted(f"Chat {n}") for n in range(7)),
        ),
        Advice(AdviceKind.EXPIRES, saying("within the next 14 days"), (BOB,)),
    ),
    targets=("project-alpha", "board"),
    pinned_ids=(OLD_ID, BETA_ID, "120363012345678905@g.us"),
)
SMALL = Plan(instance_id="inst_abc123", as_of=date(2026, 11, 21), groups=(NEW, ALPHA), calls_per_minute=60.0)
SHARD = replace(SMALL, groups=(ALPHA,), shard=ShardInfo(1, 5, 83))
NOTHING = Plan(
    instance_id="inst_abc123",
    as_of=date(2026, 11, 21),
    groups=(ADOPTED, SAME),
    advice=(
        Advice(
            AdviceKind.UNMANAGED,
            saying("2 live groups are not in the file"),
            names=(Untrusted("Chat"), Untrusted('A", "B')),
        ),
    ),
    pinned_ids=("120363012345678905@g.us",),
)
WATCHED = replace(NOTHING, groups=(*NOTHING.groups, OBSERVED))
EMPTY = Plan(instance_id="inst_abc123", as_of=date(2026, 11, 21))


def saved(plan: Plan, *, made_by: str = "0.1.0", made_at: str = "2026-11-21T12:00:00+00:00") -> SavedPlan:
    return SavedPlan(plan, SOURCES, made_by, made_at)


def plan_file(plan: Plan) -> dict[str, Any]:
    return plan_document(SavedPlan(plan, SOURCES, "0.1.0", "2026-11-21T12:00:00Z"))


def done(step: Step, group_id: str | None = None) -> StepResult:
    return StepResult(step, StepStatus.DONE, group_id=group_id)


CALLS = (
    CallRecord(
        at="2026-11-21T12:00:00Z", method="GET", path="/api/instances/inst_abc123/groups", status=200, seconds=0.1
    ),
    CallRecord(
        at="2026-11-21T12:00:01Z",
        method="POST",
        path="/api/instances/inst_abc123/groups",
        status=429,
        code="RATE_LIMIT_EXCEEDED",
        error="slow down",
        request_id="req_0123456789ab",
        seconds=0.2,
        body={"name": "Board", "participants": ["12025550143@s.whatsapp.net"]},
    ),
    CallRecord(
        at="2026-11-21T12:00:02Z",
        method="POST",
        path="/api/instances/inst_abc123/groups",
        attempt=2,
        error="no answer",
        seconds=30.0,
    ),
)
GOOD = ApplyResult(
    SMALL,
    (
        done(NEW.steps[0], "120363012345678999@g.us"),
        done(NEW.steps[1], "120363012345678999@g.us"),
        *(done(step, ALPHA_ID) for step in ALPHA.steps),
    ),
    calls=CALLS,
)
BAD = ApplyResult(
    replace(EVERYTHING, groups=(*EVERYTHING.groups, GroupPlan(key="elsewhere", name=Untrusted("elsewhere")))),
    (
        StepResult(NEW.steps[0], StepStatus.UNKNOWN, saying("no answer came within 30 s")),
        StepResult(NEW.steps[1], StepStatus.SKIPPED, saying("an earlier step of this group did not succeed")),
        StepResult(JOINED.steps[0], StepStatus.DONE, saying("joined at the second try"), BETA_ID),
        done(ALPHA.steps[0]),
        done(ALPHA.steps[1]),
        StepResult(
            ALPHA.steps[2], StepStatus.FAILED, saying("DELETE /groups/…: 403 FORBIDDEN: +1 202 555 0100 is no admin")
        ),
        StepResult(LEFT.steps[0], StepStatus.NOT_RUN),
    ),
    (
        PersonOutcome("project-alpha", ALICE, PersonStatus.ALREADY_IN),
        PersonOutcome(
            "project-alpha",
            BOB,
            PersonStatus.NOT_ADDED,
            saying("privacy settings"),
            "https://chat.whatsapp.com/AbCdEfGhIjKlMn",
        ),
        PersonOutcome(
            "board", CAROL, PersonStatus.PENDING, saying("to come by the invite link"), "https://chat.whatsapp.com/AbC"
        ),
        PersonOutcome("elsewhere", STRANGER, PersonStatus.BAD_NUMBER, saying("422 for 12025550146@s.whatsapp.net")),
    ),
    remaining_drift=(("project-alpha", saying('the name is "Project Alfa", not "Project Alpha"')),),
    calls=CALLS,
)
INTERRUPTED = ApplyResult(
    Plan(instance_id="inst_abc123", as_of=date(2026, 11, 21), groups=(LEFT, replace(SAME, key="zoo"))),
    (done(LEFT.steps[0]),),
    interrupted=True,
)
PROBLEMS = (
    Problem(
        "groups.yaml",
        31,
        7,
        "groups.beta.members[2]",
        "+1 202 555 01 is no phone number",
        "add the digits",
        kind=ProblemKind.PHONE_NUMBER,
    ),
    Problem("groups.yaml", 4, 1, "people", "the same person twice", severity="warning", kind=ProblemKind.SAME_TWICE),
    Problem("missing.yaml", 0, 0, "", "there is no such file", kind=ProblemKind.FILE),
)
