"""Every sentence about a group, a step or a person that a plan or a result tells, by its code. Codes never change.

`reconciler.messages` says how a sentence names its parameters. `docs/safety.md` has its tables from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Final


class MessageKind(StrEnum):
    """Where in a plan or a result a message is used."""

    REFUSAL = "refusal"
    OVERRIDE = "override"
    BLOCKED = "blocked"
    LOOKALIKE = "lookalike"
    DOUBT = "doubt"
    ADVICE = "advice"
    STEP = "step"
    PERSON = "person"
    DRIFT = "drift"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class MessageTemplate:
    """The sentence of one message; for the page on safety `when` it applies, and how to `override` it.

    Every refusal, blocked, lookalike and doubt message has a `when`; a refusal and a blocked message have an `override`
    too.
    """

    kind: MessageKind
    text: str
    when: str = ""
    override: str = ""


_refusal = partial(MessageTemplate, MessageKind.REFUSAL)
_override = partial(MessageTemplate, MessageKind.OVERRIDE)
_blocked = partial(MessageTemplate, MessageKind.BLOCKED)
_lookalike = partial(MessageTemplate, MessageKind.LOOKALIKE)
_doubt = partial(MessageTemplate, MessageKind.DOUBT)
_advice = partial(MessageTemplate, MessageKind.ADVICE)
_step = partial(MessageTemplate, MessageKind.STEP)
_person = partial(MessageTemplate, MessageKind.PERSON)
_drift = partial(MessageTemplate, MessageKind.DRIFT)

CATALOGUE: Final[Mapping[str, MessageTemplate]] = {
    # Refusals: why the whole run stops before its first write.
    "too-many-removals": _refusal(
        "this removes {removed:int} of {members:int} members; the limit is {allowed:int} ({limit}, {source})",
        "The plan would remove more people from a group than `max_removals` (default: a quarter). A percentage above 0 "
        "always allows one person; `0` and `0%` allow nobody.",
        "`--max-removals 5` for this run, or `max_removals` of the group or in `policy`",
    ),
    "not-connected": _refusal(
        "the instance {instance} is not connected: its status is {status:live}",
        "The account cannot write.",
        "Connect it; Wappfy's dashboard shows the QR code.",
    ),
    "no-groups-on-instance": _refusal(
        "the instance {instance} is of type {type:live}, which has no groups",
        "The account cannot have groups at all.",
        "Select another instance with `--instance-id`.",
    ),
    "starter-file": _refusal(
        "the configuration is still the starter's: its instance is {instance}, its people and groups are examples",
        "The configuration is still the starter from `init`, with its fictional people. `--sandbox` may use it.",
        "Set your own `id` and `phone` under `instance`.",
    ),
    "own-phone-unknown": _refusal(
        "cannot remove anyone: the account's own number is unknown, so it might remove itself",
        "A removal might remove the account itself, because its own number is unknown.",
        "Set `phone` under `instance`.",
    ),
    "own-phone-of-other-instance": _refusal(
        "cannot remove anyone: the configuration is for the instance {configured}, but this run is for {actual}, "
        "so the account's own number is unknown and it might remove itself",
        "The same, because the configuration belongs to another account, so its `phone` may not be this account's.",
        "Correct `--instance-id` or WAPPFY_INSTANCE_ID, or set `id` and `phone` of the right account.",
    ),
    "may-be-account": _refusal(
        "this removes somebody who is in every group that was read, and who may be the account itself: the number "
        "under `instance` ({phone}, in {place}) is missing from {count:int} of these groups",
        "The number under `instance` is missing from a group, and somebody would be removed who is in all of them.",
        "Correct `phone` under `instance`; if it is right, plan again: a read was incomplete.",
    ),
    "rule-broken": _refusal(
        "the rule {rule} is broken: {what} ({place})",
        "A [rule](rules.md) of the file with the severity `error` is broken.",
        "Change what breaks it, or exempt it under the rule. For this run, `--override-rule NAME --reason TEXT`.",
    ),
    "rule-broken-often": _refusal(
        "the rule {rule} is broken {count:int} times, first here: {what} ({place})",
        "The same, more than once in one group, or by several people.",
        "As above.",
    ),
    "exemption-ended": _refusal(
        "of the rule {rule}, {what} ({place})",
        "The last day of an exemption has passed.",
        "Remove the exemption, or set a later `until`. For this run, as above.",
    ),
    "source-lost-people": _refusal(
        "{file} has lost {lost:int} of its {people_before:int} people since {ref}, and this removes {removed:int} of "
        "the {people_before:int}; the limit is {allowed:int} ({limit}, {source})",
        "A people file has lost more people than `policy.max_source_loss` allows (default: a quarter) since the "
        "revision that was applied last, and some of them would be removed. People who have no row that counts or no "
        "team any more are lost; they count by their number.",
        "Put the rows back. If the file is right, `--accept-source FILE`.",
    ),
    "source-not-comparable": _refusal(
        "this removes {removed:int} {removed:person|people}, and it is not known who was in {file} before: {reason}",
        "A saved plan removes people from a group that draws on a people file, and the revision that was applied "
        "last cannot be read where it is to be applied.",
        "Apply it where git has the whole history, or make a new plan with `--accept-source FILE`.",
    ),
    # Overrides: what lifts a refusal.
    "raise-removal-limit": _override(
        "if you did not mean to, restore the lines you deleted; if you did, pass --max-removals {removed:int}, or "
        "raise `max_removals` in the file"
    ),
    "raise-removal-limit-in-new-plan": _override(
        "if you did not mean to, restore the lines you deleted and make a new plan; if you did, apply this one with "
        "--max-removals {removed:int}, or raise `max_removals` in the file and make a new plan"
    ),
    "accept-source": _override(
        "if rows are missing, put them back; if {file} is right, make the plan with --accept-source {word}"
    ),
    "compare-source": _override(
        "make the history known (a clone with all commits and tags); if {file} is right, make the plan with "
        "--accept-source {word}"
    ),
    "check-own-phone": _override("correct `instance.phone`; if it is right, plan again: a read was incomplete"),
    "connect-instance": _override("connect it: scan the QR code in Wappfy's dashboard"),
    "use-waha-instance": _override("name another instance with --instance-id: only instances of type waha have groups"),
    "fill-in-starter": _override(
        "set your own instance's `id` and `phone`, and replace the example people and groups with your own"
    ),
    "set-own-phone": _override("set the number as `phone` under `instance`"),
    "use-configured-instance": _override(
        "name {configured} with --instance-id or WAPPFY_INSTANCE_ID, or set the `id` and `phone` of {actual} under "
        "`instance`"
    ),
    "override-rule": _override(
        "change what breaks it, or exempt it under the rule; for this run alone, pass --override-rule {rule} and "
        "--reason"
    ),
    "renew-exemption": _override(
        "remove the exemption, or set a later `until`; for this run alone, pass --override-rule {rule} and --reason"
    ),
    "then-new-plan": _override("{first:message}, then make a new plan"),
    # Blocked: why one group stays as it is.
    "id-not-live": _blocked(
        "the account has no live group with the id {id}; correct the id, or set `invite` to join the group",
        "The group's `id` is not live. The reconciler never creates a replacement.",
        "Correct the `id`, or set `invite` to join the group.",
    ),
    "id-not-live-but-name": _blocked(
        "the account has no live group with the id {id}, but one with that name: {ids:texts}; correct the id, or set "
        "`invite` to join the group",
        "The same, and another live group has its name.",
        "Correct the `id`, or set `invite` to join the group.",
    ),
    "name-ambiguous": _blocked(
        "{count:int} live groups are called {name:live}: {ids:texts}; set the right one as this group's `id`",
        "Several live groups have its name.",
        "Set the `id` of the right one.",
    ),
    "previous-name-ambiguous": _blocked(
        "{count:int} live groups have one of its earlier names: {ids:texts}; set the right one as this group's `id`",
        "Several live groups have one of its earlier names.",
        "Set the `id` of the right one.",
    ),
    "name-or-previous-name-ambiguous": _blocked(
        "{count:int} live groups are called {name:live} or have one of its earlier names: {ids:texts}; set the right "
        "one as this group's `id`",
        "One live group has its name, another one of its earlier names.",
        "Set the `id` of the right one.",
    ),
    "earlier-name-but-strangers": _blocked(
        "the live group {name:live} has an earlier name of this key, but nobody of its people is in there, so it may "
        "be somebody else's; if it is the right one, set its `id` ({id:text}), else take that name out of `previously`",
        "A live group has an earlier name of the key (`previously`), and only other people are in it.",
        "Set its `id` if it is the right one, else take the name out of `previously`.",
    ),
    "nobody-on-whatsapp": _blocked(
        "the group is not created, because nobody of its members is on WhatsApp, and a group cannot be deleted",
        "Nobody who is to be added to a new group is on WhatsApp (`policy.check_numbers`).",
        "Correct the numbers, or set `policy: {check_numbers: none}`.",
    ),
    "live-group-shared": _blocked(
        "another key matches the same live group {id} by name: {keys:texts}; set `id` on the one that it belongs to",
        "Two keys match the same live group.",
        "Set the `id` at the right key.",
    ),
    "not-admin": _blocked(
        "the account is not an admin of this group, so it cannot change it; ask an admin to promote it",
        "The account is not an admin of the group, and the group differs.",
        "Ask an admin to promote the account.",
    ),
    "group-disappeared": _blocked(
        "the group disappeared while the plan was being made; run `plan` again",
        "The group disappeared between the list and the read.",
        "Run `plan` again.",
    ),
    "group-unreadable": _blocked(
        "the server's answer about this group cannot be read ({fault}); run `plan` again, and report it if it stays so",
        "The group's entry in the list, or the group itself, has a form that this version does not know.",
        "Run `plan` again. Report it if it stays so.",
    ),
    "list-entry-unreadable": _blocked(
        "the list of groups has an entry that cannot be read and may be this group ({fault}); if the group exists, set "
        "its `id`; else run `plan` again",
        "The group would be created, and an entry of the list has no readable id.",
        "Set the `id` if the group exists.",
    ),
    "removals-doubtful": _blocked(
        "the member list looks incomplete ({doubts:messages}); nobody will be removed; run `plan` again",
        "The member list looks incomplete, and somebody might have to be removed.",
        "Run `plan` again. The next section lists the checks.",
    ),
    "source-not-compared": _blocked(
        "it is not known who was in {files:texts} before, so nobody who is missing there is removed: {reason}; if "
        "{count:the file is|the files are} right, pass {options}",
        "Somebody would have to be removed, the group draws on a people file, and nobody knows who was in that "
        "file before: there is no revision that was applied, or it does not have the file.",
        "Tag the revision that was applied last as `applied/…`. If the file is right, `--accept-source FILE`.",
    ),
    "removals-wrong-account": _blocked(
        "the account itself ({phone}) is missing, as from most groups; nobody will be removed; correct "
        "`instance.phone` in {place}",
        "The number under `instance` is missing from most groups, and somebody might have to be removed.",
        "Correct `phone` under `instance`.",
    ),
    "lookalike": _blocked(
        "{found:messages}; if {count:it|one of them} is this group, set its `id`; if not, pass --allow-lookalike {key}",
        "The group would be created, and a live group that no key has may be it ([lookalikes](#lookalikes)).",
        "If it is this group, set its `id`. If not, pass `--allow-lookalike KEY`, or write `lookalikes: allow` at the "
        "group.",
    ),
    # Lookalikes: why a live group may be one that would be created. `ids` has its id, which the reader is to copy.
    "shares-people": _lookalike(
        "{name:live} ({ids:texts}) has {shared:int} of these {wanted:int} people",
        "It has at least half of the wanted people, and at least two of them. Of two, one is enough if its name has "
        "all words of the wanted name, such as `Parents (renamed)`.",
    ),
    "may-share-people": _lookalike(
        "{name:live} ({ids:texts}) has {shared:int} of these {wanted:int} people, and {unknown:int} whose "
        "{unknown:number is|numbers are} not known",
        "It may have half of them, since some of its participants have no known number.",
    ),
    "similar-name": _lookalike(
        "{name:live} ({ids:texts}) has nearly the same name",
        "Its name differs from the wanted or an earlier name only in case, white space, punctuation or emoji.",
    ),
    "name-not-told": _lookalike(
        "the API does not give the name of the live group {ids:texts}",
        "Neither the list nor the group itself gives its name, so it may be this one.",
    ),
    "lookalike-not-readable": _lookalike(
        "{name:live} ({ids:texts}) could not be read: {error}",
        "It has enough participants to be the group, and cannot be read.",
    ),
    "more-lookalikes": _lookalike(
        "{count:int} more live {count:group looks|groups look} like it", "More than three groups look like it."
    ),
    "lookalikes-not-read": _lookalike(
        "{count:int} live {count:group|groups} without a key that may be it {count:was|were} not read, since a run "
        "reads at most {most:int}: {first:messages}; `import --merge` reads all, and gives a key to each "
        "that cannot be it",
        "More groups than a run reads have enough participants to be the group.",
    ),
    "unread-lookalike": _lookalike("{name:live} ({ids:texts})"),
    "more-unread-lookalikes": _lookalike("{count:int} {count:other|others}"),
    # Doubts: why a member list looks incomplete.
    "no-participants": _doubt("the group shows no participants", "The group is empty."),
    "count-differs": _doubt(
        "{read:int} {read:participant|participants} in the group but {listed:int} in the list",
        "The list of groups and the group itself disagree.",
    ),
    "members-missing": _doubt(
        "{count:int} {count:person who was|people who were} there before {count:is|are} missing",
        "Read back after an apply: people who were not removed are missing.",
    ),
    "own-account-missing": _doubt(
        "the account itself is missing", "The account is missing, although every participant is identified."
    ),
    # Advice: what to know, and what nothing will be done about.
    "owner-not-removed": _advice(
        "not in the configuration, but owns the group: an owner cannot be removed",
        "Owners",
        "Not possible; WhatsApp does not allow it.",
    ),
    "protected-not-removed": _advice(
        "not in the configuration, but protected by `policy.protected`",
        "`policy.protected`",
        "Remove the person from `protected`.",
    ),
    "no-phone-number": _advice(
        "no phone number is known, so they stay; if you know who they are, set their `lid` under `people`",
        "Participants without a phone number",
        "Set `lid` for the person under `people`.",
    ),
    "search-may-cost": _advice(
        "if {count:the person|people} to be added {count:is|are} in the group already under such an id, finding that "
        "out takes up to {calls:int} more {calls:call|calls}, unless their `lid` is noted"
    ),
    "expired-but-additive": _advice(
        "their membership ended, but membership is additive: list them under `absent` to remove them",
        "People whose membership ended, in an additive group",
        "List them under `absent`.",
    ),
    "lid-contradicted": _advice(
        "has the `lid` of {phone} under `people`, so it may be either of them: nobody is added or removed; correct the "
        "`phone` or the `lid`",
        "Participants with the `lid` of somebody in the file and another number",
        "Correct the `phone` or the `lid` under `people`.",
    ),
    "not-on-whatsapp": _advice(
        "not added: the API has no WhatsApp account for this number; correct it, or remove the person from the file",
        "People who are to be added and whose number is not on WhatsApp (`policy.check_numbers`)",
        "Correct the number in the file.",
    ),
    "number-not-checked": _advice(
        "added as the file spells the number: the API did not say whether it is on WhatsApp ({error})",
        "People who are to be added and whose check failed (`policy.check_numbers`)",
        "Nothing to do, unless they are not in the group after the apply.",
    ),
    "number-checks-ended": _advice(
        "added as the file spells the number: a run checks at most {limit:int} numbers, and none after three errors",
        "People who are to be added, after the last check of a run (`policy.check_numbers`)",
        "Nothing to do, unless they are not in the group after the apply.",
    ),
    "create-over-budget": _advice(
        "the group is not created yet: the day's budget is used up",
        "Groups to create that do not fit `policy.budget`",
        "Apply again on another day, or raise the budget.",
    ),
    "add-over-budget": _advice(
        "not added yet: the day's budget is used up",
        "People to add who do not fit `policy.budget`",
        "Apply again on another day, or raise the budget.",
    ),
    "removal-over-budget": _advice(
        "not removed yet: the day's budget is used up",
        "People to remove who do not fit `policy.budget`",
        "Apply again on another day, or raise the budget.",
    ),
    "removal-after-add": _advice(
        "not removed yet: they are added elsewhere first, and that waits for the budget",
        "People to remove who are to be added elsewhere, which does not fit `policy.budget`",
        "Apply again on another day, or raise the budget.",
    ),
    "refused-lately": _advice(
        "not added: they refused on {day:date}, and are not tried again before {again:date}; write `join: invite` and "
        "send them the invite link",
        "People whose refusal is in the audit log (`apply --audit-log`)",
        "`join: invite`, or `--retry-refused`.",
    ),
    "joins-by-link": _advice(
        "must join through the invite link",
        "People who can only join through an invite (`join: invite`)",
        "They open the link themselves.",
    ),
    "left-not-added": _advice(
        "not in the group; `grace` keeps people, and adds nobody",
        "People in the days of `grace` who are not in the group (any more)",
        "None; to add them, give them a row again, or list them under `members`.",
    ),
    "removal-doubtful": _advice(
        "not removed, because the member list looks incomplete",
        "People in a group whose member list looks incomplete",
        "Run `plan` again.",
    ),
    "removal-not-compared": _advice(
        "not in the configuration, and it is not known who was in {files:texts} before",
        "People missing from a people file, if nobody knows who was in that file before",
        "`--accept-source FILE`.",
    ),
    "observed-surplus": _advice(
        "in the group, but not in the configuration",
        "Everybody with `membership: observe` (without `members` and `teams` there is no message)",
        "Choose another `membership`.",
    ),
    "unmanaged-groups": _advice(
        "{count:int} live {count:group is|groups are} not in the configuration and left alone",
        "Everybody in live groups without a key",
        "Add a key; [import](commands.md#import) writes it.",
    ),
    "members-not-managed": _advice(
        "not managed in {count:int} {count:group|groups}",
        "Everybody in groups without `members` and `teams`",
        "Add `members` or `teams` to the group.",
    ),
    "source-loss-accepted": _advice(
        "{file} has lost {lost:int} of its {people_before:int} people since {ref} (--accept-source)"
    ),
    "source-accepted": _advice("it is not known who was in {file} before: {reason} (--accept-source)"),
    "last-day": _advice("last day is {day:date}"),
    "own-number-nowhere": _advice(
        "`instance.phone` is {phone}, but {count:int} of the {total:int} groups that were read do not have it; "
        "the account probably has another one: check `instance.phone` in {place}",
        "The number under `instance` is missing from most groups",
        "Correct `phone` under `instance`.",
    ),
    "member-list-doubtful": _advice("the member list looks incomplete ({doubts:messages})"),
    "observed-in-left-group": _advice("the account is in the group, but the configuration says to leave it"),
    "observed-not-joined": _advice("the account is not in the group, and `observe` does not join it"),
    "observed-not-created": _advice("no live group has its name, and `observe` does not create one"),
    "observed-missing": _advice("in the configuration, but not in the group"),
    "observed-text": _advice("the {field} is {live:live}, the configuration says {desired:live}"),
    "admin-missing": _advice("should be an admin: promote them in WhatsApp, the API cannot"),
    "admin-surplus": _advice("an admin, but not listed under `admins`: demote them in WhatsApp, the API cannot"),
    "admins-not-told": _advice("the server does not report who is an admin, so `admins` was not compared"),
    "link-needs-admin": _advice(
        "must join through an invite link, which only an admin of the group can get: ask an admin to promote the "
        "account, or to send the link"
    ),
    "link-unavailable": _advice("must join through the invite link, which could not be read: {error}"),
    "matched-none-before": _advice("in {ref} it matched no live group"),
    "matched-other-before": _advice("in {ref} it matched {count:another live group|one of several other live groups}"),
    "matched-group-taken": _advice(
        "in {ref} it matched {count:a live group|one of several live groups} that now belongs to {keys:texts}"
    ),
    "matched-group-taken-creates": _advice(
        "in {ref} it matched {count:a live group|one of several live groups} that now belongs to {keys:texts}, so "
        "applying creates a new one"
    ),
    "matched-group-orphaned": _advice(
        "in {ref} it matched {count:a live group|one of several live groups} that no key matches now, so applying "
        "creates a duplicate; add the old name to `previously`, or set this group's `id` ({ids:texts})"
    ),
    "matched-before": _advice(
        "in {ref} it matched {count:a live group|one of several live groups}; now it matches none"
    ),
    # Steps: why a step did not end well, or how it is known that it did.
    "interrupted-before": _step("interrupted before it started"),
    "interrupted-during": _step("interrupted: it may have been done, in part or whole"),
    "adding-stopped": _step("nobody is added and nothing is created any more in this run: {reason:message}"),
    "earlier-step-failed": _step("an earlier step of this group did not succeed"),
    "call-failed": _step("{error}"),
    "partly-done": _step("it may have been done, in part or whole: {error}"),
    "unexpected-error": _step("an unexpected {error}: it may have been done, in part or whole"),
    "seen-by-reading": _step("confirmed by reading the group, because the call failed: {error}"),
    "not-confirmed": _step("the API reported success, but reading the group back does not show it"),
    # People: why somebody was not added or removed as planned.
    "api-refused-person": _person("{answer:live}"),
    "already-so": _person("this was already so before this run's call"),
    "api-says-so": _person("the API says so, but reading the group does not show it"),
    "in-under-private-id": _person(
        "in the group under a private id: set it as their `lid` under `people` ({count:|one of }{ids:texts})"
    ),
    "new-private-id": _person(
        "in the group under {count:a new private id|one of the new private ids}: set it as their `lid` under `people` "
        "({ids:texts})"
    ),
    "in-under-one-private-id": _person(
        "in the group under a private id: set it as their `lid` under `people` (one of {count:int}, such as "
        "{ids:texts})"
    ),
    "owner-by-now": _person("became an owner of the group since the plan was made: an owner cannot be removed"),
    "service-refused": _person("the API refused them ({status:int}): {answer:live}"),
    "not-sorted-out": _person(
        "the API refused a call for several people without naming anybody, and {count:int} more calls did not sort out "
        "everybody: run `apply` again"
    ),
    "not-sorted-out-hidden": _person(
        "perhaps in the group under a private id (one of {count:int}, such as {ids:texts}): the API refused a call for "
        "several people without naming anybody, and {calls:int} more calls did not sort out everybody; set the `lid` "
        "of each under `people`, because another apply begins with the same people"
    ),
    "refused-in-this-run": _person("refused in another group of this run, so not tried again"),
    "stays-until-added": _person("stays for now, because adding them to another group was not sent"),
    "not-there": _person(
        "not in the group when it was read back, and it is not known why (privacy settings, not on WhatsApp, left "
        "lately …)"
    ),
    "not-there-answered": _person("the API answered {status:int} for them"),
    "not-there-not-allowed": _person(
        "this account may not add them (403), as is so for people who can be added only by their contacts"
    ),
    "not-there-no-account": _person("no WhatsApp account has this number (404)"),
    "not-there-left-lately": _person("they left the group lately and cannot be added yet (408)"),
    "not-there-full": _person("the group is full (419)"),
    "not-seen-in-doubtful-read": _person(
        "not seen when the group was read back, but the member list looks incomplete ({doubts:messages}): run `plan` "
        "to see"
    ),
    "perhaps-under-private-id": _person(
        "not seen by number, and the group has {count:int} new private {count:id|ids} ({ids:texts}) for {people:int} "
        "{people:person|people} like that"
    ),
    "counted-in-but-missing": _person("the API reported them as a member, but reading the group back does not show it"),
    "removed-but-present": _person("removed, but still in the group when it is read back"),
    "counted-out-but-present": _person("the API reported them as removed, but reading the group back shows them"),
    "link-not-read": _person("the invite link could not be read: {error}"),
    # Why nobody is added any more.
    "refused-in-a-row": _step("{count:int} adds in a row were refused"),
    "many-refused": _step("{refused:int} of {total:int} people were refused"),
    "too-much-at-once": _step("the account does too much in a short time ({answer})"),
    "disconnected-meanwhile": _step("the instance is not connected any more: its status is {status:live}"),
    # Drift: what still differs when a group is read back.
    "not-read-back": _drift("the group could not be read back: {error}"),
    "crashed-reading-back": _drift("the group could not be read back: an unexpected {error}"),
    "still-in-group": _drift("the account is still in the group"),
    "name-differs": _drift("its name reads back as {live:live}, not {sent:live}"),
    "description-differs": _drift("its description does not read back as it was sent"),
    "joined-plan-again": _drift("joined: run `plan` again to see what else the configuration wants of it"),
    "invite-leads-elsewhere": _drift(
        "its invite leads to {name:live}, which has another name: set this group's `id` to {id}"
    ),
    "joined-and-differs": _drift(
        "joined, and its name, description or members differ from the configuration: run `plan` and `apply` again"
    ),
    "changed-meanwhile": _drift(
        "somebody else changed its name, description or members during this run: run `plan` and `apply` again"
    ),
    # A sentence of a plan that another version saved, without a code.
    "saved-text": MessageTemplate(MessageKind.OTHER, "{text}"),
}
