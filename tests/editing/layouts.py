"""Layouts of YAML, one dimension of formatting each, with what two edits do to them.

The edits add `dave` to the members of the group `a`, and remove `bob` from them. In a text, `«+…»` comes by the first
edit, `«-…»` goes by the second, and `«*…»` comes by the second. So one text is three.
"""

from __future__ import annotations

import re

_MARKED = re.compile(r"«(?P<kind>[-+*])(?P<text>[^»]*)»")


def before(layout: str) -> str:
    """The text that is edited."""
    return _MARKED.sub(lambda match: match["text"] if match["kind"] == "-" else "", layout)


def with_dave(layout: str) -> str:
    """The text after `dave` was added."""
    return _MARKED.sub(lambda match: "" if match["kind"] == "*" else match["text"], layout)


def without_bob(layout: str) -> str:
    """The text after `bob` was removed."""
    return _MARKED.sub(lambda match: match["text"] if match["kind"] == "*" else "", layout)


HEAD = "version: 1\npeople: {alice: '1', bob: '2', carol: '3', dave: '4'}\n"
LAYOUTS = {
    "block list": "groups:\n  a:\n    members:\n      - alice\n«-      - bob\n»«+      - dave\n»",
    "dashes below the key": "groups:\n  a:\n    members:\n    - alice\n«-    - bob\n»«+    - dave\n»    name: A\n",
    "dashes deep": "groups:\n a:\n  members:\n        - alice\n«-        - bob\n»«+        - dave\n»  name: A\n",
    "brackets": "groups:\n  a:\n    members: [alice«-, bob»«+, dave»]\n",
    "brackets, the first goes": "groups:\n  a:\n    members: [«-bob, »carol«+, dave»]\n",
    "brackets with spaces": "groups:\n  a:\n    members: [ alice«-, bob»«+, dave» ]\n",
    "brackets without spaces": "groups:\n  a:\n    members: [alice«-,bob»«+,dave»]\n",
    "brackets with a last comma": "groups:\n  a:\n    members: [alice«-, bob»«+, dave»,]\n",
    "the group in braces": "groups:\n  a: {name: A, members: [alice«-, bob»«+, dave»]}\n",
    "all groups in braces": "groups: {a: {members: [alice«-, bob»«+, dave»]}, b: {name: B}}\n",
    "everything in braces": "{groups: {a: {members: [alice«-, bob»«+, dave»]}}}\n",
    "JSON": '{"groups": {"a": {"members": ["alice"«-, "bob"»«+, "dave"»]}}}',
    "JSON in lines": (
        '{\n  "groups": {\n    "a": {\n      "members": [\n        "alice"«-,»\n'
        '«-        "bob"»«+,»«-\n»«+        "dave"\n»'
        "      ]\n    }\n  }\n}\n"
    ),
    "one a line in brackets": (
        "groups:\n  a:\n    members: [\n      alice«-,»\n«-      bob»«+,»«-\n»«+      dave\n»    ]\n"
    ),
    "one a line with a last comma": (
        "groups:\n  a:\n    members: [\n      alice,\n«-      bob,\n»«+      dave,\n»    ]\n"
    ),
    "several a line in brackets": "groups:\n  a:\n    members: [alice,\n      carol«-, bob»«+, dave»]\n",
    "comments in brackets": (
        "groups:\n  a:\n    members: [\n      # the chair\n      alice, # one\n«-      bob, # two\n»"
        "      # the guest\n      carol, # three\n«+      dave,\n»    ]\n"
    ),
    "the only one in a block": "groups:\n  a:\n    members:«* []»\n«-      - bob\n»«+      - dave\n»",
    "the only one in brackets": "groups:\n  a:\n    members: [«-bob»«+, dave»]\n",
    "nobody, in brackets": "groups:\n  a:\n    members: [«+dave»]\n",
    "nobody, in spaced brackets": "groups:\n  a:\n    members: [ «+dave»]\n",
    "nobody, empty": "groups:\n  a:\n    name: A\n    members:«+ [dave]»\n",
    "no list, blocks elsewhere": (
        "groups:\n  a:\n    name: A\n«+    members:\n    - dave\n»  b:\n    members:\n    - alice\n"
    ),
    "no list, brackets elsewhere": "groups:\n  a:\n    name: A\n«+    members: [dave]\n»  b:\n    members: [alice]\n",
    "no list, in braces": "groups:\n  a: {name: A«+, members: [dave]»}\n",
    "a comment on the line": "groups:\n  a:\n    members:\n      - alice # x\n«-      - bob   # y\n»«+      - dave\n»",
    "a comment above": (
        "groups:\n  a:\n    members:\n      # x\n      - alice\n      # y\n«-      - bob\n»«+      - dave\n»"
    ),
    "a comment below": (
        "groups:\n  a:\n    members:\n      - alice\n«-      - bob\n»      # x\n«+      - dave\n»    # y\n    name: A\n"
    ),
    "a comment after the key": "groups:\n  a:\n    members: # x\n      - alice\n«-      - bob\n»«+      - dave\n»",
    "the only one, a comment after the key": "groups:\n  a:\n    members:«* []» # x\n«-      - bob\n»«+      - dave\n»",
    "blank lines": (
        "groups:\n\n  a:\n\n    members:\n\n      - alice\n\n«-      - bob\n»«+\n      - dave\n»\n    name: A\n"
    ),
    "CRLF": "groups:\r\n  a:\r\n    members:\r\n      - alice\r\n«-      - bob\r\n»«+      - dave\r\n»",
    "CR": "groups:\r  a:\r    members:\r      - alice\r«-      - bob\r»«+      - dave\r»",
    "byte order mark": "\ufeffgroups:\n  a:\n    members:\n      - alice\n«-      - bob\n»«+      - dave\n»",
    "no line break at the end": "groups:\n  a:\n    members:\n      - alice«-\n      - bob»«+\n      - dave»",
    "single quotes": "groups:\n  a:\n    members: ['alice'«-, 'bob'»«+, 'dave'»]\n",
    "double quotes": 'groups:\n  a:\n    members:\n      - "alice"\n«-      - "bob"\n»«+      - "dave"\n»',
    "some quotes": "groups:\n  a:\n    members:\n      - \"alice\"\n«-      - 'bob'\n»      - carol\n«+      - dave\n»",
    "quoted keys": "'groups':\n  \"a\":\n    'members':\n      - alice\n«-      - bob\n»«+      - dave\n»",
    "an explicit key": "groups:\n  ? a\n  : members:\n      - alice\n«-      - bob\n»«+      - dave\n»",
    "an anchor that nobody uses": "groups:\n  a: &a\n    members: &m\n      - alice\n«-      - bob\n»«+      - dave\n»",
    "the only one, with an anchor": "groups:\n  a:\n    members: &m«* []»\n«-      - bob\n»«+      - dave\n»",
    "a mapping in a block": (
        "groups:\n  a:\n    members:\n      - person: alice\n        until: 2026-12-31\n"
        "«-      - person: bob\n        # x\n        reason: y\n»«+      - dave\n»"
    ),
    "a mapping in braces": "groups:\n  a:\n    members: [alice«-, {person: bob, until: 2026-12-31}»«+, dave»]\n",
    "a mapping on lines in braces": "groups:\n  a:\n    members: [alice«-, {\n      person: bob,\n      }»«+, dave»]\n",
    "a dash on a line of its own": (
        "groups:\n  a:\n    members:\n      - alice\n«-      -\n        bob\n»«+      - dave\n»"
    ),
    "sorted": "groups:\n  a:\n    members: [alice, «-bob, »carol«+, dave», erin, frank]\n",
    "not sorted": "groups:\n  a:\n    members: [carol, alice«-, bob»«+, dave»]\n",
    "numbers after aliases": (
        "groups:\n  a:\n    members:\n      - alice\n«-      - bob\n»«+      - dave\n»      - +1 202 555 0143\n"
    ),
    "a document's start and end": (
        "---\ngroups:\n  a:\n    members:\n      - alice\n«-      - bob\n»«+      - dave\n»...\n"
    ),
    "wide characters": "groups:\n  ü😀: {name: '😀'}\n  a:\n    members: [é😀«-, bob»«+, dave»] # 😀\n",
    "a key like the group's elsewhere": (
        "teams:\n  a:\n    members: [alice, bob]\ngroups:\n  a:\n    members: [alice«-, bob»«+, dave»]\n"
    ),
    "a block of text before": (
        "groups:\n  a:\n    description: |\n      - bob\n\n      members\n    members:\n      - alice\n«-      - bob\n»"
        "«+      - dave\n»"
    ),
    "a block of text after": (
        "groups:\n  a:\n    members:\n      - alice\n«-      - bob\n»«+      - dave\n"
        "»    description: >-\n      x\n\n      y\n"
    ),
}
