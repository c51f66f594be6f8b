"""The server conforms to its published OpenAPI document, whatever requests it gets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case
from schemathesis.checks import CheckFunction
from schemathesis.specs.openapi import checks

from reconciler.sandbox import Server, Settings, World
from reconciler.sandbox.app import openapi_document

GROUP = "120363012345678901@g.us"
"""The group id in the document's examples."""

CHECKS: list[CheckFunction] = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
]

schema = schemathesis.openapi.from_file(openapi_document().decode())


@pytest.fixture(scope="module", params=["guide", "reference"])
def live(request: pytest.FixtureRequest) -> Iterator[Server]:
    paging = {"guide": "page", "reference": "offset"}[request.param]
    with World.open() as world:
        world.ensure_instance("inst_abc123", "+1 202 555 0100")
        world.add_contact("inst_abc123", "+1 202 555 0144", name="Bob Marsh")
        with Server(world, Settings(dialect=request.param, paging=paging, rate_limit=10**6)) as server:
            server.on_call = lambda *_: keep_example_group(world)
            yield server


def keep_example_group(world: World) -> None:
    """Restore the example's group, because the previous call may have left or emptied it."""
    group_ids = [group.id for group in world.groups()]
    for group_id in group_ids:
        world.delete_group(group_id)
    world.create_group(
        "Project Alpha", ["+1 202 555 0143"], owner="+1 202 555 0100", group_id=GROUP, invite_code="AbCdEfGhIjKlMn"
    )


@schema.parametrize()
@settings(
    max_examples=10,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_response_conforms_to_the_openapi_document(case: Case[Any], live: Server) -> None:
    with requests.Session() as session:
        case.call_and_validate(
            base_url=live.url, headers={"X-Api-Key": live.key}, session=session, checks=CHECKS, timeout=10
        )
