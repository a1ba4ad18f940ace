"""What must not come in at the routes of accounts: a clear refusal."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.client import V1, Client, problem

JSON = {"content-type": "application/json"}

PUBLIC: dict[str, dict[str, Any]] = {
    "/auth/login": {"email": "a@example.com", "password": "p"},
    "/auth/refresh": {"refreshToken": "t"},
    "/auth/register": {"email": "a@example.com", "name": "A", "password": "p"},
    "/auth/verify-email": {"token": "t"},
    "/auth/verify-email/resend": {"email": "a@example.com"},
    "/auth/invitations/accept": {"token": "t"},
    "/auth/password/forgot": {"email": "a@example.com"},
    "/auth/password/reset": {"token": "t", "newPassword": "p"},
    "/auth/mfa/verify": {"mfaToken": "t", "code": "c"},
}
PRIVATE: dict[str, dict[str, Any]] = {
    "/auth/password/change": {"currentPassword": "p", "newPassword": "p"},
    "/auth/email/change": {"newEmail": "a@example.com", "password": "p"},
    "/auth/mfa/totp": {"password": "p"},
    "/auth/mfa/totp/confirm": {"code": "c"},
    "/auth/mfa/recovery-codes": {"password": "p"},
    "/auth/mfa/disable": {"password": "p"},
    "/platform/signing-keys/rotate": {"compromised": False},
}
ROUTES = {**PUBLIC, **PRIVATE}

UNREADABLE: dict[str, bytes] = {
    "not JSON": b"email=a&password=b",
    "cut off": b'{"email": "a',
    "not UTF-8": b'{"email": "\xff"}',
    "a NUL character": b'{"email": "a\\u0000"}',
    "half a surrogate pair": b'{"email": "\\ud800"}',
    "an integer beyond 64 bits": b'{"email": 99999999999999999999}',
    "100,000 levels": b"[" * 100_000 + b"]" * 100_000,
}
WRONG: list[object] = [[], "text", 5, None, True, {}]


async def test_every_route_that_takes_a_body_is_tried(api: Client) -> None:
    document = (await api.get("/openapi.json")).json()
    taking = {
        path.removeprefix(V1)
        for path, item in document["paths"].items()
        if path.startswith(f"{V1}/auth") and "requestBody" in item.get("post", {})
    }
    assert taking <= ROUTES.keys()


@pytest.mark.parametrize("path", ROUTES)
async def test_a_body_that_cannot_be_read_is_refused(api: Client, subtests: pytest.Subtests, path: str) -> None:
    for what, body in UNREADABLE.items():
        with subtests.test(what):
            problem(await api.post(path, content=body, headers=JSON), 400, "malformed_json")
    with subtests.test("a form"):
        form = {"content-type": "application/x-www-form-urlencoded"}
        problem(await api.post(path, content=b"email=a", headers=form), 415, "unsupported_media_type")
    with subtests.test("6 MB"):
        large = b'{"email": "' + b"x" * 6_000_000 + b'"}'
        problem(await api.post(path, content=large, headers=JSON), 413, "body_too_large")


@pytest.mark.parametrize("path", ROUTES)
async def test_a_body_of_the_wrong_shape_is_refused(api: Client, subtests: pytest.Subtests, path: str) -> None:
    fields = ROUTES[path]
    bodies: list[object] = [body for body in WRONG if body != {} or path != "/platform/signing-keys/rotate"]
    bodies.append({**fields, "isAdmin": True})
    for name in fields:
        bodies += [{**fields, name: value} for value in ([], {}, 5, None, "x" * 10_000)]
    for body in bodies:
        with subtests.test(repr(body)[:60]):
            answer = await api.http.post(f"{V1}{path}", json=body)
            document = problem(answer, 422, "invalid_request")
            assert document["errors"] and len(answer.content) < 5_000


@pytest.mark.parametrize("path", ROUTES)
async def test_a_refusal_does_not_repeat_what_was_sent(api: Client, path: str) -> None:
    fields = {name: ["a secret of mine"] for name in ROUTES[path]}
    answer = await api.post(path, fields)
    assert answer.status_code == 422 and "a secret of mine" not in answer.text


@pytest.mark.parametrize("path", PRIVATE)
async def test_whoever_has_not_signed_in_changes_nothing(anonymous: Client, path: str) -> None:
    problem(await anonymous.post(path, PRIVATE[path]), 401, "unauthenticated")


@pytest.mark.parametrize("path", ["/auth/sessions/nonsense", "/auth/sessions/%00"])
async def test_a_session_that_cannot_exist_is_not_found(api: Client, path: str) -> None:
    problem(await api.http.delete(f"{V1}{path}"), 404, "not_found")
