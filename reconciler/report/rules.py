"""Kinds of problems in a configuration, by which other programs sort and silence them: `unknown-key`, `phone-number`.

A kind is told by the words of the message, what is in backticks left out: those are somebody else's words. The first
kind that fits is it; a test holds that each message of the tests' broken files has one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from reconciler.errors import Problem


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind: `id` is stable, `title` short, `help` says what to do about it, `words` is how its messages read."""

    id: str
    title: str
    help: str
    words: str = ""


OTHER: Final = Rule("configuration", "Wrong configuration", "Do what the message says.")
RULES: Final[tuple[Rule, ...]] = (
    Rule(
        "file",
        "File that cannot be read",
        "A configuration is a file in UTF-8, or a folder of such files that end in .yaml or .yml.",
        r"no such file|^is no file|has no YAML file|cannot be read|no UTF-8|^the file is larger",
    ),
    Rule(
        "yaml",
        "No YAML, or YAML that is not allowed",
        "Tags, merge keys, several documents and aliases that blow up are not allowed; every value is text.",
        r"no YAML|YAML tag|in YAML|indent YAML|YAML documents|file is empty|must be a mapping|merge keys|^a key |"
        r"^the alias|^the document",
    ),
    Rule("duplicate-key", "Key defined twice", "Keep one of the two.", r"is defined twice"),
    Rule("unknown-key", "Unknown key", "`reconciler schema` prints every key there is.", r"^unknown key"),
    Rule("missing-key", "Key that is missing", "Add it.", r"is missing$|^needs "),
    Rule(
        "restriction",
        "Definition that may not stand in this file",
        "The file's `restrictions` say which file may define what. Move it, or have the rule widened.",
        r"may not stand|may stand only|matches no file|restrictions|no rule matches",
    ),
    Rule(
        "country",
        "Number of a country that is not allowed",
        "`policy.allowed_countries` lists the countries. Add it there, or take the person out.",
        r" a number of ",
    ),
    Rule(
        "unknown-reference",
        "Person or team that is not defined",
        "Define it under `people` or `teams`, or correct its name.",
        r"is no alias and no phone number|there is no team|is a (team|person), not a",
    ),
    Rule(
        "phone-number",
        "No phone number",
        "Write it with + and the country code, or set `region`.",
        r"phone number$|no phone number has|has no digits|\+ that is not|national number|no JID|group's id, not|LID",
    ),
    Rule("team-cycle", "Teams that contain each other", "Take one of them out.", r"contain each other|levels deep$"),
    Rule(
        "same-twice",
        "The same person or group twice",
        "One person, one alias; one group, one key; one membership.",
        r"same person as|the same|already in this list|is the name of",
    ),
    Rule("contradiction", "Lists that contradict each other", "Decide for one of them.", r"is in `` and"),
    Rule(
        "limit",
        "More than is allowed",
        "WhatsApp has limits for names, descriptions and members; `policy` may set lower ones.",
        r" members|characters in Unicode|errors or more|memberships",
    ),
    Rule("white-space", "White space that does not count", "Remove it.", r"^white space"),
    Rule(
        "value",
        "Value of the wrong form",
        "`reconciler schema` says what each key takes.",
        r"^expected |value is empty|day of the calendar|country's code|which say the same",
    ),
    OTHER,
)

_QUOTED = re.compile(r"`[^`]*`")


def rule_of(problem: Problem) -> Rule:
    """The kind of a problem."""
    said = _QUOTED.sub("``", problem.message)
    return next((rule for rule in RULES if rule.words and re.search(rule.words, said)), OTHER)
