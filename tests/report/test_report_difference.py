"""Two versions of the file, compared: text, markdown and JSON say the same, and no stranger's text is obeyed."""

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
from reconciler.report.pr_comment import md_size
from reconciler.sanitize.escape import json_text

SCHEMA = json.loads(schema_text("diff.schema.json"))
DAY = date(2026, 12, 31)
EVIL = "x\x1b[2J\n::error::y <img src=x> [a](http://evil) @octocat +1 202 555 0143 \u202e"


def who(label: str | None, digits: str = "12025550143") -> PersonRef:
    return PersonRef(identity_of_digits(digits), f"{digits}@s.whatsapp.net", label)


ALPHA = GroupDiff(
    "alpha",
    GroupChangeKind.CHANGED,
    "Alpha",
    "120363012345678901@g.us",
    "alef",
    fields=(FieldChange("name", "Alef", "Alpha"), FieldChange("description", None, "Text", "be careful")),
    enters=(
        MembershipChange(who("alice"), ("staff/board",)),
        MembershipChange(who(None, "13035550145"), by_invite=True),
    ),
    leaves=(
        MembershipChange(who("alice", "15125550147"), ("staff",)),
        MembershipChange(who("dave", "14045550146"), stays="additive"),
    ),
    terms=(MembershipTermsChange(who("erin"), "no end", "until 2026-12-31"),),
    lists=(ListChange("admins", (who("frank"),), (who("gina"),), "asserted, not enforced"),),
    notes=("good to know",),
)
WHOLE = ConfigDiff(
    ConfigVersion("HEAD~1", "a" * 40),
    ConfigVersion("HEAD", "b" * 40),
    DAY,
    "inst_abc123",
    (ALPHA, GroupDiff("beta", GroupChangeKind.ADDED), GroupDiff("gone", GroupChangeKind.GONE, "Gone")),
    2,
    (FieldChange("policy.max_removals", "25%", None, "wider"),),
    (ListChange("policy.protected", dropped=(who("alice"),), note="not protected"),),
    (AliasChange("bob", who("bob"), who("bob", "13035550145")),),
    ("groups.yaml:1:1: warning: odd",),
    ("sales.yaml: groups.x: may not go",),
)
NOTHING = ConfigDiff(ConfigVersion("a.yaml"), ConfigVersion("b.yaml"), DAY, unchanged=3)

TEXT = """\
For all groups
  ! bob: stands for another number in every group: +1 202 ••• ••43 → +1 303 ••• ••45
  ~ policy.max_removals  25% → (not said)
  ! policy.max_removals: wider
  ~ policy.protected  - alice
  ! policy.protected: not protected

alpha  "Alpha"  120363012345678901@g.us
  ~ key          alef → alpha (the same group, by its id)
  ~ name         "Alef" → "Alpha"
  ~ description  (not said) → Text
  ! description: be careful
  + alice [+1 202 ••• ••43] (through staff/board)
  + +1 303 ••• ••45 (by the invite link)
  - alice [+1 512 ••• ••47] (was through staff)
  ~ erin: no end → until 2026-12-31
  ~ admins       + frank
  ~ admins       - gina
  i admins: asserted, not enforced
  i listed no more, and stays: dave: additive
  i good to know

beta
  + new in the file

gone  "Gone"
  - gone from the file

Forbidden by `restrictions`
  ! sales.yaml: groups.x: may not go

Warnings
  ! groups.yaml:1:1: warning: odd

Diff: 1 group added, 1 gone, 1 changed, 2 people enter, 1 person leaves, 3 rules changed · 2 groups as before"""


def test_the_text_says_all_of_it_in_a_fixed_order() -> None:
    assert render_config_diff(WHOLE, show_phones=False, color=False) == TEXT


def test_the_text_of_no_difference_is_one_line() -> None:
    assert render_config_diff(NOTHING, show_phones=False, color=False) == "No difference: 3 groups as before."


def test_a_revision_without_the_file_is_named() -> None:
    one = replace(NOTHING, old=ConfigVersion("HEAD", "c" * 40, there=False))

    assert render_config_diff(one, show_phones=False, color=False).startswith(
        "From HEAD (commit ccccccccc), which does not have the file to b.yaml."
    )


