"""Shards: the groups of a file split into parts that runs on several machines, or with several keys, can take."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from typing import Final

MAX_SHARDS: Final = 100_000
"""As many as a Kubernetes Indexed Job has indexes; more than an account can have groups."""


_SHARD = re.compile(r"(?P<index>[1-9][0-9]{0,5})/(?P<count>[1-9][0-9]{0,5})", re.ASCII)


def shard_number(key: str, count: int) -> int:
    """Which of `count` shards a group is in, from 1: SHA-256 of its key (NFC, UTF-8) as one big-endian number, modulo.

    It depends on nothing but the key, so that every machine splits alike, the order of the file does not matter, and
    a group that comes or goes moves no other one. Another `count` splits anew.
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
        """Read `2/5`; ValueError, in words, for anything else."""
        match = _SHARD.fullmatch(text.strip())
        if match is None:
            raise ValueError("a shard is written I/N, two whole numbers from 1 on, for example 2/5")
        index, count = int(match["index"]), int(match["count"])
        if count > MAX_SHARDS:
            raise ValueError(f"there are {MAX_SHARDS} shards at most")
        if index > count:
            raise ValueError(f"of {count} shards the last one is {count}/{count}; they count from 1")
        return Shard(index, count)

    def contains(self, key: str) -> bool:
        """Whether the group with this key is in it."""
        return shard_number(key, self.count) == self.index

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"


@dataclass(frozen=True, slots=True)
class ShardInfo(Shard):
    """What a plan of one shard says of it: `total_groups` is how many groups all shards together are about."""

    total_groups: int
