"""What a person is called in a report."""

from __future__ import annotations

import pytest

from reconciler.model.person_ref import PersonRef
from reconciler.report.style import person_name
from tests.report.report_samples import ALICE, BRAZILIAN, LID_ONLY, NOBODY, STRANGER


@pytest.mark.parametrize(
    ("who", "masked", "full"),
    [
        (ALICE, "alice", "alice"),
        (STRANGER, "+1 202 ••• ••46", "+12025550146"),
        (BRAZILIAN, "+55 319 ••• ••00", "+5531996348800"),
        (PersonRef(None, "12025550143@s.whatsapp.net"), "+1 202 ••• ••43", "12025550143@s.whatsapp.net"),
        (LID_ONLY, "76699677012110@lid", "76699677012110@lid"),
        (PersonRef(None, None, None, "x12025550143@y"), "x+1 202 ••• ••43@y", "x12025550143@y"),
        (NOBODY, "(unidentified)", "(unidentified)"),
        (PersonRef(None, None, "Bob +1 202 555 0143"), "Bob +1 202 ••• ••43", "Bob +1 202 555 0143"),
        (PersonRef(None, None, "+1202\u200b5550143"), "+1 202 ••• ••43", "+1202\\u200b5550143"),
        (PersonRef(None, None, "Bob\x1b[2J"), "Bob\\x1b[2J", "Bob\\x1b[2J"),
    ],
)
def test_person_is_called_by_label_else_number_else_private_id(who: PersonRef, masked: str, full: str) -> None:
    assert person_name(who, show_phones=False) == masked
    assert person_name(who, show_phones=True) == full