def test_numbers_are_full_only_where_they_are_asked_for() -> None:
    for render in (
        render_config_diff_markdown,
        lambda told, show_phones: render_config_diff(told, show_phones=show_phones, color=False),
    ):
        assert "5550143" not in render(WHOLE, show_phones=False)
        assert "12025550143" in render(WHOLE, show_phones=True)


def test_the_comment_begins_with_its_marker_and_says_what_was_compared() -> None:
    told = render_config_diff_markdown(WHOLE, show_phones=False)

    assert told.startswith("<!-- reconciler:diff -->\n\n### Diff\n\n**1 group added, 1 gone")
    assert "(commit aaaaaa" in told
    assert "to HEAD (commit bbbbbb" in told
    assert "The live groups were not asked." in told
    assert told.index("<code>alpha</code>") < told.index("<code>gone</code>") < told.index("<code>beta</code>")
    assert "[!CAUTION]" in told
    assert "[!WARNING]" in told


def test_the_comment_of_no_difference_is_short() -> None:
    told = render_config_diff_markdown(NOTHING, show_phones=False)

    assert "### No difference\n\n3 groups as before." in told.replace("&#46;", ".")
    assert "<details" not in told


def test_a_comment_never_grows_past_its_end() -> None:
    crowd = tuple(MembershipChange(who(f"person-{number}")) for number in range(1000))
    crowded = tuple(replace(ALPHA, key=f"crowd-{number}", enters=crowd) for number in range(20))
    groups = crowded + tuple(replace(ALPHA, key=f"group-{number}") for number in range(480))
    reassigned = tuple(AliasChange(f"alias-{number}", who("a"), who("b")) for number in range(5000))
    warnings = tuple("a warning " * 50 for _ in range(500))
    told = render_config_diff_markdown(
        replace(WHOLE, groups=groups, reassigned=reassigned, warnings=warnings), show_phones=False
    )

    assert md_size(told) < 65_536
    assert "more groups are left out" in told
    assert "4980 more aliases" in told
    assert "and 490 more" in told


def evil() -> ConfigDiff:
    group = replace(
        ALPHA,
        key=EVIL,
        name=EVIL,
        old_key=EVIL,
        fields=(FieldChange("name", EVIL, "n"), FieldChange("previously", EVIL, None, "n")),
        enters=(MembershipChange(who(EVIL), (EVIL,)),),
        terms=(MembershipTermsChange(who(EVIL), EVIL, EVIL),),
        lists=(ListChange("admins", (who(EVIL),)),),
        notes=(EVIL,),
    )
    return replace(
        WHOLE,
        old=ConfigVersion(EVIL, "a" * 40, there=False),
        groups=(group,),
        rules=(FieldChange("region", EVIL, EVIL),),
        reassigned=(AliasChange(EVIL, who(EVIL), who(EVIL)),),
        warnings=(EVIL,),
        forbidden=(EVIL,),
    )


def test_no_strangers_text_is_obeyed_in_any_format() -> None:
    text = render_config_diff(evil(), show_phones=False, color=False)
    markdown = render_config_diff_markdown(evil(), show_phones=False)
    as_json = json_text(mask_document(config_diff_document(evil()), show_phones=False))

    for told in (text, markdown, as_json):
        assert "\x1b" not in told
        assert "\u202e" not in told
        assert "0143" not in told
        assert not any(line.lstrip().startswith("::") for line in told.splitlines())
    # Inside a fence nothing is obeyed.
    outside = "".join(part for at, part in enumerate(markdown.split("```")) if at % 2 == 0)
    assert "<img" not in outside
    assert "](http" not in outside
    assert "@octocat" not in outside


@pytest.mark.parametrize("difference", [WHOLE, NOTHING, evil()])
def test_documents_hold_to_their_schema_in_full_and_masked(difference: ConfigDiff) -> None:
    validator = jsonschema.Draft202012Validator(SCHEMA)
    document = json.loads(json_text(config_diff_document(difference)))

    validator.validate(document)
    validator.validate(json.loads(json_text(mask_document(document, show_phones=False))))
    assert document["differs"] is difference.differs


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
    fates = SCHEMA["$defs"]["group"]["properties"]["fate"]["enum"]
    assert fates == [fate.value for fate in GroupChangeKind]
