"""A saved plan read back: nothing in the file is trusted, whatever is wrong is named with its place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from reconciler.diff.change import Advice, AdviceKind, MatchedBy, TextChange
from reconciler.errors import PlanFileError
from reconciler.model.desired import RemovalLimit, Source
from reconciler.model.identity import is_group_id, is_invite_url
from reconciler.model.live import LiveGroup
from reconciler.plan.file_checks import check_plan
from reconciler.plan.file_fields import AGAIN, UntrustedValue, read_identity, read_participant, read_people
from reconciler.plan.file_format import FORMAT, FORMAT_VERSION, SavedPlan
from reconciler.plan.model import ChangedSince, GroupPlan, KeyRename, Plan, Refusal
from reconciler.plan.shard import ShardInfo
from reconciler.plan.step import Action, Phase, Step
from reconciler.plan.summary import PlanSummary, summarize_plan
from reconciler.sanitize.escape import escape_controls

_MEMBERS = (
    *("format", "format_version", "made_by", "made_at", "masked", "instance_id", "as_of", "targets", "shard"),
    *("changed_since", "baseline"),
    *(
        "summary",
        "refusals",
        "groups",
        "advice",
        "pinned_ids",
        "never_removed",
        "calls_per_minute",
        "writes_per_minute",
        "sources",
    ),
)


# What came to the format after its first version, and what an earlier plan, which lacks it, stands for.
_LATER: dict[str, object] = {"shard": None, "changed_since": None, "baseline": None}


_LATER_IN_CHANGED_SINCE: dict[str, object] = {"rematched": []}


_LATER_IN_GROUP: dict[str, object] = {"drift_causes": []}


_LATER_IN_ADVICE: dict[str, object] = {"link": None}


_HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", re.ASCII)


def read_plan_document(value: object) -> SavedPlan:
    """The plan in a document made by `plan_document`, with everything that was saved beside it.

    Raises PlanFileError for any other value: no plan, another version of the format, a masked one, a damaged field,
    or one that contradicts itself (an address that is another person's, a removal that is not shown).
    """
    document = _plan(value)
    if _version(document) != FORMAT_VERSION:
        raise _other_version(document)
    _require_whole(document)
    return _read(UntrustedValue(document))


def read_plan_to_show(value: object) -> SavedPlan:
    """As `read_plan_document`, but of another version of the format what this program understands: to be read only.

    Raises PlanFileError that names the version where some of what a plan does is not there or not understood.
    """
    document = _plan(value)
    version = _version(document)
    if version is None or version == FORMAT_VERSION:
        return read_plan_document(document)
    _require_whole(document)
    try:
        saved = _read(UntrustedValue(document, loose=True))
    except PlanFileError:
        raise _other_version(document) from None
    return replace(saved, plan=replace(saved.plan, foreign_format=version))


def _read(document: UntrustedValue) -> SavedPlan:
    top = document.members(*_MEMBERS, without=_LATER)
    top["masked"].flag()
    if top["baseline"].value is not None:
        top["baseline"].fail("nothing, as this is a report on drift and no plan")
    plan = Plan(
        instance_id=top["instance_id"].text(),
        as_of=top["as_of"].day(),
        groups=tuple(_group(item) for item in top["groups"].items()),
        refusals=tuple(_refusal(item) for item in top["refusals"].items()),
        advice=tuple(_advice(item) for item in top["advice"].items()),
        calls_per_minute=top["calls_per_minute"].positive(),
        writes_per_minute=top["writes_per_minute"].none_or(lambda field: field.whole(1)),
        targets=_texts(top["targets"]),
        changed_since=top["changed_since"].none_or(_changed_since),
        pinned_ids=_held(top["pinned_ids"]),
        never_removed=tuple(read_identity(item) for item in top["never_removed"].items()),
        shard=top["shard"].none_or(_share),
    )
    check_plan(plan, top["groups"], top["pinned_ids"])
    if not document.loose:
        _check_summary(plan, top["summary"])
    sources = tuple(_source(item) for item in top["sources"].items())
    return SavedPlan(plan, sources, top["made_by"].text(), top["made_at"].text())


def _plan(value: object) -> dict[str, object]:
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise PlanFileError("this is no plan file of the reconciler", AGAIN)
    return value


def _version(document: Mapping[str, object]) -> int | None:
    """The version of a plan's format; None for what is no number of one."""
    version = document.get("format_version")
    return version if type(version) is int and 0 <= version < 10**6 else None


def _other_version(document: Mapping[str, object]) -> PlanFileError:
    version, made_by = _version(document), document.get("made_by")
    maker = f"version {escape_controls(made_by)[:40]}" if isinstance(made_by, str) else "an unknown version"
    shown = "(no number)" if version is None else version
    return PlanFileError(
        f"this plan file's format is version {shown}, made by {maker} of the reconciler; "
        f"this program reads format version {FORMAT_VERSION}",
        f"{AGAIN}, or use the version that made it",
    )


def _require_whole(value: Mapping[str, object]) -> None:
    if value.get("masked") is True:
        raise PlanFileError("this plan's phone numbers are masked: it is for reading only", AGAIN)
    if "calls" in value:
        raise PlanFileError("this is what a dry run printed, which is for reading only", AGAIN)


def _changed_since(field: UntrustedValue) -> ChangedSince:
    part = field.members_of(ChangedSince, _LATER_IN_CHANGED_SINCE)
    return ChangedSince(
        ref=part["ref"].text(),
        commit=_hash(part["commit"]),
        unchanged=_texts(part["unchanged"]),
        removed=_texts(part["removed"]),
        renamed=tuple(_key_rename(item) for item in part["renamed"].items()),
        full_plan_reasons=_texts(part["full_plan_reasons"]),
        rematched=_texts(part["rematched"]),
    )


def _key_rename(field: UntrustedValue) -> KeyRename:
    part = field.members_of(KeyRename)
    return KeyRename(part["old"].text(), part["new"].text())


def _hash(field: UntrustedValue) -> str:
    text = field.text()
    return text if _HASH.fullmatch(text) else field.fail("a commit's full hash")


def _check_summary(plan: Plan, field: UntrustedValue) -> None:
    told = {name: item.whole() for name, item in field.members_of(PlanSummary).items()}
    counted = summarize_plan(plan)
    for name, number in told.items():
        if number != getattr(counted, name):
            UntrustedValue(number, f"{field.path}.{name}").fail(
                f"{getattr(counted, name)}, which is what the groups add up to"
            )


def _group(field: UntrustedValue) -> GroupPlan:
    part = field.members_of(GroupPlan, _LATER_IN_GROUP)
    if part["drift_causes"].items():
        part["drift_causes"].fail("no drift causes, as a plan has none")
    return GroupPlan(
        key=part["key"].text() or part["key"].fail("a group's key"),
        name=part["name"].text(),
        id=part["id"].none_or(_group_id),
        matched_by=part["matched_by"].choice(MatchedBy),
        lookup_names=_texts(part["lookup_names"]),
        field_changes=tuple(_text_change(item) for item in part["field_changes"].items()),
        add=read_people(part["add"]),
        remove=read_people(part["remove"]),
        steps=tuple(_step(item) for item in part["steps"].items()),
        blocked=_texts(part["blocked"]),
        advice=tuple(_advice(item) for item in part["advice"].items()),
        live_members=part["live_members"].whole(),
        removal_limit=_removal_limit(part["removal_limit"]),
        live=part["live"].none_or(_live),
    )


def _step(field: UntrustedValue) -> Step:
    part = field.members_of(Step)
    return Step(
        group=part["group"].text(),
        action=part["action"].choice(Action),
        phase=_phase(part["phase"]),
        group_id=part["group_id"].none_or(_group_id),
        name=part["name"].none_or(UntrustedValue.text),
        description=part["description"].none_or(UntrustedValue.text),
        people=read_people(part["people"]),
        invite=part["invite"].none_or(UntrustedValue.text),
    )


def _phase(field: UntrustedValue) -> Phase:
    by_word = {phase.name.lower(): phase for phase in Phase}
    word = field.text()
    return by_word[word] if word in by_word else field.fail("one of " + ", ".join(by_word))


def _text_change(field: UntrustedValue) -> TextChange:
    part = field.members_of(TextChange)
    name = part["field"].text()
    if name not in ("name", "description"):
        part["field"].fail("one of name, description")
    return TextChange(name, part["old"].none_or(UntrustedValue.text), part["new"].text())


def _group_id(field: UntrustedValue) -> str:
    if not is_group_id(field.text()):
        field.fail("a group's id of the form {digits}@g.us")
    return field.text()


def _live(field: UntrustedValue) -> LiveGroup:
    part = field.members_of(LiveGroup)
    return LiveGroup(
        id=_group_id(part["id"]),
        name=part["name"].text(),
        description=part["description"].text(),
        participants=tuple(read_participant(item) for item in part["participants"].items()),
        owner=part["owner"].none_or(read_identity),
        count=part["count"].none_or(UntrustedValue.whole),
    )


def _advice(field: UntrustedValue) -> Advice:
    part = field.members_of(Advice, _LATER_IN_ADVICE)
    return Advice(
        part["kind"].choice(AdviceKind),
        part["text"].text(),
        read_people(part["people"]),
        _texts(part["names"]),
        part["link"].none_or(_link),
    )


def _link(field: UntrustedValue) -> str:
    text = field.text()
    return text if is_invite_url(text) else field.fail("an invite link")


def _refusal(field: UntrustedValue) -> Refusal:
    part = field.members_of(Refusal)
    return Refusal(part["message"].text(), part["override"].text(), part["group"].none_or(UntrustedValue.text))


def _removal_limit(field: UntrustedValue) -> RemovalLimit:
    part = field.members_of(RemovalLimit)
    return RemovalLimit(
        part["source"].text(),
        count=part["count"].none_or(UntrustedValue.whole),
        percent=part["percent"].none_or(UntrustedValue.number),
    )


def _source(field: UntrustedValue) -> Source:
    part = field.members_of(Source)
    return Source(part["path"].text(), part["digest"].text())


def _share(field: UntrustedValue) -> ShardInfo:
    part = field.members_of(ShardInfo)
    share = ShardInfo(part["index"].whole(1), part["count"].whole(1), part["total_groups"].whole())
    if share.index > share.count:
        part["index"].fail("no more than `count`")
    return share


def _held(field: UntrustedValue) -> tuple[str, ...]:
    """The ids of the groups that the file holds; those of the plan's own groups are checked with the rest."""
    return tuple(_group_id(item) for item in field.items())


def _texts(field: UntrustedValue) -> tuple[str, ...]:
    return tuple(item.text() for item in field.items())
