"""Finding the route of a request."""

from __future__ import annotations

from starlette.routing import Match, Route, Router

from tests.api.client import Client, problem
from weftline.api.app import Application
from weftline.api.route_index import RouteIndex

SAMPLES = {"uuid": "0190f5a2-7c1e-7a3b-8f55-2f6c8c3f9a10", "": "batch"}


async def test_the_index_hands_every_request_to_the_route_that_the_router_would(application: Application) -> None:
    router = Router(routes=application.routes)
    index = RouteIndex(router)
    tried = 0
    for route in application.routes:
        if not isinstance(route, Route) or ":path}" in route.path:
            continue
        for value in SAMPLES.values():
            path = route.path_format
            for name in route.param_convertors:
                path = path.replace(f"{{{name}}}", value)
            for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
                scope = {"type": "http", "method": method, "path": path}
                fits = (each for each in router.routes if each.matches(scope)[0] is Match.FULL)
                found = (each for each in index.candidates(path) if each.matches(scope)[0] is Match.FULL)
                assert next(found, None) is next(fits, None), (method, path)
                tried += 1
    assert tried > 1_000


async def test_what_has_no_route_and_what_has_none_for_a_method_are_told_apart(api: Client) -> None:
    problem(await api.get("/executions/one/two/three/four"), 404, "not_found")
    answer = await api.put("/executions", {})
    problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "GET"
