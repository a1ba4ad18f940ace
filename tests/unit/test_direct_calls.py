"""Routes that are called directly answer as FastAPI lets them answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import httpx
import pytest
from fastapi import APIRouter, Body, Depends, FastAPI, Header, Path, Query, Request, Response
from pydantic import Field

from weftline.api.problems import add_problem_handlers
from weftline.features.http.calling import DirectCall
from weftline.features.http.routing import api_router
from weftline.features.http.wire import Demand, JsonResponse, Wire

ID = "0190f5a2-7c1e-7a3b-8f55-2f6c8c3f9a10"


class Wanted(Demand):
    kind: list[str] = Field(default_factory=list[str])
    since: datetime | None = None
    max_size: Annotated[int, Field(ge=1, le=9)] = 5


class Order(Demand):
    item_name: str
    count: Annotated[int, Field(gt=0)] = 1


class Shown(Wire):
    what: str
    value: Any = None
    left_out: int | None = None


async def _checked(thing_id: Annotated[UUID, Path()], request: Request) -> UUID:
    request.state.seen = True
    return thing_id


def things() -> APIRouter:
    router = api_router("/things", tag="Things")

    @router.get("")
    async def list_things(query: Annotated[Wanted, Query()]) -> Shown:
        return Shown(what="list", value=query.model_dump(mode="json"))

    @router.get("/{thing_id}", response_model_exclude_unset=True)
    async def get_thing(
        thing_id: Annotated[UUID, Depends(_checked)],
        response: Response,
        if_match: Annotated[str | None, Header(max_length=10)] = None,
        at: Annotated[int, Query(ge=0)] = 0,
        tag: Annotated[list[str] | None, Query()] = None,
    ) -> Shown:
        response.headers["X-Seen"] = "yes"
        return Shown(what=str(thing_id), value=[if_match, at, tag])

    @router.post("", status_code=201)
    async def make_thing(body: Annotated[Order, Body()], response: Response) -> Shown:
        response.headers["Location"] = "/somewhere"
        return Shown(what=body.item_name, value=body.count)

    @router.put("/{thing_id}")
    async def put_thing(thing_id: UUID, request: Request, body: Order | None = None) -> Shown:
        return Shown(what=request.method, value=None if body is None else body.count)

    @router.delete("/{thing_id}", response_class=JsonResponse)
    async def remove_thing(thing_id: UUID) -> JsonResponse:
        return JsonResponse({"gone": str(thing_id)}, status_code=202)

    return router


def application() -> FastAPI:
    app = FastAPI(strict_content_type=False)
    add_problem_handlers(app)
    app.router.routes.extend(things().routes)
    return app


JSON = {"content-type": "application/json"}
REQUESTS: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "", {}),
    ("GET", "?kind=a&kind=b&maxSize=3&since=2026-01-01T00:00:00Z", {}),
    ("GET", "?max_size=3&max_size=4", {}),
    ("GET", "?kind=", {}),
    ("GET", "?maxSize=10&since=yesterday", {}),
    ("GET", "?unknown=1", {}),
    ("GET", f"/{ID}", {}),
    ("GET", f"/{ID}?at=7&tag=x&tag=y", {"headers": {"If-Match": '"a"'}}),
    ("GET", f"/{ID}?at=-1", {"headers": {"If-Match": "much too long"}}),
    ("GET", f"/{ID}?fields=what", {}),
    ("GET", f"/{ID}?fields=nothing", {}),
    ("GET", "/none", {}),
    ("POST", "", {"json": {"itemName": "pen"}}),
    ("POST", "", {"json": {"item_name": "pen", "count": 3}}),
    ("POST", "", {"json": {"itemName": "pen", "count": 0, "more": 1}}),
    ("POST", "", {"json": []}),
    ("POST", "", {}),
    ("POST", "", {"content": b"{", "headers": JSON}),
    ("POST", "", {"content": b"null", "headers": JSON}),
    ("POST", "", {"content": b"itemName=pen", "headers": {"content-type": "text/plain"}}),
    ("PUT", f"/{ID}", {"json": {"itemName": "pen", "count": 2}}),
    ("PUT", f"/{ID}", {}),
    ("PUT", "/none", {"json": {"itemName": ""}}),
    ("DELETE", f"/{ID}", {}),
    ("DELETE", "/none", {}),
]


async def answers(make: Callable[[], FastAPI]) -> list[tuple[int, dict[str, str], bytes]]:
    transport = httpx.ASGITransport(make())
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        found = [await http.request(method, f"/api/v1/things{path}", **rest) for method, path, rest in REQUESTS]
    return [(each.status_code, dict(each.headers), each.content) for each in found]


async def test_every_answer_is_the_one_that_fastapi_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    direct = await answers(application)
    monkeypatch.setattr(DirectCall, "of", lambda route: None)
    thorough = await answers(application)
    for request, one, other in zip(REQUESTS, direct, thorough, strict=True):
        assert one == other, request
    assert {status for status, _, _ in direct} == {200, 201, 202, 400, 404, 415, 422}


def test_each_of_these_is_called_directly() -> None:
    for route in things().routes:
        assert DirectCall.of(route) is not None, route
