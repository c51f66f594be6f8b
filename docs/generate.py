"""Write the pages that are made from the program itself: `file.md` from the schema, `commands.md` from the commands.

python docs/generate.py            write them
python docs/generate.py --check    say which are not fresh, and end with 1
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from reconciler.cli.lazy_group import GlobalOption, LazyGroup
from reconciler.cli.main import cli
from reconciler.json_schemas import schema_text

HERE = Path(__file__).parent
MADE = "<!-- Made by docs/generate.py (`make docs`); what stands here is changed in {source}. -->"
Schema = Mapping[str, Any]

FILE_HEAD = """\
# The file

A file, or a folder of `*.yaml` and `*.yml` files that are merged by key, says which groups there should be. Every value
is read as text, so that no phone number has to be quoted. What is not written is not managed: without `description`
nobody's description is touched, without `members` and `teams` nobody comes or goes.

```yaml
version: 1
instance: {id: inst_abc123, phone: +1 202 555 0100}
people:
  alice: +1 202 555 0143
  bob: {phone: +1 202 555 0144, name: Bob Marsh}
teams:
  board: [alice, bob]
policy:
  protected: [alice]
groups:
  project-alpha:
    name: Project Alpha
    teams: [board]
    members: [+1 303 555 0145, {phone: +1 303 555 0146, until: 2026-12-31, reason: contractor}]
```

An editor with a YAML language server completes and explains all this where the file's first line names the schema
(`reconciler schema` prints it):

```yaml
# yaml-language-server: $schema=groups.schema.json
```

`reconciler validate` says everything that is wrong at once, with its place and what to do. How a line of all this
answers a wish stands in [recipes](recipes.md), what a group is protected from in [safety](safety.md).
"""

# Which parts of the schema get a section, in the order of a file; the words before each table.
SECTIONS = (
    ("At the top", "", ""),
    ("`instance`", "instance", ""),
    ("`people`", "someone", "Each alias has a phone number, or a mapping that says more. {of:people}"),
    ("`teams`", "team", "Each team is a list of members, or a mapping with these keys. {of:teams}"),
    ("A member", "member", "In `members` of a group and of a team. {of:member}"),
    ("`groups`", "group", "{of:groups}"),
    ("`defaults`", "properties/defaults", ""),
    ("`policy`", "policy", ""),
    ("`restrictions`", "restriction", "{of:restrictions}"),
)

COMMANDS_HEAD = """\
# The commands

PATH is a YAML file or a folder of them, `groups.yaml` where none is given. Results go to stdout, progress and warnings
to stderr. Every option can be given as a variable too; an option goes before its variable, a variable before the file.
An empty variable counts as not set: with `RECONCILER_TARGET=""` an apply is about all groups. The API key comes
from `WAPPFY_API_KEY` or a file, never from an argument.

| exit code | means |
|---|---|
| 0 | done, nothing to do, everything converged |
| 1 | an error or a refusal, and nothing was changed; also a wrong command line |
| 2 | changes are pending (`plan --detailed-exitcode`, `drift`) |
| 3 | an apply ran and did not converge: a step failed, a group was blocked, a person refused |
| 130 | interrupted by Ctrl-C or SIGTERM |
"""


def file_page(schema: Schema) -> str:
    """The file's reference as Markdown: a table for each part of the schema that a file is made of."""
    parts = [MADE.format(source="schemas/groups.schema.json"), FILE_HEAD]
    for title, place, before in SECTIONS:
        part = _part(schema, place)
        words = _filled(before, schema) if before else part.get("description", "")
        rows = [
            f"| `{name}` | {_takes(key)} | {_means(key, name in part.get('required', ()))} |"
            for name, key in ((name, _resolved(key, schema)) for name, key in part["properties"].items())
        ]
        parts.append("\n".join([f"## {title}", "", words, "", "| key | takes | means |", "|---|---|---|", *rows, ""]))
    return "\n".join(parts)


def _part(schema: Schema, place: str) -> Schema:
    found = schema if not place else schema["$defs"].get(place) or schema["properties"][place.rpartition("/")[2]]
    return _resolved(found, schema)


