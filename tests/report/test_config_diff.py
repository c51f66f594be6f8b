"""A comparison of two configurations: text, markdown and JSON agree, and untrusted text stays harmless."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import jsonschema
import pytest

from reconciler.history.config_diff import (
    AliasChange,
    ConfigDiff,
    ConfigVersion,
    FieldChange,
    GroupChangeKind,
    GroupDiff,
    ListChange,
    MembershipChange,
    MembershipTermsChange,
)
from reconciler.json_schemas import schema_text
from reconciler.model.identity import identity_of_digits
from reconciler.model.person_ref import PersonRef
from reconciler.report.config_diff import config_diff_document, render_config_diff, render_config_diff_markdown
from reconciler.report.documents import mask_document
from reconciler.report.pr_comment import comment_size
from reconciler.sanitize.escape import json_text
from tests.report import report_samples as samples

SCHEMA = json.loads(schema_text("diff.schema.json"))
DAY = date(2026, 12, 31)
EVIL = "x\x1b[2J\n::error::y <img src=x> [a](http://evil) @octocat +1 202 555 0143 \u202e"


def who(label: str | None, digits: str = "12025550143") -> PersonRef:
    return PersonRef(identity_of_digits(digits), f"{digits}@s.whatsapp.net", label)


ALPHA = GroupDiff(
    key="alpha",
    change=GroupChangeKind.CHANGED,
    name="Alpha",
    id="120363012345678901@g.us",
    old_key="alef",
    fields=(FieldChange("name", "Alef", "Alpha"), FieldChange("description", None, "Text", "be careful")),
    added=(
        MembershipChange(who("alice"), ("staff/board",)),
        MembershipChange(who(None, "13035550145"), by_invite=True),
    ),
    removed=(
        MembershipChange(who("alice", "15125550147"), ("staff",)),
        MembershipChange(who("dave", "14045550146"), kept_because="membership is additive"),
    ),
    terms_changed=(MembershipTermsChange(who("erin"), "no end", "until 2026-12-31"),),
    lists=(ListChange("admins", (who("frank"),), (who("gina"),), "reported, not enforced"),),
    notes=("good to know",),
)
BETA = GroupDiff(
    key="beta",
    change=GroupChangeKind.ADDED,
    fields=(FieldChange("description", None, "Text"), FieldChange("state", None, "left")),
)
EVERYTHING = ConfigDiff(
    old=ConfigVersion("HEAD~1", "a" * 40),
    new=ConfigVersion("HEAD", "b" * 40),
    as_of=DAY,
    instance_id="inst_abc123",
    groups=(ALPHA, BETA, GroupDiff(key="gamma", change=GroupChangeKind.REMOVED, name="Gamma")),
    unchanged=2,
    settings=(FieldChange("policy.max_removals", "25%", None, "wider"),),
    lists=(ListChange("policy.protected", removed=(who("alice"),), note="not protected"),),
    alias_changes=(AliasChange("bob", who("bob"), who("bob", "13035550145")),),
    warnings=("groups.yaml:1:1: warning: odd",),
    forbidden_removals=("sales.yaml: groups.x: not allowed",),
)
NOTHING = ConfigDiff(old=ConfigVersion("a.yaml"), new=ConfigVersion("b.yaml"), as_of=DAY, unchanged=3)

TEXT = """\
For all groups
  ! bob: refers to a different number in every group: +1 202 ••• ••43 → +1 303 ••• ••45
  ~ policy.max_removals  25% → (not set)
  ! policy.max_removals: wider
  ~ policy.protected  - alice
  ! policy.protected: not protected

alpha  "Alpha"  120363012345678901@g.us
  ~ key          alef → alpha (same group, matched by id)
  ~ name         "Alef" → "Alpha"
  ~ description  (not set) → Text
  ! description: be careful
  + alice [+1 202 ••• ••43] (through staff/board)
  + +1 303 ••• ••45 (by the invite link)
  - alice [+1 512 ••• ••47] (was through staff)
  ~ erin: no end → until 2026-12-31
  ~ admins       + frank
  ~ admins       - gina
  i admins: reported, not enforced
  i no longer listed, but stays: dave: membership is additive
  i good to know

beta
  + new group
  + description  "Text"
  + state        left

gamma  "Gamma"
  - removed from the configuration

Forbidden by `restrictions`
  ! sales.yaml: groups.x: not allowed

Warnings
  ! groups.yaml:1:1: warning: odd

