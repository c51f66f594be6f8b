"""Decide what the setup and the first reads mean: the file, the key, the server, the instance. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from math import floor

from reconciler.doctor.model import (
    NOTHING,
    Check,
    Outcome,
    Reads,
    Sentence,
    Setup,
    Words,
    broken,
    failed,
    fine,
    note,
    skipped,
)
from reconciler.errors import (
    ApiError,
    Forbidden,
    HttpError,
    InvalidResponse,
    NotFound,
    RateLimited,
    ServerError,
    Unauthorized,
    UsageError,
)
from reconciler.live.base_url import DEFAULT_BASE_URL
from reconciler.live.rate_limit import DOCUMENTED_LIMIT, RateHeaders, ServerClock, http_date, rate_headers
from reconciler.live.transport import Exchange
from reconciler.model.live import Instance, Listing
from reconciler.model.text import Untrusted
from reconciler.plan.guards import check_instance, check_placeholder

CLOCK_TOLERANCE_SECONDS = 30
"""How far the server's clock may be from ours before it is worth a word."""

_MAX_ITEMS = 5
SILENT = Sentence.of("the server gave no usable answer")
_ID_IS_RIGHT = Sentence.of(
    "the groups can be read, so the id is right; a plan with changes stops at this answer: report it with `--capture`"
)
_NO_KEY = Sentence.of("the key is not accepted")


def setup_checks(setup: Setup) -> Iterator[Check]:
    """Yield what can be said before any call: the file, and where the key comes from."""
    yield check_file(setup)
    if isinstance(setup.key_source, UsageError):
        yield failed("key", setup.key_source)
    else:
        yield fine("key", Sentence.of("the key comes from {source}", source=setup.key_source))


def check_file(setup: Setup) -> Check:
    """Check the configuration: whether there is one, its problems and warnings, and that nobody has to fill it in."""
    if setup.path is None:
        return skipped("file", Sentence.of("there is no groups.yaml here, and no PATH was given"))
    desired = setup.desired
    if desired is None:
        count = len(setup.problems)
        text = Sentence.of("{path}: {count:int} {count:problem|problems}", path=setup.path, count=count)
        return broken("file", text, _see_validate(setup.path), _problems(setup))
    counts = {"path": setup.path, "groups": len(desired.groups), "people": len(desired.people)}
    text = Sentence.of(
        "{path}: valid, {groups:int} {groups:group|groups}, {people:int} {people:person|people} with an alias", **counts
    )
    placeholder = [] if setup.in_process else check_placeholder(desired)
    if placeholder:
        return broken("file", placeholder[0].message, placeholder[0].override)
    if setup.problems:
        return note("file", text, _see_validate(setup.path), _problems(setup))
    return fine("file", text)


def _see_validate(path: str) -> Words:
    return Sentence.of("run `reconciler validate` on {path} for all of it", path=path)


def _problems(setup: Setup) -> tuple[Words, ...]:
    return tuple(Sentence.of("{problem}", problem=str(problem)) for problem in setup.problems[:_MAX_ITEMS])


def server_checks(setup: Setup, seen: Reads | None) -> Iterator[Check]:
    """Yield what the first answers tell: server, clock, key, limit, instance."""
    yield (server := check_server(setup, seen))
    if seen is None or server.outcome is not Outcome.FINE:
        reason = missing_words(setup) if seen is None else SILENT
        yield from (skipped(name, reason) for name in ("clock", "access", "rate-limit"))
    else:
        yield check_clock(seen)
        yield check_access(seen)
        yield check_rate_limit(seen)
    yield check_instance_state(setup, seen)


def missing_words(setup: Setup) -> Words:
    """Return why no call was made."""
    words = {
        "key": "no usable key is set",
        "server": "the base URL is not usable",
        "instance": "no usable instance is set",
    }
    return Sentence.of(words[setup.first_missing or "server"])


def check_server(setup: Setup, seen: Reads | None) -> Check:
    """Check the base URL, and that what answers there is the API."""
    if isinstance(setup.server, UsageError):
        return failed("server", setup.server)
    if seen is None:
        return skipped("server", missing_words(setup))
    error = seen.instance
    if isinstance(error, ApiError) and _is_about_server(error):
        return failed("server", error)
    if knows_no_path(seen):
        text = Sentence.of("{url} answers every call with 404, so it is not the API", url=setup.server)
        advice = Sentence.of("check the base URL, its path too: Wappfy's is {url}", url=DEFAULT_BASE_URL)
        return broken("server", text, advice)
    first = seen.exchanges[0]
    milliseconds = max(1, round((first.received_at - first.sent_at) * 1000))
    return fine("server", _server_words(setup, milliseconds))


def _server_words(setup: Setup, milliseconds: int) -> Words:
    if setup.in_process:
        return Sentence.of("the embedded server answers in {milliseconds:int} ms", milliseconds=milliseconds)
    trusted = "; its certificate is trusted" if str(setup.server).startswith("https:") else ", on this machine"
    text = f"{{url}} answers in {{milliseconds:int}} ms{trusted}"
    return Sentence.of(text, url=setup.server, milliseconds=milliseconds)


