"""Webhooks of integrations: how a call is verified, which delivery it is, how a handshake is answered, and what people
set at the other system.

A trigger of type ``WEBHOOK`` declares all of that, and its function reads calls that are verified::

    @github.trigger("event", title="Event", type="WEBHOOK", config=CONFIG, output=EVENT, webhook=Webhook(
        verify=HmacSignature(credential="webhookSecret", header="X-Hub-Signature-256", prefix="sha256="),
        delivery=Header("X-GitHub-Delivery"),
        handshake=Handshake(Header("X-GitHub-Event"), equals="ping"),
    ))
    async def event(connection, config, call):
        '''Something has happened in a repository.'''
        return Poll([Item(call.delivery, call.json())], None)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from weftline.authoring.errors import ActionError
from weftline.authoring.integrations.webhook_calls import Place, WebhookCall, unreadable

MAX_BODY = 1_000_000
MAX_ANSWER = 2_000
"""Characters that a handshake may be answered with: challenges are short."""


class Verification(Protocol):
    """How a call is verified; :mod:`weftline.authoring.integrations.verification` has the usual ways."""

    @property
    def credential(self) -> str:
        """Name of the secret among the connection's credentials."""
        ...

    def verify(self, secret: str, call: WebhookCall, now: float) -> None:
        """See that whoever calls knows the secret.

        Args:
            secret: the connection's; never empty.
            call: what came.
            now: Unix seconds.

        Raises:
            ActionError: code ``bad_signature``, ``stale_call``, or ``invalid_connection`` where the secret is none.
        """
        ...


@dataclass(frozen=True, slots=True)
class Handshake:
    """A call by which the other system tries the address; nothing is started.

    Attributes:
        place: what tells it from other calls.
        equals: what stands there then; None: anything does.
        answer: what the answer repeats as text; None: the call is only acknowledged.
        is_signed: it is verified, as other calls are.
        method: by which it comes.
    """

    place: Place
    equals: str | None = None
    answer: Place | None = None
    is_signed: bool = True
    method: str = "POST"

    def holds(self, call: WebhookCall) -> bool:
        """Whether a call is one."""
        if call.method != self.method:
            return False
        found = self.place.find(call)
        return found is not None if self.equals is None else found == self.equals


@dataclass(frozen=True, slots=True)
class Reply:
    """How a handshake is answered.

    Attributes:
        text: plain text; None: that it was understood is enough.
    """

    text: str | None


@dataclass(frozen=True, slots=True)
class Setting:
    """Something that people set at the other system.

    Attributes:
        label: as the other system calls it.
        kind: ``ADDRESS``: the trigger's address; ``CREDENTIAL``: the same text as in the connection; ``TEXT``: a text.
        value: the text, or the credential's name.
    """

    label: str
    kind: Literal["ADDRESS", "CREDENTIAL", "TEXT"]
    value: str = ""


@dataclass(frozen=True, slots=True)
class Setup:
    """How the other system is told of the address.

    Attributes:
        place: the way there through its pages, as they are called; None: who knows.
        settings: what is set there.
        url: its documentation of that.
    """

    place: str | None
    settings: Sequence[Setting]
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """What a trigger of type WEBHOOK declares of its calls.

    Attributes:
        verify: how they are verified; None: whoever knows the address may call.
        delivery: what tells deliveries from each other: one that comes again starts nothing.
        handshake: how the other system tries the address; None: it does not.
        setup: how it is told of the address.
        max_body: bytes that a call may have.
    """

    verify: Verification | None
    delivery: Place | None = None
    handshake: Handshake | None = None
    setup: Setup | None = None
    max_body: int = MAX_BODY

    @property
    def methods(self) -> tuple[str, ...]:
        """Of HTTP, by which the address may be called."""
        others = () if self.handshake is None else (self.handshake.method,)
        return tuple(dict.fromkeys(("POST", *others)))

    def receive(self, credentials: Mapping[str, Any], call: WebhookCall, now: float) -> Reply | None:
        """Verify a call, and find which delivery it is.

        Args:
            credentials: the connection's.
            call: what came; is told its ``delivery``.
            now: Unix seconds.

        Returns:
            The answer to a handshake; None for any other call.

        Raises:
            ActionError: code ``bad_signature``, ``stale_call`` or ``invalid_call``: the call is refused;
                ``invalid_connection``: the connection lacks what it is verified with.
        """
        shake = self.handshake
        if shake is not None and not shake.is_signed and shake.holds(call):
            return _reply(shake, call)
        if self.verify is not None:
            self.verify.verify(secret_of(credentials, self.verify.credential), call, now)
        if shake is not None and shake.holds(call):
            return _reply(shake, call)
        if call.method != "POST":
            raise unreadable("only a handshake comes by another method than POST")
        if self.delivery is not None:
            call.delivery = self.delivery.find(call) or ""
        return None


def secret_of(credentials: Mapping[str, Any], name: str) -> str:
    """A secret among credentials.

    Raises:
        ActionError: code ``invalid_connection``; it is missing. Anybody could sign with an empty one.
    """
    secret = credentials.get(name)
    if not isinstance(secret, str) or not secret:
        message = f"the connection has no '{name}', with which calls are verified"
        raise ActionError(message, code="invalid_connection", retryable=False)
    return secret


def _reply(handshake: Handshake, call: WebhookCall) -> Reply:
    if handshake.answer is None:
        return Reply(None)
    answer = handshake.answer.find(call)
    if answer is None:
        raise unreadable(f"{handshake.answer} is missing")
    if len(answer) > MAX_ANSWER:
        raise unreadable(f"{handshake.answer} has more than {MAX_ANSWER} characters")
    return Reply(answer)
