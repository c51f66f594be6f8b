"""A world in which every text of the table is a live name and description, and files that say it all once more."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.sandbox import Fault, FaultKind
from tests.sanitize.hostile_texts import DISGUISED, HOSTILE
from tests.stage import PHONE, Stage

ALICE, BOB, CAROL = "+1 303 555 0171", "+1 404 555 0182", "+1 512 555 0193"
NUMBERS = ("3035550171", "4045550182", "5125550193", "2025550100")
"""The national digits of everybody in this world, whom no output may show."""

TEXTS: Mapping[str, str] = HOSTILE | {f"number: {name}": text for name, text in DISGUISED.items()}
HARMLESS: Mapping[str, str] = {key: f"harmless {number}" for number, key in enumerate(TEXTS)}


def quoted(text: str) -> str:
    """The text as YAML in double quotes."""
    plain = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,:/+-@<>[](){}!#*_~|&$%=?'`^;")
    return '"' + "".join(char if char in plain else f"\\U{ord(char):08x}" for char in whole(text)) + '"'


def whole(text: str) -> str:
    """The text without half characters, which neither YAML nor JSON in UTF-8 can say."""
    return "".join(char for char in text if not 0xD800 <= ord(char) < 0xE000)


def pairs(texts: Mapping[str, str]) -> list[tuple[str, str]]:
    """Two texts for each group: what one is called by and described with in the world, the file has the other way."""
    listed = list(texts.values())
    return list(zip(listed[::2], [*listed[1::2], listed[0]], strict=False))


def populate(stage: Stage, texts: Mapping[str, str]) -> list[str]:
    """Live groups with a text as name and one as description, told by nothing but their ids; the ids."""
    ids = []
    for number, (name, description) in enumerate(pairs(texts)):
        ids.append(f"{120363_400000_000000 + number}@g.us")
        stage.world.create_group(
            whole(name), [ALICE, BOB, CAROL], owner=PHONE, description=whole(description), group_id=ids[-1]
        )
    return ids


def good_file(stage: Stage, texts: Mapping[str, str], ids: list[str], name: str = "groups.yaml") -> None:
    """A file that renames every group, describes it anew, and moves people for a hostile reason."""
    lines = [f"people: {{alice: {ALICE}, bob: {BOB}, carol: {{phone: {CAROL}, name: Carol}}}}", "groups:"]
    for number, ((live, other), group_id) in enumerate(zip(pairs(texts), ids, strict=True)):
        lines += [
            f"  group-{number:02}:",
            f"    id: {group_id}",
            f"    name: {quoted(f'{other[:90]} new'.strip())}",
            f"    description: {quoted(live)}",
            f"    members: [alice, {{person: bob, reason: {quoted(live + ' (why)')}}}, +1 206 555 0164]",
            "    max_removals: 3",
        ]
    lines += ["  lost:", "    name: Lost", f"    id: {120363_499999_999999}@g.us"]
    stage.file("\n".join(lines), name)


def bad_file(stage: Stage, texts: Mapping[str, str]) -> None:
    """A file in which every text is a key, a person and a number that nobody knows."""
    lines = ["people:"]
    for number, text in enumerate(texts.values()):
        lines += [f"  p{number}: {quoted(text)}", f"  {quoted(text + str(number))}: {PHONE}"]
    lines += ["groups:", "  alpha:", "    name: Alpha", "    members:"]
    lines += [f"      - {quoted(text)}" for text in texts.values()]
    lines += [f"    {quoted(text + str(number))}: x" for number, text in enumerate(texts.values())]
    stage.file("\n".join(lines), "bad.yaml")


def refusals(texts: Mapping[str, str]) -> list[Fault]:
    """Every text once as what the server says to a write."""
    said = [whole(text) for text in texts.values()]
    return [
        Fault(FaultKind.STATUS, method, path, status=403, code="FORBIDDEN", message=text)
        for text in said
        for method, path in (("PATCH", "/groups/*"), ("POST", "/groups/*/participants"))
    ]