def knows_no_path(seen: Reads) -> bool:
    """Whether every call is answered with 404, also those that name no instance: the API is not at this URL."""
    errors = (seen.instance, seen.webhooks, seen.listing)
    return all(isinstance(error, NotFound) and error.code != "INSTANCE_NOT_FOUND" for error in errors)


def _is_about_server(error: ApiError) -> bool:
    """Whether an error says that no API answers: none at all, another program, or one that fails."""
    if isinstance(error, InvalidResponse):
        return error.status is not None
    if isinstance(error, HttpError):
        return isinstance(error, ServerError) or (error.status or 0) < 400
    return True


def check_clock(seen: Reads) -> Check:
    """Compare the server's clock, as its `Date` tells it, with ours."""
    clock = ServerClock()
    for exchange in seen.exchanges:
        date = http_date(exchange.response.headers.get("Date"))
        if date is not None:
            clock.observe(date, exchange.sent_at, exchange.received_at)
    if not clock.has_date:
        return note(
            "clock",
            Sentence.of("no answer has a `Date`, so the server's clock is not known"),
            Sentence.of("waits for the rate limit go by this machine's clock: keep it set by a time server"),
        )
    ahead, behind = max(0, floor(clock.low)), max(0, floor(-clock.high))
    if max(ahead, behind) < CLOCK_TOLERANCE_SECONDS:
        text = "the server's clock and this machine's differ by less than {limit:int} s"
        return fine("clock", Sentence.of(text, limit=CLOCK_TOLERANCE_SECONDS))
    where = "ahead of" if ahead else "behind"
    return note(
        "clock",
        Sentence.of(f"the server's clock is {{seconds:int}} s {where} this machine's", seconds=max(ahead, behind)),
        Sentence.of("set this machine's clock by a time server: `until` dates end by it, and certificates are checked"),
    )


def check_access(seen: Reads) -> Check:
    """Check that the server accepts the key."""
    error = seen.instance
    if isinstance(error, Unauthorized):
        return failed("access", error)
    if isinstance(error, RateLimited):
        return skipped("access", Sentence.of("every call was answered with 429"))
    return fine("access", Sentence.of("the server accepts the key"))


def check_rate_limit(seen: Reads) -> Check:
    """Check the headers of the rate limit, and whether other programs use up the calls of the key."""
    if isinstance(seen.instance, RateLimited):
        return failed("rate-limit", seen.instance)
    limits = [rates for exchange in seen.exchanges if (rates := _rates(exchange)) is not None]
    own = Sentence.of("`--rate` caps this at {rate} calls a minute", rate=f"{seen.rate_option or 0:g}")
    if not limits:
        text = "no answer has the headers of a rate limit; the documented {limit:int} calls a minute are assumed"
        advice = Sentence.of("if calls are answered with 429, lower the rate with `--rate`")
        return note("rate-limit", Sentence.of(text, limit=DOCUMENTED_LIMIT), own if seen.rate_option else advice)
    first, last = limits[0], limits[-1]
    limit = first.limit or DOCUMENTED_LIMIT
    text = "{limit:int} calls a window, {left:int} left in this one"
    words = Sentence.of(text, limit=limit, left=last.remaining)
    if isinstance(seen.instance, Unauthorized):
        return fine("rate-limit", Sentence.of("without an accepted key: {calls}", calls=words.to_text()))
    if limit - first.remaining - 1 > limit // 2:
        advice = Sentence.of("other programs use this key's calls at this moment: waits are longer than usual")
        return note("rate-limit", words, advice)
    return fine("rate-limit", words, own if seen.rate_option else NOTHING)


def _rates(exchange: Exchange) -> RateHeaders | None:
    return rate_headers(exchange.response.headers)


def check_instance_state(setup: Setup, seen: Reads | None) -> Check:
    """Check that the instance exists, has groups, and is connected."""
    if isinstance(setup.instance_id, UsageError):
        return failed("instance", setup.instance_id)
    if seen is None:
        return skipped("instance", missing_words(setup))
    instance = seen.instance
    if knows_no_path(seen):
        return skipped("instance", SILENT)
    if isinstance(instance, Instance):
        refusals = check_instance(instance)
        if refusals:
            return broken("instance", refusals[0].message, refusals[0].override)
        words = "{instance} is {status:live}, of type {kind:live}"
        status, kind = Untrusted(instance.status), Untrusted(instance.kind)
        return fine("instance", Sentence.of(words, instance=setup.instance_id, status=status, kind=kind))
    if isinstance(instance, Unauthorized):
        return skipped("instance", _NO_KEY)
    if isinstance(instance, Forbidden):
        advice = Sentence.of("use a key of the user who owns {instance}", instance=setup.instance_id)
        return broken("instance", Sentence.of("{error}", error=instance.summary()), advice)
    if isinstance(instance, ApiError) and isinstance(seen.listing, Listing):
        return broken("instance", Sentence.of("{error}", error=instance.summary()), _ID_IS_RIGHT)
    if isinstance(instance, NotFound | InvalidResponse | HttpError) and not _is_about_server(instance):
        return failed("instance", instance)
    return skipped("instance", SILENT)
