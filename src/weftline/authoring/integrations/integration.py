"""Integrations: systems that workflows reach, with the actions and triggers that they offer.

A module of an integration::

    slack = Integration("slack", title="Slack", description="Messages to channels.", category="messaging",
                        icon="slack", auth=[SLACK_WEBHOOK])

    @slack.action("sendMessage", title="Send a message", input=SEND, output=SENT)
    async def send_message(ctx: Context, connection: Connection) -> dict[str, Any]:
        '''Send a message to a channel.'''

Definitions call the action as ``slack.sendMessage`` and name the connection beside it.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar, cast

from weftline.authoring.action import ActionDefinition, ActionFacts, registry
from weftline.authoring.context import Context
from weftline.authoring.describing import schema_json, summary
from weftline.authoring.errors import ActionError, DuplicateIntegration
from weftline.authoring.integrations.auth import NO_AUTH, Auth
from weftline.authoring.integrations.connection import Connection
from weftline.authoring.integrations.webhook_calls import WebhookCall, unreadable
from weftline.authoring.integrations.webhooks import Reply, Webhook
from weftline.authoring.ownership import Owned, current_owner
from weftline.authoring.schema_check import SchemaCheck

TriggerType = Literal["WEBHOOK", "POLLING", "EVENT"]
ActionBody = Callable[[Context, Connection], Awaitable[Any]]
ConnectionTest = Callable[[Connection], Awaitable[str | None]]
B = TypeVar("B", bound=Callable[..., Any])

NAME = re.compile(r"[a-z][A-Za-z0-9-]{0,62}")
"""What an integration may be called. Its actions stand behind a dot."""

ACTION_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,127}")


@dataclass(frozen=True, slots=True)
class Item:
    """Something that a trigger has found.

    Attributes:
        id: the same whenever the same thing is found: the second time it is dropped.
        payload: what the execution gets, JSON.
    """

    id: str
    payload: Any


@dataclass(frozen=True, slots=True)
class Poll:
    """What one look at another system came to.

    Attributes:
        items: what is new, the oldest first.
        cursor: JSON, given to the next look; kept together with the executions that the items start.
        is_more: there is more already; the next look need not wait.
    """

    items: Sequence[Item]
    cursor: Any
    is_more: bool = False


PollBody = Callable[[Connection, Mapping[str, Any], Any], Awaitable[Poll]]
"""``poll(connection, config, cursor)``; the cursor is None at first."""

ListenBody = Callable[[Connection, Mapping[str, Any], Any], AsyncIterator[Poll]]
"""``listen(connection, config, cursor)``: yields what comes; a thing is settled when the next is asked for."""


TakeBody = Callable[[Connection, Mapping[str, Any], WebhookCall], Awaitable[Poll]]
"""``take(connection, config, call)``: what a verified call says; the cursor means nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrationTrigger:
    """An event of another system that can start workflows.

    Attributes:
        name, title, description: as definitions and people call it, and what happens.
        type: how it is noticed: the system calls, it is asked again and again, or it is listened to.
        config: JSON Schema of what can be set.
        output: JSON Schema of an item's payload.
        body: how it is noticed.
        example: of an item's payload.
        webhook: of type WEBHOOK: what is to be known of its calls; None for the others.
        check: whether a payload fits ``output``.
    """

    name: str
    title: str
    description: str
    type: TriggerType
    config: Mapping[str, Any]
    output: Mapping[str, Any]
    body: PollBody | ListenBody | TakeBody
    example: Any = None
    webhook: Webhook | None = None
    check: SchemaCheck = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Make the check."""
        object.__setattr__(self, "check", SchemaCheck(self.output))

    async def take(
        self, connection: Connection, config: Mapping[str, Any], call: WebhookCall, now: float
    ) -> Sequence[Item] | Reply:
        """What a call says, of a trigger of type WEBHOOK.

        Args:
            connection: whose credentials verify it.
            config: what the definition sets, complete.
            call: what came.
            now: Unix seconds.

        Returns:
            What it tells, or the answer to a handshake.

        Raises:
            ActionError: see ``Webhook.receive``.
        """
        assert self.webhook is not None, "only those of type WEBHOOK are called"
        reply = self.webhook.receive(connection.credentials, call, now)
        if reply is not None:
            return reply
        body = cast("TakeBody", self.body)
        items = (await body(connection, config, call)).items
        if items and self.webhook.delivery is not None and not call.delivery:
            raise unreadable(f"{self.webhook.delivery} is missing")
        return items


class Integration:
    """A system that workflows reach; see the module.

    Args:
        name: what definitions call it; at first a small letter, then letters, digits and hyphens.
        title: what people call it.
        description: a sentence.
        category: like ``messaging``, ``storage``, ``database``, ``developer``, ``observability``, ``files``.
        icon: name of a Lucide icon.
        auth: the ways of signing in, the usual one first; nothing to sign in with where absent.
        config: JSON Schema, or pydantic model, of what a connection configures beside its credentials.
        base_url: below which ``connection.request`` finds paths; ``{name}`` stands for a value of the configuration.
        docs_url: where the system's own documentation is.
        needs_connection: False: actions work without one too.

    Raises:
        ValueError: the name cannot be one.
        DuplicateIntegration: the platform or another plugin has an integration of this name.
    """

    def __init__(
        self,
        name: str,
        *,
        title: str,
        description: str,
        category: str,
        icon: str = "plug",
        auth: Sequence[Auth] = (NO_AUTH,),
        config: object = None,
        base_url: str | None = None,
        docs_url: str | None = None,
        needs_connection: bool = True,
    ) -> None:
        if NAME.fullmatch(name) is None:
            raise ValueError(f"an integration cannot be called {name!r}")
        self.name = name
        self.title = title
        self.description = description
        self.category = category
        self.icon = icon
        self.auth = tuple(auth)
        self.config = schema_json(config) if config is not None else {"type": "object", "additionalProperties": False}
        self.base_url = base_url
        self.docs_url = docs_url
        self.needs_connection = needs_connection
        self.actions: dict[str, IntegrationAction] = {}
        self.triggers: dict[str, IntegrationTrigger] = {}
        self.tester: ConnectionTest | None = None
        integrations.register(self)

    def auth_of(self, type: str) -> Auth:
        """The way of signing in of this type.

        Raises:
            LookupError: there is none.
        """
        for each in self.auth:
            if each.type == type:
                return each
        raise LookupError(f"'{self.name}' has no sign-in of type {type}")

    def credential_title(self, name: str) -> str:
        """What people call a credential; its name where no way of signing in says."""
        for auth in self.auth:
            said: Mapping[str, Any] = auth.credentials.get("properties", {}).get(name, {})
            if "title" in said:
                return said["title"]
        return name

    def action(
        self,
        name: str,
        *,
        title: str,
        input: object,
        output: object,
        example: Mapping[str, Any] | None = None,
        compensate: str | None = None,
    ) -> Callable[[B], B]:
        """Register ``async def action(ctx, connection)`` as one of the integration's actions.

        Input and output are checked against their schemas. Where ``needs_connection`` is False and the step names no
        connection, the action gets one without credentials.

        Args:
            name: behind the integration's and a dot.
            title: what people call it.
            input, output: JSON Schemas, or pydantic models.
            example: of an input.
            compensate: name of the integration's action that undoes it.
        """
        if ACTION_NAME.fullmatch(name) is None:
            raise ValueError(f"an action cannot be called {name!r}")

        def decorate(body: B) -> B:
            taken, given = schema_json(input), schema_json(output)
            undo = None if compensate is None else f"{self.name}.{compensate}"
            facts = ActionFacts(title, taken, given, undo, self.name, example)
            run = _checked(self, f"{self.name}.{name}", body, SchemaCheck(given))
            definition = registry.register(f"{self.name}.{name}", run, facts)
            self.actions[name] = IntegrationAction(name, definition, body)
            return body

        return decorate

    def trigger(
        self,
        name: str,
        *,
        title: str,
        type: TriggerType,
        config: object,
        output: object,
        example: Any = None,
        webhook: Webhook | None = None,
    ) -> Callable[[B], B]:
        """Register how an event is noticed: by a :data:`PollBody` (POLLING), a :data:`ListenBody` (EVENT) or a
        :data:`TakeBody` (WEBHOOK).

        Args:
            name: what definitions call it.
            title: what people call it.
            type: which of the three.
            config: JSON Schema, or pydantic model, of what a definition sets.
            output: JSON Schema, or pydantic model, of an item's payload.
            example: of a payload.
            webhook: of type WEBHOOK: how its calls are verified, told from each other and answered.

        Raises:
            ValueError: a WEBHOOK says nothing of its calls, or something else does.
        """
        if (type == "WEBHOOK") != (webhook is not None):
            raise ValueError(f"the trigger {name!r}: 'webhook' goes with the type WEBHOOK, and with no other")

        def decorate(body: B) -> B:
            self.triggers[name] = IntegrationTrigger(
                name=name,
                title=title,
                description=summary(body),
                type=type,
                config=schema_json(config),
                output=schema_json(output),
                body=body,
                example=example,
                webhook=webhook,
            )
            return body

        return decorate

    def test(self, body: ConnectionTest) -> ConnectionTest:
        """Register how a connection is tried when it is saved: ``async def test(connection)``.

        It returns as whom it got in, or None, and raises ActionError where it does not get in.
        """
        self.tester = body
        return body


@dataclass(frozen=True, slots=True)
class IntegrationAction:
    """An action of an integration.

    Attributes:
        name: behind the integration's and a dot.
        definition: as definitions call it.
        body: what the author wrote.
    """

    name: str
    definition: ActionDefinition
    body: Callable[..., Any]


class IntegrationRegistry(Owned["Integration"]):
    """Integrations by name."""

    def action(self, name: str) -> IntegrationAction | None:
        """The action of an integration, by its whole name; None where it is none's."""
        integration, _, own = name.partition(".")
        found = self.get(integration)
        return None if found is None else found.actions.get(own)

    def register(self, integration: Integration) -> None:
        """Add an integration; one of the same name and owner is replaced, as a module may be imported again.

        Raises:
            DuplicateIntegration: another owner has one of this name.
        """
        name, owner, new = integration.name, self.owner_of(integration.name), current_owner()
        if self.even_withheld(name) is not None and owner != new:
            raise DuplicateIntegration(
                f"integration '{name}' is defined twice: by {_whose(owner)} and by {_whose(new)}"
            )
        self.put(name, integration)


integrations = IntegrationRegistry()
"""Where every :class:`Integration` registers."""


def _whose(owner: str | None) -> str:
    return "the platform" if owner is None else f"the plugin '{owner}'"


def _checked(
    integration: Integration, name: str, body: Callable[..., Any], gives: SchemaCheck
) -> Callable[[Context], Awaitable[Any]]:
    """The action as the engine calls it: with its connection, and its output checked."""

    async def run(ctx: Context) -> Any:
        async with ctx.connected(integration.name, is_needed=integration.needs_connection) as connection:
            output = await body(ctx, connection)
        problem = gives.problem(output)
        if problem is not None:
            message = f"{name}: the answer is not what was announced: output{problem}"
            raise ActionError(message, code="unexpected_answer", retryable=False)
        return output

    run.__module__, run.__qualname__ = body.__module__, body.__qualname__
    run.__doc__ = inspect.getdoc(body)
    return run
