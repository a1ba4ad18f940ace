"""The HTTP requests that one plugin answers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from weftline.authoring.plugin import MANAGE_PLUGINS, USE_PLUGINS, Method, RouteHandler

if TYPE_CHECKING:
    from pydantic import BaseModel

_SEGMENT = re.compile(r"[A-Za-z0-9._~-]+|\{[a-z][A-Za-z0-9_]*\}")

METHODS: tuple[Method, ...] = get_args(Method)


@dataclass(frozen=True, slots=True)
class AddedRoute:
    """A route.

    Attributes:
        method, path: what it answers; the path begins with a slash.
        handler: answers.
        permission: what it takes in the whole tenant.
        body: model of the body; None: there is none.
        segments: the path's.
    """

    method: Method
    path: str
    handler: RouteHandler
    permission: str
    body: type[BaseModel] | None
    segments: tuple[str, ...]

    @property
    def pattern(self) -> tuple[str | None, ...]:
        """Its segments; None for those that take anything."""
        return tuple(None if segment[0] == "{" else segment for segment in self.segments)

    def fits(self, segments: Sequence[str]) -> bool:
        """Whether it is for a path of these segments."""
        return len(segments) == len(self.segments) and all(
            own in (None, given) for own, given in zip(self.pattern, segments, strict=True)
        )

    def parameters(self, segments: Sequence[str]) -> dict[str, str]:
        """What stands at the names in braces."""
        return {own[1:-1]: given for own, given in zip(self.segments, segments, strict=True) if own[0] == "{"}


class RouteTable:
    """Every route of a plugin."""

    def __init__(self) -> None:
        self._routes: list[AddedRoute] = []

    def add(
        self, method: Method, path: str, handler: RouteHandler, permission: str | None, body: type[BaseModel] | None
    ) -> None:
        """Add a route.

        Raises:
            ValueError: it cannot be one, or there is another for the same requests.
        """
        if method not in METHODS:
            raise ValueError(f"'{method}' is none of {', '.join(METHODS)}")
        if method in ("GET", "DELETE") and body is not None:
            raise ValueError(f"{method} {path}: such a request has no body")
        segments = checked_path(path)
        needed = permission or (USE_PLUGINS if method == "GET" else MANAGE_PLUGINS)
        made = AddedRoute(method, path, handler, needed, body, segments)
        for other in self._routes:
            if other.method == method and other.pattern == made.pattern:
                raise ValueError(f"{method} {path} is answered by {method} {other.path} already")
        self._routes.append(made)
        # where several fit, what is spelt out comes before what takes anything
        self._routes.sort(key=lambda each: [part is None for part in each.pattern])

    def find(self, method: str, path: str) -> tuple[AddedRoute, dict[str, str]] | None:
        """The route for a request, and what its path holds; None where there is none."""
        segments = path.strip("/").split("/")
        for route in self._routes:
            if route.method == method and route.fits(segments):
                return route, route.parameters(segments)
        return None

    def methods_at(self, path: str) -> list[str]:
        """The methods that are answered at a path."""
        segments = path.strip("/").split("/")
        return [method for method in METHODS if any(r.method == method and r.fits(segments) for r in self._routes)]

    def declared(self, method: str, path: str) -> AddedRoute | None:
        """The route that answers what a panel names, ``{names}`` in it standing for some value."""
        wanted = tuple(None if segment[:1] == "{" else segment for segment in path.strip("/").split("/"))
        for route in self._routes:
            if route.method != method or len(wanted) != len(route.pattern):
                continue
            if all(own is None or own == given for own, given in zip(route.pattern, wanted, strict=True)):
                return route
        return None


def checked_path(path: str) -> tuple[str, ...]:
    """The segments of a route's path.

    Raises:
        ValueError: it cannot be one.
    """
    segments = tuple(path.removeprefix("/").split("/"))
    bad = next((each for each in segments if _SEGMENT.fullmatch(each) is None), None)
    if not path.startswith("/") or bad is not None or ".." in segments or "." in segments:
        raise ValueError(f"'{path}' cannot be a route: it looks like /roles/{{role}}, of letters, digits and -._~")
    names = [each for each in segments if each[0] == "{"]
    if len(set(names)) < len(names):
        raise ValueError(f"'{path}' has one name in braces twice")
    return segments