def _resolved(part: Schema, schema: Schema) -> Schema:
    """The part that a `$ref` leads to; what stands beside the reference goes before it."""
    if "$ref" not in part:
        return part
    return {**schema["$defs"][part["$ref"].rpartition("/")[2]], **part}


def _filled(words: str, schema: Schema) -> str:
    for name in ("people", "teams", "groups", "member", "restrictions"):
        if f"{{of:{name}}}" in words:
            found = schema["$defs"].get(name) or schema["properties"][name]
            words = words.replace(f"{{of:{name}}}", found["description"])
    return words


def _takes(key: Schema) -> str:
    title = str(key.get("title", ""))
    return _cell(title[:1].lower() + title[1:] if title[1:2].islower() or title.startswith("A ") else title)


def _means(key: Schema, required: bool) -> str:
    shown = [example if isinstance(example, str) else json.dumps(example) for example in key.get("examples", ())[:1]]
    examples = [f"For example `{example}`." for example in shown if example not in key.get("title", "")]
    words = ["Required." if required else "", str(key.get("description", "")), *examples]
    return _cell(" ".join(word for word in words if word))


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def commands_page() -> str:
    """Every command's usage, what it does, its options with their variables, and examples."""
    everywhere = [param for param in cli.params if isinstance(param, GlobalOption)]
    commands = list(_commands(cli, ()))
    links = [f"[{' '.join(names)}](#{'-'.join(names)})" for names, _ in commands]
    parts = [MADE.format(source="reconciler/cli"), COMMANDS_HEAD, " · ".join(links) + "\n"]
    for names, command in commands:
        own = [p for p in command.params if isinstance(p, click.Option) and not isinstance(p, GlobalOption)]
        parts.append("\n".join(_section(names, command, own)))
    parts.append("\n".join(["## Options of every command", "", *_options(everywhere, cli), ""]))
    return "\n".join(parts)


def _commands(group: LazyGroup, before: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, (place, _) in group.lazy.items():
        module, _, attribute = place.partition(":")
        command = getattr(importlib.import_module(module), attribute)
        if isinstance(command, LazyGroup):
            yield from _commands(command, (*before, name))
        else:
            yield (*before, name), command


def _section(names: tuple[str, ...], command: click.Command, own: list[click.Option]) -> Iterator[str]:
    name = " ".join(names)
    context = click.Context(command, info_name=f"reconciler {name}")
    yield from (f"## `{name}`", "", "```", f"{context.command_path} {' '.join(command.collect_usage_pieces(context))}")
    yield from ("```", "", _prose(command.help or ""), "")
    yield from (*_options(own, command), "") if own else ()
    examples = (command.epilog or "").partition("Example:")[2].strip("\n").splitlines()
    yield from ("```sh", *(line.strip() for line in examples), "```", "")


def _options(options: list[click.Option] | list[GlobalOption], command: click.Command) -> Iterator[str]:
    context = click.Context(command)
    yield from ("| option | variable | means |", "|---|---|---|")
    for option in options:
        record = option.get_help_record(context)
        if record is not None and option.name != "version":
            variables = [option.envvar] if isinstance(option.envvar, str) else option.envvar or ()
            yield f"| `{_cell(record[0])}` | {', '.join(f'`{one}`' for one in variables)} | {_cell(record[1])} |"


def _prose(text: str) -> str:
    """A docstring's paragraphs, without the indentation and the marks that only a terminal needs."""
    lines = [line.strip() for line in text.replace("\b", "").splitlines()]
    return "\n".join(lines).strip()


def pages() -> dict[Path, str]:
    """Every page that is made, by its place, each ending in one line break."""
    made = {"file.md": file_page(json.loads(schema_text("groups.schema.json"))), "commands.md": commands_page()}
    return {HERE / name: text.rstrip("\n") + "\n" for name, text in made.items()}


def main(arguments: list[str]) -> int:
    """Write the pages, or check them; the exit code."""
    stale = [path for path, text in pages().items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if "--check" in arguments:
        for path in stale:
            sys.stderr.write(f"docs/{path.name} is not what the program says by now: run `make docs`\n")
        return 1 if stale else 0
    for path in stale:
        path.write_text(pages()[path], encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
