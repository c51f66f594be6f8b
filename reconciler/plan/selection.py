"""What the command line asks of a plan, and which groups of the configuration a run is about because of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from reconciler.errors import UsageError
from reconciler.model.desired import Desired, DesiredGroup, Limit, Lookalikes, Person
from reconciler.model.identity import Identity
from reconciler.model.restrictions import glob_match
from reconciler.model.rules import RuleOverride
from reconciler.model.text import closest_names, composed, first_of
from reconciler.plan.revision import ChangedSince
from reconciler.plan.shard import Shard, ShardInfo
from reconciler.plan.source_losses import NOTHING_COMPARED, SourceComparison

COMMAND_LINE_LIMIT: Final = "--max-removals"
"""The source of a limit of removals that the command line sets."""
WILDCARDS: Final = frozenset("*?")
"""Characters that make a word a pattern; no key has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What an audit log shows that this instance did in the last 24 hours, and who refused to be added lately.

    `refused` has the day of the last refusal of each person; `since_create` the seconds since the last create.
    """

    adds: int = 0
    groups: int = 0
    removals: int = 0
    since_create: float | None = None
    refused: Mapping[Identity, date] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions:
    """What the command line asks of a plan.

    `max_removals` overrides the configuration; `targets` are keys, none for all; `excludes` are keys that are not
    planned; `changed_since` leaves out some of the rest, `shard` selects a part of what remains. `previous_groups` are
    the groups of that earlier revision, where a key may match another live group than it did there (None: none can),
    `previous_people` all its people. `sandbox` is a run on the embedded server. `allowed_lookalikes` are the keys that
    are created whatever live group looks like them. `spent` counts against the budget. `overridden_rules` may be
    broken. `sources` are those of the configuration beside what they gave before.
    """

    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    max_removals: Limit | None = None
    calls_per_minute: float = 100.0
    shard: Shard | None = None
    changed_since: ChangedSince | None = None
    previous_groups: tuple[DesiredGroup, ...] | None = None
    previous_people: Mapping[Identity, Person] = field(default_factory=dict)
    sandbox: bool = False
    allowed_lookalikes: tuple[str, ...] = ()
    spent: Spent = Spent()
    overridden_rules: tuple[RuleOverride, ...] = ()
    sources: SourceComparison = NOTHING_COMPARED


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which groups a run is about.

    `planned` are the keys of the groups that are planned and read, `matched` those whose live groups have to be sure:
    all, where an earlier revision may have matched another one. `shard` is what the plan reports about its shard,
    `reports_unmanaged` whether it lists the live groups that no key matches.
    """

    planned: frozenset[str]
    matched: frozenset[str]
    shard: ShardInfo | None
    reports_unmanaged: bool
    needs_api: bool
    """Whether the plan takes any call: not for a shard without groups, nor where no group changed."""


def select_groups(desired: Desired, options: PlanOptions) -> Selection:
    """Return which groups a run with these options is about."""
    since, shard = options.changed_since, options.shard
    selected = select_keys(desired.groups, options) - frozenset(since.unchanged if since is not None else ())
    planned = selected if shard is None else frozenset(key for key in selected if shard.contains(key))
    rematches = options.previous_groups is not None
    narrowed = bool(options.targets or options.excludes) or (since is not None and not since.full_plan_reasons)
    # The first shard of a run that is about everything lists the unmanaged groups, so that they are listed once.
    reports_unmanaged = not narrowed and (shard is None or shard.index == 1)
    return Selection(
        planned=planned,
        matched=frozenset(group.key for group in desired.groups) if rematches else planned,
        shard=None if shard is None else ShardInfo(shard.index, shard.count, len(selected)),
        reports_unmanaged=reports_unmanaged,
        needs_api=bool(planned) or rematches or reports_unmanaged,
    )


