"""Results and problems as documents, and any document masked: the published schemas hold."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Any

import jsonschema
import pytest

from reconciler.apply.result import PersonStatus, StepStatus
from reconciler.diff.change import AdviceKind, MatchedBy
from reconciler.json_schemas import schema_text
from reconciler.plan.model import Action
from reconciler.report.documents import mask_document, result_document
from reconciler.report.problems import problems_document
from reconciler.sanitize.escape import json_text
from tests.report import report_samples as samples
from tests.report.report_samples import plan_file as document_of

SCHEMAS: dict[str, dict[str, Any]] = {
    name: json.loads(schema_text(f"{name}.schema.json")) for name in ("plan", "result", "problems", "who")
}
_, RESULT_SCHEMA, PROBLEMS_SCHEMA, _ = (jsonschema.Draft202012Validator(text) for text in SCHEMAS.values())


def saved(document: dict[str, Any]) -> Any:
    return json.loads(json_text(document))


@pytest.mark.parametrize("name", SCHEMAS)
def test_published_schema_is_valid_and_closed_and_explains_every_member(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])
    objects = list(_objects(SCHEMAS[name]))
    assert objects
    for part in objects:
        assert part["additionalProperties"] is False
        assert part["title"]
        optional = {"calls"} if part is SCHEMAS["plan"] else set()  # of a dry run
        assert set(part["required"]) == set(part["properties"]) - optional
        assert all("description" in item or "$ref" in item for item in part["properties"].values())


def _objects(value: Any) -> Any:
    if isinstance(value, dict):
        if value.get("type") == "object" and "properties" in value:
            yield value
        for item in value.values():
            yield from _objects(item)


@pytest.mark.parametrize(
    ("schema", "place", "kind"),
    [
        ("plan", "step/action", Action),
        ("plan", "group/matched_by", MatchedBy),
        ("plan", "advice/kind", AdviceKind),
        ("result", "step/action", Action),
        ("result", "step/status", StepStatus),
    ],
)
def test_published_words_are_those_of_the_program(schema: str, place: str, kind: type[StrEnum]) -> None:
    definition, member = place.split("/")
    assert SCHEMAS[schema]["$defs"][definition]["properties"][member]["enum"] == [item.value for item in kind]


def test_published_states_of_people_are_those_of_the_program() -> None:
    people = SCHEMAS["result"]["properties"]["people"]["items"]["properties"]
    assert people["status"]["enum"] == [item.value for item in PersonStatus]


@pytest.mark.parametrize("result", [samples.GOOD, samples.BAD, samples.INTERRUPTED])
def test_result_documents_hold_to_their_schema_in_full_and_masked(result: Any) -> None:
    document = saved(result_document(result))
    RESULT_SCHEMA.validate(document)
    RESULT_SCHEMA.validate(mask_document(document, show_phones=False))
    assert document["converged"] is result.converged


def test_problem_documents_hold_to_their_schema_and_mask_numbers() -> None:
    document = problems_document(samples.PROBLEMS)
    PROBLEMS_SCHEMA.validate(document)
    assert document["valid"] is False
    assert [problem["line"] for problem in document["problems"]] == [4, 31, 0]
    assert "+1 202 555 01 " not in json_text(document)
    assert problems_document([samples.PROBLEMS[1]])["valid"] is True


def test_a_result_tells_the_id_of_a_group_the_run_made() -> None:
    assert result_document(samples.GOOD)["steps"][0]["group_id"] == "120363012345678999@g.us"
    assert result_document(samples.BAD)["steps"][0]["group_id"] is None


def test_only_requests_that_could_write_count_as_calls() -> None:
    document = result_document(samples.GOOD)
    assert (document["summary"]["calls"], len(document["calls"])) == (2, 3)


def test_people_with_an_outcome_of_their_own_do_not_count_as_added() -> None:
    assert result_document(samples.GOOD)["summary"]["added"] == 4
    assert result_document(samples.BAD)["summary"]["added"] == 0
    assert result_document(samples.BAD)["summary"]["people_refused"] == 2


# --- masked --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "document", [document_of(samples.EVERYTHING), result_document(samples.BAD), result_document(samples.GOOD)]
)
def test_a_masked_document_has_the_same_shape_and_no_number_in_full(document: dict[str, Any]) -> None:
    text = json_text(mask_document(document, show_phones=False))
    for digits in ("2025550143", "2025550144", "2025550146", "2025550111", "202 555 0100", "96348800"):
        assert digits not in text
    assert samples.ALPHA_ID in text
    assert _shape(mask_document(document, show_phones=False)) == _shape(document)


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shape(item) for key, item in value.items()}
    return [_shape(item) for item in value] if isinstance(value, list) else type(value)


def test_ids_dates_and_digests_stay_in_a_masked_document() -> None:
    document = mask_document(document_of(samples.SMALL), show_phones=False)
    assert document["sources"] == document_of(samples.SMALL)["sources"]
    assert (document["as_of"], document["made_at"]) == ("2026-11-21", "2026-11-21T12:00:00Z")
    assert document["masked"] is True


def test_with_show_phones_the_document_is_unchanged() -> None:
    assert mask_document(document_of(samples.SMALL), show_phones=True) == document_of(samples.SMALL)
