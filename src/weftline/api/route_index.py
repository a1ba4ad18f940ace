"""Finds the route of a request by its path's segments.

FastAPI's router tries its routes one after another. With hundreds of them that takes longer than answering does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from starlette.routing import Match, Route, Router
from starlette.types import Receive, Scope, Send


@dataclass(slots=True)
class _Branch:
    """What begins with the same segments.

    Attributes:
        named: where the next segment is this one.
        other: where the next segment is a parameter's.
        routes: those that end here, each with its place among all.
    """

    named: dict[str, _Branch] = field(default_factory=dict[str, "_Branch"])
    other: _Branch | None = None
    routes: list[tuple[int, Route]] = field(default_factory=list[tuple[int, Route]])

    def grow(self, segment: str) -> _Branch:
        if "{" not in segment:
            return self.named.setdefault(segment, _Branch())
        if self.other is None:
            self.other = _Branch()
        return self.other

    def follow(self, segment: str) -> Iterator[_Branch]:
        if (named := self.named.get(segment)) is not None:
            yield named
        if self.other is not None:
            yield self.other


class RouteIndex:
    """Hands a request to the first route that fits it, as the router does. Leaves everything else to the router.

    That is what no route fits, what is no HTTP request, and routes with a parameter that may hold several segments.

    Args:
        router: the application's, with all its routes.
    """

    def __init__(self, router: Router) -> None:
        self._router = router
        self._root = _Branch()
        for place, route in enumerate(router.routes):
            if isinstance(route, Route) and ":path}" not in route.path:
                branch = self._root
                for segment in route.path.split("/"):
                    branch = branch.grow(segment)
                branch.routes.append((place, route))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        route = self.find(scope)
        if route is None:
            await self._router.app(scope, receive, send)
            return
        scope["router"] = self._router
        await route.handle(scope, receive, send)

    def find(self, scope: Scope) -> Route | None:
        """The route that a request is for, noted in its scope; None where the router must look."""
        if scope["type"] == "http" and not scope.get("root_path"):
            for route in self.candidates(scope["path"]):
                match, found = route.matches(scope)
                if match is Match.FULL:
                    scope.update(found)
                    return route
        return None

    def candidates(self, path: str) -> list[Route]:
        """The routes that a path may fit, whatever the method, in the router's order."""
        branches = [self._root]
        for segment in path.split("/"):
            branches = [longer for branch in branches for longer in branch.follow(segment)]
        return [route for _, route in sorted((each for branch in branches for each in branch.routes), key=_place)]


def _place(numbered: tuple[int, Route]) -> int:
    return numbered[0]
