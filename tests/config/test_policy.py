"""`policy.allowed_countries` and `policy.max_members`, where they let people in."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from reconciler.config import load
from reconciler.config.phone_numbers import country_of
from reconciler.errors import ConfigError
from reconciler.model.desired import Budget
from reconciler.model.identity import Identity


def is_allowed(tmp_path: Path, countries: str, reference: str) -> bool:
    path = tmp_path / "groups.yaml"
    path.write_text(
        f"version: 1\npolicy: {{allowed_countries: [{countries}]}}\ngroups: {{g: {{name: G, members: [{reference}]}}}}"
    )
    try:
        load(path, as_of=date(2026, 1, 1))
    except ConfigError as error:
        (problem,) = error.problems
        text = str(problem)
    else:
        return True
    assert "policy.allowed_countries" in text
    assert "0143" not in text
    return False


@pytest.mark.parametrize(
    ("countries", "reference", "allowed"),
    [
        ("US", "+1 202 555 0143", True),
        ("us, DE", "12025550143@s.whatsapp.net", True),
        ("CA", "+1 202 555 0143", False),
        ("US", "+1 416 555 0143", False),
        ("US", "+1 787 555 0143", False),
        ("CA", "+1 800 555 0143", True),
        ("DE", "+1 800 555 0143", False),
        ("GB", "+44 20 7946 0958", True),
        ("GB", "+44 7911 123456", False),
        ("GG", "+44 7911 123456", True),
        ("RU", "+7 701 123 4567", False),
        ("KZ", "+7 701 123 4567", True),
        ("MF", "+590 690 00 12 34", True),
        ("BR", "553196348800@s.whatsapp.net", True),
        ("BR", "5531996348800:3@s.whatsapp.net", True),
        ("MX", "5215512345678@c.us", True),
        ("AR", "541123456789@c.us", True),
        ("US, CA", "10005550143@c.us", False),
        ("US", "+870 773 111 632", False),
        ("US", "99999999999@c.us", False),
    ],
)
def test_the_numbering_plan_decides_the_country_of_a_number(
    tmp_path: Path, countries: str, reference: str, allowed: bool
) -> None:
    assert is_allowed(tmp_path, countries, reference) is allowed


def test_a_number_without_a_numbering_plan_has_no_country() -> None:
    assert country_of(Identity("+99999999999")) is None
    assert country_of(Identity("+870773111632")) is None


def test_only_members_must_have_a_number_of_an_allowed_country(tmp_path: Path) -> None:
    path = tmp_path / "groups.yaml"
    path.write_text(
        "version: 1\n"
        "instance: {phone: +44 20 7946 0950}\n"
        "people: {john: +44 20 7946 0958}\n"
        "policy: {allowed_countries: [US], protected: [john], ignored: [+44 20 7946 0959]}\n"
        "groups: {g: {name: G, members: [+1 202 555 0143], absent: [john], admins: [+44 20 7946 0957]}}"
    )
    assert load(path, as_of=date(2026, 1, 1)).policy.allowed_countries == frozenset({"US"})


@pytest.mark.parametrize(
    ("phone", "count", "message", "hint"),
    [
        ("+1 202 555 0100", 1023, "", ""),
        ("+1 202 555 0100", 1024, "1,024 members; WhatsApp allows 1,023 beside the account", "split it"),
        ("12025560000", 1024, "", ""),
        ("12025560000", 1025, "1,024 members; WhatsApp allows 1,023 beside the account", "split it"),
        ("", 1024, "1,024 members; WhatsApp allows 1,023", "or set `instance.phone` if the account is one of them"),
    ],
)
def test_a_group_holds_one_member_less_than_participants_because_the_account_is_in(
    tmp_path: Path, phone: str, count: int, message: str, hint: str
) -> None:
    path = tmp_path / "groups.yaml"
    instance = f"instance: {{phone: {phone}}}\n" if phone else ""
    people = ", ".join(f"{12025560000 + n}@s.whatsapp.net" for n in range(count))
    path.write_text(f"version: 1\n{instance}groups: {{g: {{name: G, members: [{people}]}}}}\n")
    try:
        problems = load(path, as_of=date(2026, 1, 1)).warnings
    except ConfigError as error:
        problems = error.problems
    assert len(problems) == bool(message)
    assert all(message in problem.message and hint in problem.hint for problem in problems)


def test_max_members_counts_members_of_the_day_without_the_instance(tmp_path: Path) -> None:
    path = tmp_path / "groups.yaml"
    path.write_text(
        "version: 1\ninstance: {phone: +1 202 555 0100}\npolicy: {max_members: 2}\n"
        "groups: {g: {name: G, members: [+1 202 555 0100, +1 202 555 0143, +1 202 555 0144, "
        "{phone: +1 202 555 0145, until: 2026-01-31}]}}"
    )
    assert load(path, as_of=date(2026, 2, 1)).policy.max_members == 2
    with pytest.raises(ConfigError, match=r"`g` has 3 members, but `policy\.max_members` \(.*:3\) allows 2"):
        load(path, as_of=date(2026, 1, 31))


def test_a_budget_is_read_with_the_numbers_that_it_has(tmp_path: Path) -> None:
    path = tmp_path / "groups.yaml"
    path.write_text(
        "version: 1\ninstance: {since: 2026-11-01}\n"
        "policy: {budget: {adds_per_day: 40, groups_per_day: '5', removals_per_day: 3.0, minutes_between_groups: 0}}\n"
        "groups: {a: {name: A, priority: -2}, b: {name: B}}\n"
    )
    desired = load(path, as_of=date(2026, 1, 1))
    assert desired.policy.budget == Budget(
        adds_per_day=40, groups_per_day=5, removals_per_day=3, minutes_between_groups=0
    )
    assert desired.account_since == date(2026, 11, 1)
    assert [group.priority for group in desired.groups] == [-2, 0]
    assert desired.warnings == ()
