"""Write the ids of matched groups into the YAML files, and change nothing else, byte for byte."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from reconciler.config.document import Tree
from reconciler.config.problem_collector import quote_value
from reconciler.editing.yaml_edit import EditResult, edit_entries, read_yaml_files
from reconciler.errors import ReconcilerError
from reconciler.model.identity import is_group_id


def pin(path: Path, ids: Mapping[str, str]) -> EditResult:
    """Return the files with the ids of groups, by their keys, without writing them.

    An id becomes the first line of its group. A group that has an id keeps it. Raise ConfigError if a file is not valid
    YAML, ReconcilerError for an unknown key or an invalid id.
    """
    for key, group_id in ids.items():
        if not is_group_id(group_id):
            message = f"{quote_value(group_id)} for the group {quote_value(key)} is not a group's id"
            raise ReconcilerError(message, "a group's id looks like 120363400000000001@g.us")
    files = read_yaml_files(path)
    missing = [
        key for key in sorted(ids) if not any(isinstance(file.section("groups").get(key), dict) for file in files)
    ]
    if missing:
        raise ReconcilerError(
            f"{path} has no group {', '.join(map(quote_value, missing))}", "check the keys under `groups`"
        )
    changed: dict[Path, bytes] = {}
    not_editable: dict[str, str] = {}
    for file in files:
        pinned: dict[str, Tree] = {
            key: {"id": ids[key], **group}
            for key, group in file.section("groups").items()
            if key in ids and isinstance(group, dict) and "id" not in group
        }
        text, reasons = edit_entries(file, "groups", pinned)
        not_editable |= reasons
        if text != file.text:
            changed[Path(file.source.file)] = file.encode(text)
    return EditResult(changed, not_editable)
