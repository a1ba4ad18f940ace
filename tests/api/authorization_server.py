"""An authorization server on this machine, and beside it the API that its tokens open (RFC 6749, 7009 and 7636)."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from secrets import token_urlsafe
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

CLIENT_ID, CLIENT_SECRET = "weftline", "a secret: with + signs"


class AuthorizationServer:
    """Knows one client, and allows whatever it asks for.

    Attributes:
        url: where it is.
        redirects: where people may be sent back to.
        expires_in: seconds that access tokens last.
        access, refresh: the tokens that work.
        gives_refresh_tokens: with what a person allowed.
        revoked: the tokens that were given back.
        grants: the grants that tokens were asked for by, one after the other.
        scopes: what was asked for last.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.redirects: set[str] = set()
        self.expires_in: int | None = 3600
        self.access: set[str] = set()
        self.refresh: set[str] = set()
        self.gives_refresh_tokens = True
        self.revoked: list[str] = []
        self.grants: list[str] = []
        self.scopes: str | None = None
        self._codes: dict[str, tuple[str, str]] = {}

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], str]:
        """Status, headers and body."""
        parts = urlsplit(target)
        match method, parts.path:
            case "GET", "/authorize":
                return self._authorize({name: values[0] for name, values in parse_qs(parts.query).items()})
            case "POST", "/token" | "/revoke" as path:
                form = {name: values[0] for name, values in parse_qs(body.decode(), strict_parsing=True).items()}
                if not self._is_client(headers):
                    return 401, {"WWW-Authenticate": "Basic"}, json.dumps({"error": "invalid_client"})
                return self._token(form) if path == "/token" else self._revoke(form)
            case "GET", "/api/me":
                token = headers.get("authorization", "").removeprefix("Bearer ")
                return (200, {}, '{"login": "ada"}') if token in self.access else (401, {}, '{"message": "who?"}')
            case _:
                return 404, {}, "{}"

    def _authorize(self, query: dict[str, str]) -> tuple[int, dict[str, str], str]:
        redirect = query["redirect_uri"]
        if query["client_id"] != CLIENT_ID or redirect not in self.redirects:
            return 400, {}, "unknown client"
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        code = token_urlsafe(16)
        self._codes[code] = (query["code_challenge"], redirect)
        self.scopes = query.get("scope")
        return 302, {"Location": f"{redirect}?{urlencode({'code': code, 'state': query['state']})}"}, ""

    def _token(self, form: dict[str, str]) -> tuple[int, dict[str, str], str]:
        self.grants.append(form["grant_type"])
        match form["grant_type"]:
            case "authorization_code":
                challenge, redirect = self._codes.pop(form["code"], ("", ""))
                given = base64.urlsafe_b64encode(sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
                if given != challenge or form["redirect_uri"] != redirect:
                    return self._refused("invalid_grant")
                return self._given(is_refreshed=True)
            case "refresh_token":
                if form["refresh_token"] not in self.refresh:
                    return self._refused("invalid_grant")
                self.refresh.discard(form["refresh_token"])
                return self._given(is_refreshed=True)
            case "client_credentials":
                self.scopes = form.get("scope")
                return self._given(is_refreshed=False)
            case _:
                return self._refused("unsupported_grant_type")

    def _given(self, *, is_refreshed: bool) -> tuple[int, dict[str, str], str]:
        access, refresh = token_urlsafe(24), token_urlsafe(24)
        self.access.add(access)
        answer: dict[str, object] = {"access_token": access, "token_type": "Bearer"}
        if self.expires_in is not None:
            answer["expires_in"] = self.expires_in
        if is_refreshed and self.gives_refresh_tokens:
            self.refresh.add(refresh)
            answer["refresh_token"] = refresh
        return 200, {"Cache-Control": "no-store"}, json.dumps(answer)

    def _revoke(self, form: dict[str, str]) -> tuple[int, dict[str, str], str]:
        self.revoked.append(form["token"])
        if form["token"] in self.refresh:
            self.access.clear()
        self.refresh.discard(form["token"])
        self.access.discard(form["token"])
        return 200, {}, ""

    def _refused(self, error: str) -> tuple[int, dict[str, str], str]:
        return 400, {}, json.dumps({"error": error})

    def _is_client(self, headers: dict[str, str]) -> bool:
        pair = base64.b64decode(headers.get("authorization", "").removeprefix("Basic ")).decode()
        return [unquote_plus(each) for each in pair.split(":")] == [CLIENT_ID, CLIENT_SECRET]


@asynccontextmanager
async def authorization_server() -> AsyncIterator[AuthorizationServer]:
    """A server, until the context ends."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            method, target, _ = head[0].split(" ")
            status, named, text = made.answer(method, target, headers, body)
            lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
            about = f"content-type: application/json\r\ncontent-length: {len(text)}\r\nconnection: close\r\n\r\n"
            writer.write(f"HTTP/1.1 {status} Answer\r\n{lines}{about}{text}".encode())
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the other side has heard enough
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    made = AuthorizationServer(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    try:
        yield made
    finally:
        server.close()
