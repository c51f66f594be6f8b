"""The memberships as DNS: one zone a group and one record a member, for octoDNS to bring from YAML to YAML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.files import alias
from benchmarks.numbers import digits, number

CONFIG = "octodns.yaml"
_PROVIDER = "{class: octodns.provider.yaml.YamlProvider, directory: %s}"


def write_zones(folder: Path, wanted: Mapping[str, Sequence[int]], before: Mapping[str, Sequence[int]]) -> None:
    """Write the configuration, the wanted records, and the records that the target has before."""
    for name, groups in (("wanted", wanted), ("live", before)):
        (folder / name).mkdir(exist_ok=True)
        for key, members in groups.items():
            (folder / name / f"{key}.example.org.yaml").write_text(_records(members), encoding="utf-8")
    zones = "".join(f"  {key}.example.org.: {{sources: [wanted], targets: [live]}}\n" for key in wanted)
    providers = "".join(f"  {name}: {_PROVIDER % (folder / name)}\n" for name in ("wanted", "live"))
    (folder / CONFIG).write_text(f"providers:\n{providers}zones:\n{zones}", encoding="utf-8")


def _records(members: Sequence[int]) -> str:
    return "---\n" + "".join(f"{alias(m)}:\n  type: TXT\n  value: '{digits(number(m))}'\n" for m in members)
