"""Shards: the groups of a configuration in parts, for runs on several machines or with several API keys."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from typing import Final

MAX_SHARDS: Final = 100_000
"""The most indexes of a Kubernetes Indexed Job; an account cannot have as many groups."""
_SHARD = re.compile(r"(?P<index>[1-9][0-9]{0,5})/(?P<count>[1-9][0-9]{0,5})", re.ASCII)


def shard_number(key: str, count: int) -> int:
    """Return which of `count` shards a group is in, from 1: the SHA-256 of its key (NFC, UTF-8), big-endian, modulo.

    It depends on the key alone: every machine splits in the same way, the order of the file does not matter, and
    a new or deleted group does not move another one. Another `count` moves groups.
    """
    digest = hashlib.sha256(unicodedata.normalize("NFC", key).encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest, "big") % count + 1


@dataclass(frozen=True, slots=True)
class Shard:
    """Part `index` (from 1) of `count` parts."""

    index: int
    count: int

    @staticmethod
    def parse(text: str) -> Shard:
        """Parse `2/5`; raise ValueError, with a sentence for the user, for anything else."""
        match = _SHARD.fullmatch(text.strip())
        if match is None:
            raise ValueError("write a shard as I/N, two whole numbers from 1, for example 2/5")
        index, count = int(match["index"]), int(match["count"])
        if count > MAX_SHARDS:
            raise ValueError(f"there can be at most {MAX_SHARDS} shards")
        if index > count:
            raise ValueError(f"the last of {count} shards is {count}/{count}; shards count from 1")
        return Shard(index, count)

    def contains(self, key: str) -> bool:
        """Whether the group with this key is in this shard."""
        return shard_number(key, self.count) == self.index

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"


@dataclass(frozen=True, slots=True)
class ShardInfo(Shard):
    """The shard of a plan; `total_groups` is how many groups all shards have together."""

    total_groups: int
