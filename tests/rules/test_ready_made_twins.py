"""Each ready-made rule and the CEL expression that says the same find the same on any file."""

from __future__ import annotations
