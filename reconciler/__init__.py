"""Manage WhatsApp groups as code: describe groups and members in YAML, review a plan, apply it."""

__version__ = "0.2.0"
