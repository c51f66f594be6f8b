"""Decide what the reads of groups mean: webhooks, the list, matches with the file, times. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from reconciler.diff.change import MatchedBy
from reconciler.diff.compare import needs_read
from reconciler.diff.match import Match
from reconciler.doctor.checks import knows_no_path, missing_words
from reconciler.doctor.model import (
    NO_FILE,
    NOT_READ,
    NOTHING,
    Check,
    Reads,
    Seconds,
    Sentence,
    Setup,
    Words,
    failed,
    fine,
    note,
    skipped,
)
from reconciler.doctor.people_checks import check_all_numbers, check_own_number, check_people, check_rights
from reconciler.errors import ApiError
from reconciler.live.decode import Dialect, dialect_of
from reconciler.live.responses import read_response
from reconciler.live.transport import Exchange
from reconciler.model.desired import MAX_PARTICIPANTS_PER_CALL, State, Unmanaged
from reconciler.model.live import Listing

_MAX_ITEMS = 10
_ODD = Sentence.of("a plan creates no group that may be one of these; report the form of the answers with `--capture`")


def group_checks(setup: Setup, seen: Reads | None, *, numbers: bool = False) -> Iterator[Check]:
    """Yield what the reads of groups tell, and what they mean for the file; with `numbers`, who is on WhatsApp."""
    names = ("webhooks", "list", "people", "rights", "own-number", "groups", "time", *(("numbers",) if numbers else ()))
    if seen is None or seen.webhooks is None or knows_no_path(seen):
        reason = (
            missing_words(setup) if seen is None else Sentence.of("no group can be read until the above is repaired")
        )
        yield from (skipped(name, reason) for name in names)
        return
    yield check_webhooks(setup, seen)
    yield check_list(seen)
    yield check_people(seen)
    own_number = check_own_number(setup, seen)
    yield check_rights(setup, seen, own_number)
    yield own_number
    yield check_matches(setup, seen)
    yield check_time(setup, seen)
    if numbers:
        reason = NO_FILE if setup.desired is None else NOT_READ
        yield skipped("numbers", reason) if seen.numbers is None else check_all_numbers(seen.numbers)


def check_webhooks(setup: Setup, seen: Reads) -> Check:
    """List the webhooks that get events of this instance. No document says that the API lists them, so it may not."""
    if seen.webhooks is None:
        return skipped("webhooks", NOT_READ)
    if isinstance(seen.webhooks, ApiError):
        return skipped("webhooks", Sentence.of("{error}", error=seen.webhooks.summary()))
    own = [hook for hook in seen.webhooks if hook.instance_id in (None, setup.instance_id)]
    others = len(seen.webhooks) - len(own)
    items: list[Words] = []
    for hook in own[:_MAX_ITEMS]:
        state = " (switched off)" if hook.is_active is False else ""
        words = f"{{host:live}}{state}: {{events}}"
        items.append(Sentence.of(words, host=hook.host, events=", ".join(hook.events) or "no events"))
    text = "{count:int} {count:webhook gets|webhooks get} events of this instance"
    more = f"; {others} of other instances" if others else ""
    return fine("webhooks", Sentence.of(text + more, count=len(own)), items=tuple(items))


def check_list(seen: Reads) -> Check:
    """Check that the list of groups can be read to its end."""
    if seen.listing is None:
        return skipped("list", Sentence.of("the instance cannot be used"))
    if isinstance(seen.listing, ApiError):
        return failed("list", seen.listing)
    groups = len(seen.listing.groups)
    end = "two reads of it agree" if seen.read_again else "its end is proven"
    found = _dialect(seen)
    dialect = f", in the {found} dialect" if found else ""
    text = f"{{groups:int}} {{groups:group|groups}}{dialect}, {paging_style(seen)}; {end}"
    words = Sentence.of(text, groups=groups)
    odd = [
        Sentence.of("{name:live}: {fault}" if entry.name else "{fault}", name=entry.name, fault=entry.fault)
        for entry in seen.listing.odd
    ]
    odd += [Sentence.of("{id}: it has no name", id=entry.id) for entry in seen.listing.groups if not entry.name]
    return note("list", words, _ODD, tuple(odd[:_MAX_ITEMS])) if odd else fine("list", words)


def _dialect(seen: Reads) -> Dialect | None:
    """Return the dialect of the list; None where no group reveals it."""
    lists = [_data(exchange) for exchange in seen.exchanges if exchange.path.endswith("/groups")]
    entries = (data.get("items") if isinstance(data, dict) else data for data in lists)
    return next(filter(None, map(dialect_of, entries)), None)


def paging_style(seen: Reads) -> str:
    """Return how the server gave its list, as its answers and the questions show."""
    reads = [exchange for exchange in seen.exchanges if exchange.path.endswith("/groups")]
    if any(isinstance(_data(exchange), dict) for exchange in reads):
        return "in numbered pages"
    offsets = [exchange for exchange in reads if "offset" in exchange.query]
    if offsets and any(_data(exchange) != _data(reads[0]) for exchange in offsets):
        return "in pages by limit and offset"
    return "in one piece"


def _data(exchange: Exchange) -> object:
    try:
        return read_response(exchange.response, "", lambda text: text).data
    except ApiError:
        return None


def check_matches(setup: Setup, seen: Reads) -> Check:
    """Count the groups of the file that are found, that are found by name alone, and that cannot be matched."""
    if setup.desired is None:
        return skipped("groups", NO_FILE)
    if not isinstance(seen.listing, Listing):
        return skipped("groups", NOT_READ)
    matches = list(seen.matches.values())
    blocked = [match for match in matches if match.blocked is not None]
    by_id = sum(match.matched_by is MatchedBy.ID for match in matches)
    adopted = sum(match.listed is not None for match in matches) - by_id
    text = Sentence.counting(
        "of the {groups:int} {groups:group|groups} in the file: " if matches else "the file has no groups",
        {"by_id": "found by id", "adopted": "found by name", "absent": "not live", "blocked": "blocked"},
        groups=len(matches),
        by_id=by_id,
        adopted=adopted,
        absent=len(matches) - by_id - adopted - len(blocked),
        blocked=len(blocked),
    )
    pin = Sentence.of("run `reconciler pin`, so that a rename makes no second group") if adopted else NOTHING
    if not blocked:
        return fine("groups", text, pin)
    items = tuple(
        Sentence.of("{key}: {reason}", key=match.group.key, reason=match.blocked) for match in blocked[:_MAX_ITEMS]
    )
    return note("groups", text, Sentence.of("a plan leaves the blocked groups as they are"), items)


def check_time(setup: Setup, seen: Reads) -> Check:
    """Estimate a plan, and an apply that changes every group once, at the limit that is known."""
    if not isinstance(seen.listing, Listing):
        return skipped("time", NOT_READ)
    per_minute = seen.per_minute
    if setup.desired is None:
        calls = seen.list_calls + len(seen.listing.groups)
        text = "an `import` of all groups takes {calls:int} calls, {time}"
        return fine("time", Sentence.of(text, calls=calls, time=_seconds(calls, per_minute)))
    matches = list(seen.matches.values())
    reads = seen.list_calls + 1 + seen.lookalike_reads + sum(map(needs_read, matches))
    writes = sum(map(_writes, matches))
    write_rate = min(per_minute, setup.desired.policy.writes_per_minute or per_minute)
    groups = sum(_writes(match) > 0 for match in matches)
    applying = Seconds(ceil((reads + groups) * 60 / per_minute + writes * 60 / write_rate))
    words = Sentence.of(
        "a plan of the whole file takes {reads:int} calls, {plan}; "
        "an apply that changes every group once takes {calls:int}, {apply}",
        reads=reads,
        plan=_seconds(reads, per_minute),
        calls=reads + groups + writes,
        apply=applying,
    )
    return fine("time", words)


def _writes(match: Match) -> int:
    """Return the writing calls for one change of a group, or for making it."""
    group = match.group
    if match.blocked is not None or (match.listed is None and group.state is State.LEFT):
        return 0
    if match.listed is not None or group.invite is not None:
        return 1
    batches = ceil(len(group.listed_members) / MAX_PARTICIPANTS_PER_CALL) or 1
    return batches + (not isinstance(group.description, Unmanaged))


def _seconds(calls: int, per_minute: float) -> Seconds:
    return Seconds(ceil(calls * 60 / per_minute))
