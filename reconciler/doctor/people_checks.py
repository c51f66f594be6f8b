"""Decide what the reads say of people: by what they are known, the account's own number and rights, numbers. Pure."""

from __future__ import annotations

from reconciler.diff.participants import is_nowhere, lacks_account
from reconciler.doctor.model import (
    NO_FILE,
    NOT_READ,
    NOTHING,
    Check,
    Numbers,
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
from reconciler.errors import ApiError
from reconciler.model.desired import Person
from reconciler.model.identity import Identity, identity_of_jid, parse_jid
from reconciler.model.live import ContactCheck, Instance, LiveGroup, Participant
from reconciler.model.person_ref import PersonRef

_MAX_ITEMS = 10
_PIN_PEOPLE = Sentence.of("run `reconciler pin --people`, so that they stay known when their numbers are hidden")
_UNKNOWN_FORM = Sentence.of("a plan leaves such groups as they are; report the form of the answers with `--capture`")
_CORRECT = Sentence.of("correct these numbers in the file; `--show-phones` shows them in full")


def check_people(seen: Reads) -> Check:
    """Count by what people in the sample are known, and whether the counts of list and group agree."""
    if not isinstance(seen.sample, tuple):
        return failed("people", seen.sample) if seen.sample is not None else skipped("people", NOT_READ)
    if seen.unreadable:
        items = tuple(Sentence.of("{id}: {error}", id=id_, error=error.message) for id_, error in seen.unreadable)
        text = Sentence.of("{count:int} {count:group|groups} of the sample cannot be read", count=len(items))
        return note("people", text, _UNKNOWN_FORM, items[:_MAX_ITEMS])
    if not seen.sample:
        return skipped("people", Sentence.of("no group was read whole"))
    people = list({p.id: p for group in seen.sample for p in group.participants}.values())
    by_number = [p for p in people if p.identity is not None]
    bare = sum(p.identity is None and p.lid is not None for p in people)
    text = Sentence.counting(
        "{people:int} {people:person|people} in {groups:int} {groups:group|groups}: ",
        {
            "number": "known by number",
            "both": "known by number and private id",
            "lid": "known by private id alone",
            "neither": "known by neither",
            "old": "in an old form of address",
        },
        people=len(people),
        groups=len(seen.sample),
        number=sum(p.lid is None for p in by_number),
        both=sum(p.lid is not None for p in by_number),
        lid=bare,
        neither=len(people) - len(by_number) - bare,
        old=sum(map(_has_old_form, people)),
    )
    uneven: list[Words] = [
        Sentence.of(
            "{id}: the list counts {listed:int} {listed:person|people}, the group has {read:int}",
            id=group.id,
            listed=group.count,
            read=len(group.participants),
        )
        for group in seen.sample
        if group.count is not None and group.count != len(group.participants)
    ]
    if uneven:
        advice = Sentence.of("run `doctor` again; while the two differ, nobody is removed from such a group")
        return note("people", text, advice, tuple(uneven[:_MAX_ITEMS]))
    if len(by_number) < len(people):
        advice = Sentence.of(
            "nobody without a number is removed; note the private id of those you know as their `lid` under `people`"
        )
        return note("people", text, advice)
    both = any(p.lid is not None for p in by_number)
    return fine("people", text, _PIN_PEOPLE if both else NOTHING)


def _has_old_form(person: Participant) -> bool:
    """Whether the server spells somebody in an old or longer way: `@c.us`, a device, the short Brazilian number."""
    if person.identity is None or person.jid is None:
        return False
    spelled_long = person.lid is None and person.id != person.jid
    return spelled_long or person.jid.partition("@")[0] != person.identity.removeprefix("+")


def check_rights(setup: Setup, seen: Reads, own_number: Check) -> Check:
    """Check that the account is an admin of the groups in the sample, unless its number is wrong (`own_number`)."""
    if not isinstance(seen.sample, tuple) or not seen.sample:
        return skipped("rights", NOT_READ)
    account = _account(setup, seen)
    if account is None:
        return skipped("rights", Sentence.of("the account's own number is not known"))
    if own_number.outcome is Outcome.BROKEN and _told_number(seen) is None:
        return skipped("rights", Sentence.of("the account's own number is wrong in the file"))
    rights = [right for group in seen.sample if (right := _is_admin(group, account)) is not None]
    if not rights:
        return skipped("rights", Sentence.of("no group that was read shows the account by its number"))
    counts = {"admin": sum(rights), "groups": len(rights)}
    text = Sentence.of("the account is an admin of {admin:int} of the {groups:int} groups that show it", **counts)
    if all(rights):
        return fine("rights", text)
    advice = Sentence.of("a plan cannot change the others: let one of their admins make the account an admin")
    return note("rights", text, advice)


def _is_admin(group: LiveGroup, account: Identity) -> bool | None:
    """Whether the account is an admin of this group; None where it is not seen in it."""
    if account in group.owners:
        return True
    own = [participant for participant in group.participants if participant.identity == account]
    return own[0].is_admin if own else None


def _account(setup: Setup, seen: Reads) -> Identity | None:
    """Return the account's own number: as the API tells it, else as the file does for this instance."""
    return _told_number(seen) or _account_of_file(setup)


def _told_number(seen: Reads) -> Identity | None:
    return seen.instance.number if isinstance(seen.instance, Instance) else None


def _account_of_file(setup: Setup) -> Identity | None:
    if setup.desired is None:
        return None
    account = setup.desired.for_instance(str(setup.instance_id)).account
    return account.identity if account else None


def check_own_number(setup: Setup, seen: Reads) -> Check:
    """Check that the number in the file is the account's: as the API tells it, else by the groups that were read."""
    desired = setup.desired
    if desired is None:
        return skipped("own-number", NO_FILE)
    if desired.instance_id not in (None, setup.instance_id):
        text = "the number in the file belongs to {configured}, and this run is for {instance}"
        advice = Sentence.of("nobody is removed in such a run: use the instance of the file, or set its number")
        words = Sentence.of(text, configured=desired.instance_id, instance=setup.instance_id)
        return note("own-number", words, advice)
    if desired.account is None:
        advice = Sentence.of("set `instance.phone` to the account's own number: until then nobody is removed")
        return note("own-number", Sentence.of("the file does not have the account's own number"), advice)
    actual = _told_number(seen)
    number, place = desired.account.identity, desired.account_place or "the file"
    if actual is None:
        return _own_number_by_groups(seen, number, place)
    if actual == number:
        return fine("own-number", Sentence.of("the API has the same number as the file"))
    return _wrong_number(Sentence.of("the account's number is {told}, not {number}", told=actual, number=number), place)


def _wrong_number(text: Words, place: str) -> Check:
    advice = Sentence.of(
        "correct `instance.phone` in {place}: with a wrong number, a plan may remove the account", place=place
    )
    return broken("own-number", text, advice)


def _own_number_by_groups(seen: Reads, number: Identity, place: str) -> Check:
    groups = [group for group in seen.sample if group.participants] if isinstance(seen.sample, tuple) else []
    if not groups:
        return skipped("own-number", Sentence.of("the API does not give the number, and no group was read"))
    missing = sum(lacks_account(group, number) for group in groups)
    shown = sum(any(p.identity == number for p in group.participants) for group in groups)
    text = Sentence.of(
        "{number} is in {shown:int} of the {groups:int} {groups:group|groups} that were read",
        number=number,
        shown=shown,
        groups=len(groups),
    )
    if is_nowhere(missing, len(groups)):
        return _wrong_number(text, place)
    if missing:
        advice = "check `instance.phone` in {place}: the account is in every group that it reads"
        return note("own-number", text, Sentence.of(advice, place=place))
    if not shown:
        return skipped("own-number", Sentence.of("people without a number hide whether the account is among them"))
    return fine("own-number", text)


def check_all_numbers(numbers: Numbers) -> Check:
    """Report who is not on WhatsApp, and who is there under another number than the file has, with what to write."""
    checked = [(person, answer) for person, answer in numbers.answers if not isinstance(answer, ApiError)]
    errors = [answer for _, answer in numbers.answers if isinstance(answer, ApiError)]
    odd = ((person, _number_words(person, answer)) for person, answer in checked)
    items = tuple(
        _with_place(words, numbers.places.get(person.identity, "")) for person, words in odd if words is not None
    )
    if not numbers.answers:
        return fine("numbers", Sentence.of("there is nobody to ask about"))
    found = sum(answer.exists for _, answer in checked)
    counts = {"found": found, "absent": len(checked) - found, "failed": len(errors), "left": numbers.left}
    names = {"found": "on WhatsApp", "absent": "not", "failed": "without an answer", "left": "left out"}
    text = Sentence.counting("{asked:int} asked about: ", names, asked=len(numbers.answers), odd=len(items), **counts)
    if errors:
        first = Sentence.of("{error}", error=errors[0].summary())
        return broken("numbers", text, Sentence.of("ask again later; a plan can do without"), (first, *items))
    if numbers.left:
        limit = Sentence.of("one run asks about {most:int} people at most; ask again another day", most=numbers.most)
        return note("numbers", text, limit, items)
    return note("numbers", text, _CORRECT, items) if items else fine("numbers", text)


def _with_place(words: Sentence, place: str) -> Sentence:
    return Sentence.of(f"{words.template} ({{place}})", **words.params, place=place) if place else words


def _number_words(person: Person, answer: ContactCheck) -> Sentence | None:
    """Return what is odd about a person's number and the line to write; None where nothing is."""
    who = PersonRef.of(person)
    if not answer.exists:
        text = "{who} is not on WhatsApp with {number}" if who.label else "{who} is not on WhatsApp"
        return Sentence.of(text, who=who, number=person.identity)
    jid = parse_jid(answer.jid) if answer.jid is not None else None
    if jid is None:
        return None
    if jid.is_lid:
        text = "{who}: the API answers with a private id; note `lid` {lid} under `people`"
        return None if person.lid is not None else Sentence.of(text, who=who, lid=f"{jid.digits}@lid")
    if jid.phone_jid == person.jid:
        return None
    number = f"+{jid.digits}"
    if identity_of_jid(jid.phone_jid) != person.identity:
        return Sentence.of("{who}: the API answers with another number, {number}", who=who, number=number)
    return Sentence.of("{who} is on WhatsApp as {number}: write it like that", who=who, number=number)
