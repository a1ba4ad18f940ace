"""Serves the web app: one page for every address of its own, and the files that the page asks for.

The build (``ui/``) leaves its files beside this module. Those below ``_app/immutable`` have names that change with
their content, so browsers keep them for ever; the page itself is asked for anew each time, and is what a new version
comes with. Where nothing is built, the server has its API alone.

The page may load and run nothing but what this server sent: each answer names a number (a nonce) of its own that its
scripts and styles carry (CSP Level 3, section 7.1).
"""

from __future__ import annotations

import mimetypes
import secrets
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope

from weftline.features.errors import NotFound

BUILT = Path(__file__).parent / "webapp"
"""Where the build leaves the app."""

FILES = "/_app/"
"""What the paths of the app's files begin with."""

_IMMUTABLE = "immutable/"
_FOR_EVER = "public, max-age=31536000, immutable"
_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
"""Those that the build has made, the smaller first."""

_POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; style-src-attr"
    # styles that stand in the markup of libraries: with one SvelteKit hides what it says to screen readers, the others
    # are the `display: contents` of bits-ui and of the small map of a workflow; their hashes change with their texts
    " 'unsafe-hashes' 'sha256-S8qMpvofolR8Mpjy4kQvEm7m1q8clzU4dfDH0AmvZjo='"
    " 'sha256-iaOezIDcQIoxCULa6FBKKuLUu09R7kG+Mlu+JVfU3Rw='"
    " 'sha256-tcbDxjMo+xKqM21aCGYbs/QAJqB7yUXC06oPWDapBgc='; img-src 'self' data: blob:; font-src 'self' data:;"
    " connect-src 'self'; worker-src 'self' blob:; manifest-src 'self'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'"
)
_PLACE = "%nonce%"
"""Where the page wants its nonce."""


class WebApp:
    """The app as it was built.

    Args:
        directory: holds ``index.html`` and ``_app``.
    """

    def __init__(self, directory: Path) -> None:
        # scripts that the build has put into the page have no nonce yet
        self._page = (directory / "index.html").read_text().replace("<script>", f'<script nonce="{_PLACE}">')
        self._directory = directory
        self._files = frozenset(
            path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file()
        )

    @classmethod
    def built(cls) -> WebApp | None:
        """The app, if it was built here."""
        return cls(BUILT) if (BUILT / "index.html").is_file() else None

    def page(self) -> Response:
        """The page."""
        nonce = secrets.token_urlsafe(16)
        headers = {"Content-Security-Policy": _POLICY.format(nonce=nonce), "Cache-Control": "no-cache"}
        return HTMLResponse(self._page.replace(_PLACE, nonce), headers=headers)

    def file(self, name: str, encodings: str) -> Response:
        """A file.

        Args:
            name: its path in the build.
            encodings: what the client takes, as it says in ``Accept-Encoding``.

        Raises:
            NotFound: there is none.
        """
        if name not in self._files:
            raise NotFound("The web app has no such file; it may be of another version. Load the page again.")
        headers = {"Vary": "Accept-Encoding"}
        headers["Cache-Control"] = _FOR_EVER if f"/{_IMMUTABLE}" in name else "no-cache"
        path = name
        for encoding, suffix in _ENCODINGS:
            if encoding in encodings and name + suffix in self._files:
                headers["Content-Encoding"] = encoding
                path += suffix
                break
        media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return FileResponse(self._directory / path, headers=headers, media_type=media_type)

    def routes(self, others: Iterable[BaseRoute]) -> list[BaseRoute]:
        """The routes of the app.

        Args:
            others: the server's other routes; what begins as they do is theirs.
        """
        taken = {path.split("/")[1] for route in others if (path := getattr(route, "path", "")).startswith("/")}

        async def page(request: Request) -> Response:
            return self.page()

        async def file(request: Request) -> Response:
            return self.file(request.url.path[1:], request.headers.get("accept-encoding", ""))

        return [
            Route(FILES + "{name:path}", file, include_in_schema=False),
            _Pages("/{path:path}", page, taken=taken - {""}, include_in_schema=False),
        ]


class _Pages(Route):
    """Every address that a browser opens as a page, and that is nobody else's.

    Programs that mistake an address are told that there is nothing.
    """

    def __init__(self, *args: Any, taken: Collection[str], **options: Any) -> None:
        super().__init__(*args, **options)
        self._taken = taken

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] == "http":
            first = scope["path"].split("/")[1]
            accepted = next((value for name, value in scope["headers"] if name == b"accept"), b"")
            if first not in self._taken and b"text/html" in accepted:
                return super().matches(scope)
        return Match.NONE, {}