def select_key(groups: Iterable[DesiredGroup], key: str) -> DesiredGroup:
    """Return the group of this key; raise UsageError, with a suggestion, where there is none."""
    key, by_key = composed(key), {group.key: group for group in groups}
    if key not in by_key:
        raise UsageError(f"the configuration has no group {key}", suggest_key(key, by_key))
    return by_key[key]


def select_keys(groups: Iterable[DesiredGroup], options: PlanOptions) -> frozenset[str]:
    """Return the keys of the targets, or of all groups where there are none, without those that are excluded."""
    keys = options.targets or tuple(group.key for group in groups)
    return frozenset(keys) - frozenset(options.excludes)


def allowed_lookalikes(desired: Desired, options: PlanOptions) -> frozenset[str]:
    """Return the keys that are created whatever live group looks like them, by the command line or by the file."""
    in_file = (group.key for group in desired.groups if group.lookalikes is Lookalikes.ALLOW)
    return frozenset(options.allowed_lookalikes).union(in_file)


def find_keys(option: str, patterns: Iterable[str], groups: Iterable[DesiredGroup]) -> tuple[str, ...]:
    """Return the keys that the patterns of an option match, sorted; `*` and `?` match as in `restrictions`.

    Raises UsageError with every pattern that matches no key.
    """
    keys = [group.key for group in groups]
    existing = frozenset(keys)
    found: set[str] = set()
    unknown: list[str] = []
    for pattern in patterns:
        is_glob = not WILDCARDS.isdisjoint(pattern)
        matched = {key for key in keys if glob_match(pattern, key)} if is_glob else existing & {composed(pattern)}
        found |= matched
        if not matched:
            unknown.append(pattern)
    if unknown:
        message = f"{option}: {_no_group(unknown)}"
        patterns_hint = "" if set("*?[").isdisjoint(unknown[0]) else "\nin a pattern, only * and ? have a meaning"
        raise UsageError(message, suggest_key(composed(unknown[0].strip("*?")), keys) + patterns_hint)
    return tuple(sorted(found))


def _no_group(unknown: Sequence[str]) -> str:
    """Return that the configuration has no group of these keys, and that no group matches these patterns."""
    patterns = [f"`{word}`" for word in unknown if not WILDCARDS.isdisjoint(word)]
    keys = [word for word in unknown if WILDCARDS.isdisjoint(word)]
    parts = [f"the configuration has no group {first_of(keys)}"] if keys else []
    parts += [f"no group matches {first_of(patterns)}"] if patterns else []
    return "; ".join(parts)


def rule_overrides(names: Iterable[str], reason: str | None, known: Sequence[str]) -> tuple[RuleOverride, ...]:
    """Return the rules that `--override-rule` names, each once, with the reason; `known` are those of the file.

    Raises UsageError for a name that no rule has, for names without a reason, and for a reason without names.
    """
    wanted = tuple(dict.fromkeys(map(composed, names)))
    for name in wanted:
        if name not in known:
            closest = closest_names(name, known, 1)
            hint = f"did you mean {closest[0]}?" if closest else f"it has: {first_of(known) or 'no rules'}"
            raise UsageError(f"--override-rule: the configuration has no rule {name}", hint)
    text = (reason or "").strip()
    if bool(wanted) != bool(text):
        message = "--override-rule needs --reason" if wanted else "--reason is only for --override-rule"
        raise UsageError(message, "say why the rule may be broken" if wanted else "remove it, or name a rule")
    return tuple(RuleOverride(name, text) for name in wanted)


def suggest_key(key: str, keys: Iterable[str]) -> str:
    """Return a hint for a key that does not exist: those that are most alike, else some of those that exist.

    Only a single key that is alike is proposed: of `sales-001` and `sales-011` either may be meant.
    """
    existing = sorted(keys)
    closest = closest_names(key, existing, 3)
    if len(closest) > 1:
        return f"the nearest keys are {', '.join(closest)}"
    return f"did you mean {closest[0]}?" if closest else f"it has: {first_of(existing) or 'no groups'}"
