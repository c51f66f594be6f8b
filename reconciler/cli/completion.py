"""Completion on the command line: the script of each shell, and what it suggests for a line; it never prints an error.

A suggestion may come from a file that somebody else wrote, and a shell puts it into the line. So only words of letters,
digits and harmless signs are suggested: none can start a command, an option or a pattern.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from reconciler.model.text import composed

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

SHELLS: Final = ("bash", "zsh", "fish")
VARIABLE: Final = "_RECONCILER_COMPLETE"
"""The variable with a script's request, such as `bash_complete`; its form is click's."""
_DIGITS_OF_NUMBER: Final = 7
_HARMLESS: Final = re.compile(r"\w[\w.@+ -]{0,99}")
_BASH: Final = r"""_reconciler_completion() {
    local IFS=$'\n' response line kind value word words=() current="${COMP_WORDS[COMP_CWORD]}"
    if [[ ${COMP_WORDS[COMP_CWORD - 1]} == @ ]]; then
        compopt -o default
        return 0
    fi
    # bash makes three words of --target=sales: they become two again.
    for word in "${COMP_WORDS[@]:0:COMP_CWORD}"; do
        [[ $word == = ]] || words+=("$word")
    done
    [[ $current == = ]] && current=
    words+=("$current")
    response=$(COMP_WORDS="${words[*]}" COMP_CWORD=$((${#words[@]} - 1)) \
        _RECONCILER_COMPLETE=bash_complete "$1" 2>/dev/null)
    COMPREPLY=()
    while IFS= read -r line; do
        kind=${line%%,*}
        value=${line#*,}
        case $kind in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain)
                [[ $current == [\"\']* ]] || value=${value// /\\ }
                COMPREPLY+=("$value")
                ;;
        esac
    done <<<"$response"
    return 0
}

complete -o nosort -F _reconciler_completion reconciler
"""


def completion_script(shell: str) -> str:
    """Return the script that makes a shell complete the lines of this program."""
    if shell == "bash":
        return _BASH
    from click.shell_completion import get_completion_class

    class_ = get_completion_class(shell)
    if class_ is None:
        raise ValueError(shell)
    return class_(click.Command("reconciler"), {}, "reconciler", VARIABLE).source()


def print_suggestions(program: click.Command, instruction: str) -> int:
    """Print what fits the line that a shell's script describes in the environment; nothing if that fails."""
    from click.shell_completion import FishComplete, ZshComplete, add_completion_class, shell_complete

    for class_ in (ZshComplete, FishComplete):
        add_completion_class(type(class_.__name__, (_WholeWords, class_), {}))
    with suppress(Exception):
        return shell_complete(program, {}, "reconciler", VARIABLE, instruction)
    return 1


class _WholeWords:
    """Suggests `--target=board` for `--target=b` in a shell to which that is one word."""

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem[str]]:
        """Return the suggestions for a word."""
        items: list[CompletionItem[str]] = super().get_completions(args, incomplete)  # type: ignore[misc]  # a mixin
        name, equals, _ = incomplete.partition("=")
        for item in items if equals and name.startswith("--") else ():
            item.value = f"{name}={item.value}"
        return items


def suggest_keys(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Return the keys of groups that fit a word; for an option that takes a list, after its last comma."""
    before, comma, last = incomplete.rpartition(",") if param.multiple else ("", "", incomplete)
    used = set(composed(before).split(","))
    keys = {key: "" for key in _names(ctx, people=False) if key not in used}
    return [*_items(keys, last, before + comma)]


def suggest_people(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Return the aliases, each with its name, and the names that fit a word; none that may be a phone number."""
    people = {
        alias: "" if _may_be_number(name) else name
        for alias, name in _names(ctx, people=True).items()
        if not _may_be_number(alias)
    }
    return [*_items({**dict.fromkeys(people.values(), ""), **people}, incomplete)]


def _may_be_number(text: str) -> bool:
    return sum(map(str.isdigit, text)) >= _DIGITS_OF_NUMBER


def _names(ctx: click.Context, *, people: bool) -> Mapping[str, str]:
    """Return the names in the configuration that the line means: aliases with the people's names, or keys."""
    from reconciler.config.names import defined_names

    # Before an option without a value, click has not yet made a parameter of PATH.
    left = next((Path(word) for word in ctx.args if os.path.exists(word)), None)
    names = defined_names(left or ctx.params.get("path") or Path("groups.yaml"))
    return names.people if people else dict.fromkeys(names.keys, "")


def _items(words: Mapping[str, str], incomplete: str, before: str = "") -> Iterator[CompletionItem[str]]:
    from click.shell_completion import CompletionItem

    typed = composed(incomplete)
    for word in _fitting(words, typed):
        help_ = words[word]
        # A shell drops what does not begin with the very characters that were typed.
        value = before + incomplete + word[len(typed) :]
        yield CompletionItem(value, help=help_ if _HARMLESS.fullmatch(help_) else None)


def _fitting(words: Iterable[str], incomplete: str) -> list[str]:
    return sorted(word for word in words if word.startswith(incomplete) and _HARMLESS.fullmatch(word))