Diff: 1 group added, 1 removed, 1 changed, 2 people added, 1 person removed, 3 settings changed · 2 groups unchanged"""


def test_the_text_shows_everything_in_a_fixed_order() -> None:
    assert render_config_diff(EVERYTHING, samples.MASKED) == TEXT


def test_the_text_of_no_difference_is_one_line() -> None:
    assert render_config_diff(NOTHING, samples.MASKED) == "No differences: 3 groups unchanged."


def test_a_revision_without_the_file_is_named() -> None:
    one = replace(NOTHING, old=ConfigVersion("HEAD", "c" * 40, exists=False))

    assert render_config_diff(one, samples.MASKED).startswith(
        "From HEAD (commit ccccccccc), which does not have the path to b.yaml."
    )


def test_numbers_are_full_only_with_show_phones() -> None:
    for render in (render_config_diff_markdown, render_config_diff):
        assert "5550143" not in render(EVERYTHING, samples.MASKED)
        assert "12025550143" in render(EVERYTHING, samples.FULL)


def test_the_comment_starts_with_its_marker_and_names_the_versions() -> None:
    output = render_config_diff_markdown(EVERYTHING, samples.MASKED)

    assert output.startswith("<!-- reconciler:diff -->\n\n### reconciler diff: 1 group added, 1 removed")
    assert "(commit aaaaaa" in output
    assert "to HEAD (commit bbbbbb" in output
    assert "The live groups were not read." in output
    assert output.index("<code>alpha</code>") < output.index("<code>gamma</code>") < output.index("<code>beta</code>")
    assert "[!CAUTION]" in output
    assert "[!WARNING]" in output


def test_the_comment_of_no_difference_is_short() -> None:
    output = render_config_diff_markdown(NOTHING, samples.MASKED)

    assert "### reconciler: No differences\n\n3 groups unchanged." in output.replace("&#46;", ".")
    assert "<details" not in output


def test_a_comment_never_grows_past_its_end() -> None:
    crowd = tuple(MembershipChange(who(f"person-{number}")) for number in range(1000))
    full = tuple(replace(ALPHA, key=f"crowd-{number}", added=crowd) for number in range(20))
    groups = full + tuple(replace(ALPHA, key=f"group-{number}") for number in range(480))
    alias_changes = tuple(AliasChange(f"alias-{number}", who("a"), who("b")) for number in range(5000))
    warnings = tuple("a warning " * 50 for _ in range(500))
    large = replace(EVERYTHING, groups=groups, alias_changes=alias_changes, warnings=warnings)
    output = render_config_diff_markdown(large, samples.MASKED)

    assert comment_size(output) < 65_536
    assert "more groups are left out" in output
    assert "4980 more aliases" in output
    assert "and 490 more" in output


def evil() -> ConfigDiff:
    group = replace(
        ALPHA,
        key=EVIL,
        name=EVIL,
        old_key=EVIL,
        fields=(FieldChange("name", EVIL, "n"), FieldChange("previously", EVIL, None, "n")),
        added=(MembershipChange(who(EVIL), (EVIL,)),),
        terms_changed=(MembershipTermsChange(who(EVIL), EVIL, EVIL),),
        lists=(ListChange("admins", (who(EVIL),)),),
        notes=(EVIL,),
    )
    return replace(
        EVERYTHING,
        old=ConfigVersion(EVIL, "a" * 40, exists=False),
        groups=(group,),
        settings=(FieldChange("region", EVIL, EVIL),),
        alias_changes=(AliasChange(EVIL, who(EVIL), who(EVIL)),),
        warnings=(EVIL,),
        forbidden_removals=(EVIL,),
    )


def test_untrusted_text_is_harmless_in_every_format() -> None:
    text = render_config_diff(evil(), samples.MASKED)
    markdown = render_config_diff_markdown(evil(), samples.MASKED)
    as_json = json_text(mask_document(config_diff_document(evil()), show_phones=False))

    for output in (text, markdown, as_json):
        assert "\x1b" not in output
        assert "\u202e" not in output
        assert "0143" not in output
        assert not any(line.lstrip().startswith("::") for line in output.splitlines())
    # Inside a fence everything is harmless.
    outside = "".join(part for at, part in enumerate(markdown.split("```")) if at % 2 == 0)
    assert "<img" not in outside
    assert "](http" not in outside
    assert "@octocat" not in outside


@pytest.mark.parametrize("diff", [EVERYTHING, NOTHING, evil()])
def test_documents_hold_to_their_schema_in_full_and_masked(diff: ConfigDiff) -> None:
    validator = jsonschema.Draft202012Validator(SCHEMA)
    document = json.loads(json_text(config_diff_document(diff)))

    validator.validate(document)
    validator.validate(json.loads(json_text(mask_document(document, show_phones=False))))
    assert document["differs"] is diff.differs


def objects(value: Any) -> Any:
    if isinstance(value, dict):
        if "properties" in value:
            yield value
        for item in value.values():
            yield from objects(item)


def test_the_published_schema_is_closed_and_explains_every_member() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    for part in objects(SCHEMA):
        assert part["additionalProperties"] is False
        assert part["title"]
        assert set(part["required"]) == set(part["properties"])
        assert all("description" in item or "$ref" in item for item in part["properties"].values())
    kinds = SCHEMA["$defs"]["group"]["properties"]["change"]["enum"]
    assert kinds == [kind.value for kind in GroupChangeKind]


def test_one_person_in_three_groups_is_one_person() -> None:
    gone = (MembershipChange(who("alice")),)
    groups = tuple(
        GroupDiff(key=key, change=GroupChangeKind.CHANGED, name=key, removed=gone) for key in ("a", "b", "c")
    )
    text = render_config_diff(replace(NOTHING, groups=groups), samples.MASKED)
    assert "Diff: 3 groups changed, 1 person removed (3 memberships) · 3 groups unchanged" in text
