"""Whatever is sent to the API, it answers as its OpenAPI document says, and never with a fault of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import SearchStrategy
from requests import Request
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.client import V1, Client
from tests.conftest import Connect
from tests.security.conftest import House
from tests.security.test_strangers import collections_of, operations_of, treasures
from weftline.api.app import Application
from weftline.api.document import api_document

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]

EXAMPLES = {GenerationMode.POSITIVE: 2, GenerationMode.NEGATIVE: 1}
"""Requests for each operation, that its schema allows and that it does not."""

ENDLESS = {"/api/v1/live", "/api/v1/executions/{execution_id}/live", "/api/v1/tasks/live"}
"""Answers that end when the caller goes."""

LAST = ("put /platform/settings", "patch /tenants/{tenant_id}", "post /auth/logout", "delete /users/{user_id}")
"""What may shut out whoever asks comes when everything else has been asked."""


@schemathesis.serializer("application/x-ndjson")
def as_lines(_: Any, value: Any) -> bytes:
    """A batch is sent as it is drawn: lines, or what are none."""
    return str(value).encode()


def drawn(strategy: SearchStrategy[Case], count: int) -> list[Case]:
    """The first cases of a strategy, the same in every run."""
    cases: list[Case] = []

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def draw(case: Case) -> None:
        cases.append(case)

    with suppress(Unsatisfiable):
        # where nothing is asked for, there is nothing that is not allowed
        draw()
    return cases


def cases_of(operation: APIOperation, names: dict[str, str]) -> Iterator[Case]:
    """Requests for an operation, about things that there are and about others."""
    known = {each.name: names[each.name] for each in operation.path_parameters if each.name in names}
    for mode, count in EXAMPLES.items():
        yield from drawn(operation.as_strategy(generation_mode=mode, path_parameters=known or None), count)


def every_operation() -> list[APIOperation]:
    schema = schemathesis.openapi.from_dict(api_document())
    found = [each.ok() for each in schema.get_all_operations() if each.ok().path not in ENDLESS]
    assert len(found) > 150

    def is_last(operation: APIOperation) -> bool:
        return f"{operation.method.lower()} {operation.path.removeprefix(V1)}" in LAST

    return sorted(found, key=is_last)


async def sent(client: Client, case: Case) -> Any:
    """What a request is answered."""
    request = Request(**case.as_transport_kwargs(base_url="http://localhost")).prepare()
    headers = {name: value for name, value in request.headers.items() if name.lower() != "authorization"}
    return await client.http.request(
        request.method or "", request.url or "", headers=headers, content=request.body or b""
    )


async def test_every_answer_is_as_the_document_says(
    application: Application, houses: tuple[House, House], connect: Connect, subtests: pytest.Subtests
) -> None:
    load_all_checks()
    acme, _ = houses
    document = api_document()
    names = await treasures(acme, connect, list(operations_of(application, document)), collections_of(document))
    for operation in every_operation():
        with subtests.test(f"{operation.method.upper()} {operation.path}"):
            for case in cases_of(operation, names):
                answer = await sent(acme.admin, case)
                if answer.status_code == 401:
                    await acme.admin.sign_in(acme.email)
                    answer = await sent(acme.admin, case)
                case.validate_response(answer, checks=CHECKS)
