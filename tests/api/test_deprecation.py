"""Operations that are on their way out say so, in every answer and in the OpenAPI document."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Response

from weftline.features.http.deprecation import deprecated
from weftline.features.http.routing import api_router

SINCE, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)


def app(**mark: Any) -> FastAPI:
    router = api_router("/things", tag="Things")

    @router.get("/{name}", **mark)
    async def get_thing(name: str) -> dict[str, str]:
        return {"name": name}

    @router.delete("/{name}", **mark)
    async def remove_thing(name: str) -> Response:
        return Response(status_code=204)

    made = FastAPI()
    made.router.routes.extend(router.routes)
    return made


async def call(made: FastAPI, method: str) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(made), base_url="http://localhost") as http:
        return await http.request(method, "/api/v1/things/one")


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_a_deprecated_operation_works_and_says_until_when_and_what_takes_its_place(method: str) -> None:
    answer = await call(app(**deprecated(SINCE, sunset=END, instead="/api/v1/others")), method)
    assert answer.is_success
    assert answer.headers["deprecation"] == f"@{int(SINCE.timestamp())}"
    assert parsedate_to_datetime(answer.headers["sunset"]) == END
    assert answer.headers["sunset"].endswith("GMT")
    assert 'rel="deprecation"' in answer.headers["link"]
    assert '</api/v1/others>; rel="successor-version"' in answer.headers["link"]


async def test_whatever_is_not_deprecated_says_nothing_of_it() -> None:
    answer = await call(app(), "GET")
    assert answer.is_success
    assert not {"deprecation", "sunset", "link"} & answer.headers.keys()


def test_the_document_marks_what_is_deprecated() -> None:
    operation = app(**deprecated(SINCE, sunset=END)).openapi()["paths"]["/api/v1/things/{name}"]["get"]
    assert operation["deprecated"] is True
    assert datetime.fromisoformat(operation["x-sunset"]) == END
    assert "x-successor" not in operation


def test_nothing_is_gone_before_it_is_deprecated() -> None:
    with pytest.raises(ValueError, match="deprecated"):
        deprecated(END, sunset=SINCE)
