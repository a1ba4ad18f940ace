"""Asking a server: addressing, signing in, and asking again what was not answered."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from uuid import uuid4

import httpx

from weftline.client.answer import Answer, read_answer, read_refusal
from weftline.client.errors import ApiError, ConnectionFailed, WeftlineError
from weftline.client.plan import Close, Plan, Read, Send, Sleep
from weftline.client.request import KEY_HEADER, Request
from weftline.client.sign_in import SignIn
from weftline.model.retry import RetryPolicy

RETRIES = RetryPolicy(max_attempts=4, initial_interval=0.25, max_interval=8.0, jitter=0.5)
"""How often a request is sent where the server does not answer, or says "not now"."""

LONGEST_RETRY_AFTER = 60.0
"""Seconds that a server may ask to wait, so that it is still waited for."""

SILENCE = 30.0
"""Seconds of silence after which a server is given up."""

CONNECT = 10.0
"""Seconds within which a server must take a connection."""

NOT_NOW = frozenset({429, 502, 503, 504})
"""Statuses of answers that may be others in a moment."""

IN_PROGRESS = "idempotency_in_progress"
"""Code of the answer to a repeated request of which the first is still under way."""

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_REFUSED_BEFORE_ACTING = frozenset({429, 503})


@dataclass(frozen=True, slots=True)
class Retrying:
    """A request is about to be sent again.

    Attributes:
        attempt: how often it was sent.
        reason: why that was not enough.
        pause: seconds until the next time.
    """

    attempt: int
    reason: str
    pause: float


@dataclass(frozen=True, slots=True)
class Session:
    """What every request of a client has in common.

    Attributes:
        url: the API's, without a slash at the end.
        headers: sent with every request.
        sign_in: says who asks; None where the headers or the connection do.
        retries: how often a request is sent, and with which pauses.
        silence: seconds after which a server is given up.
        on_retry: told whenever a request is about to be sent again.
        can_stream: answers can be read while the server still writes them.
    """

    url: str
    headers: dict[str, str] = field(default_factory=dict[str, str])
    sign_in: SignIn | None = None
    retries: RetryPolicy = RETRIES
    silence: float = SILENCE
    on_retry: Callable[[Retrying], None] | None = None
    can_stream: bool = True

    def exchange(self, request: Request, *, is_signed_in: bool = True) -> Plan[Answer]:
        """Send a request until it is answered.

        Args:
            request: what to send.
            is_signed_in: say who asks.

        Raises:
            ApiError: the answer is no.
            ConnectionFailed: there was none.
            InvalidAnswer: there was one, and not of a Weftline server.
        """
        return read_answer((yield from self._send(request, is_signed_in=is_signed_in)))

    def open(self, request: Request) -> Plan[httpx.Response]:
        """Send a request until it is answered, and leave the answer's body to be pulled; raises as :meth:`exchange`."""
        return self._send(request, is_stream=True)

    def _send(self, request: Request, *, is_signed_in: bool = True, is_stream: bool = False) -> Plan[httpx.Response]:
        attempt = 1
        request = self._keyed(request)
        sign_in = self.sign_in if is_signed_in else None
        token = None if sign_in is None else (yield from sign_in.token(self))
        is_renewed = False
        while True:
            try:
                response: httpx.Response = yield self._effect(request, token, is_stream)
            except httpx.RequestError as error:
                failure = self._unanswered(error)
                may_repeat = _may_repeat(request, error)
            else:
                if response.is_success:
                    return response
                refusal = yield from _refusal(response, is_stream)
                if sign_in is not None and token is not None and not is_renewed and _is_unknown(refusal):
                    token, is_renewed = (yield from sign_in.renewed(self, token)), True
                    if token is not None:
                        continue
                failure = refusal
                may_repeat = _may_come_to_pass(request, refusal)
            pause = self._pause(attempt, failure) if may_repeat else None
            if pause is None:
                raise failure
            if self.on_retry is not None:
                self.on_retry(Retrying(attempt, str(failure), pause))
            yield Sleep(pause)
            attempt += 1

    def _keyed(self, request: Request) -> Request:
        """The request with an ``Idempotency-Key``, where it may be sent more than once and has nothing else."""
        if not request.is_keyed or self.retries.max_attempts == 1:
            return request
        headers = {**request.headers, KEY_HEADER: str(uuid4())}
        return replace(request, headers=headers, is_keyed=False, is_repeatable=True)

    def _effect(self, request: Request, token: str | None, is_stream: bool) -> Send:
        headers = dict(self.headers) if token is None else {**self.headers, "Authorization": f"Bearer {token}"}
        silence = self.silence + request.patience if request.silence is None else request.silence
        timeout = httpx.Timeout(silence, connect=CONNECT)
        return Send(request, f"{self.url}/{request.target}", headers, timeout, is_stream)

    def _pause(self, attempt: int, failure: WeftlineError) -> float | None:
        """Seconds until a request is sent again; None where it is not."""
        if attempt >= self.retries.max_attempts:
            return None
        wanted = failure.retry_after if isinstance(failure, ApiError) else None
        if wanted is not None and wanted > LONGEST_RETRY_AFTER:
            return None
        # chance keeps many clients from coming back at the same instant; nothing secret depends on it
        return max(self.retries.delay(attempt, random.random()), wanted or 0.0)  # noqa: S311

    def _unanswered(self, error: httpx.RequestError) -> ConnectionFailed:
        failure = ConnectionFailed(httpx.URL(self.url).host, str(error) or type(error).__name__)
        failure.__cause__ = error
        return failure


def _refusal(response: httpx.Response, is_stream: bool) -> Plan[ApiError]:
    if is_stream:
        try:
            yield Read(response)
        finally:
            yield Close(response)
    return read_refusal(response)


def _is_unknown(refusal: ApiError) -> bool:
    return refusal.status == HTTPStatus.UNAUTHORIZED


def _may_repeat(request: Request, error: httpx.RequestError) -> bool:
    """Whether a request without an answer may be sent again: it did not arrive, or does no harm twice."""
    is_transient = isinstance(error, (httpx.TimeoutException, httpx.NetworkError, httpx.RemoteProtocolError))
    return is_transient and (request.is_repeatable or isinstance(error, _NEVER_SENT))


def _may_come_to_pass(request: Request, refusal: ApiError) -> bool:
    """Whether a refused request may be granted in a moment, and does no harm twice."""
    if refusal.code == IN_PROGRESS:
        return True
    return refusal.status in NOT_NOW and (request.is_repeatable or refusal.status in _REFUSED_BEFORE_ACTING)
