"""What people read of each kind of problem: in annotations, and where other programs list what there is to silence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from reconciler.errors import Kind


@dataclass(frozen=True, slots=True)
class Explained:
    """A kind in words: `title` is short, `help` says what to do about it."""

    title: str
    help: str


KINDS: Final[Mapping[Kind, Explained]] = {
    Kind.FILE: Explained(
        "File that cannot be read",
        "A configuration is a file in UTF-8, or a folder of such files that end in .yaml or .yml.",
    ),
    Kind.YAML: Explained(
        "No YAML, or YAML that is not allowed",
        "Tags, merge keys, several documents and aliases that blow up are not allowed; every value is text.",
    ),
    Kind.DUPLICATE_KEY: Explained("Key defined twice", "Keep one of the two."),
    Kind.UNKNOWN_KEY: Explained("Unknown key", "`reconciler schema` prints every key there is."),
    Kind.MISSING_KEY: Explained("Key that is missing", "Add it."),
    Kind.RESTRICTION: Explained(
        "Definition that may not stand in this file",
        "The file's `restrictions` say which file may define what. Move it, or have the rule widened.",
    ),
    Kind.COUNTRY: Explained(
        "Number of a country that is not allowed",
        "`policy.allowed_countries` lists the countries. Add it there, or take the person out.",
    ),
    Kind.UNKNOWN_REFERENCE: Explained(
        "Person or team that is not defined", "Define it under `people` or `teams`, or correct its name."
    ),
    Kind.PHONE_NUMBER: Explained(
        "Phone number that is none, or in doubt", "Write it with + and the country code, or set `region`."
    ),
    Kind.TEAM_CYCLE: Explained("Teams that contain each other", "Take one of them out."),
    Kind.SAME_TWICE: Explained(
        "The same person or group twice", "One person, one alias; one group, one key; one membership."
    ),
    Kind.CONTRADICTION: Explained("Lists that contradict each other", "Decide for one of them."),
    Kind.LIMIT: Explained(
        "More than is allowed", "WhatsApp has limits for names, descriptions and members; `policy` may set lower ones."
    ),
    Kind.WHITE_SPACE: Explained("White space that does not count", "Remove it."),
    Kind.VALUE: Explained("Value of the wrong form", "`reconciler schema` says what each key takes."),
}
"""Every kind there is, in the order in which they are listed."""
