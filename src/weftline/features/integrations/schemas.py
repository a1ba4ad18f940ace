"""Integrations on the wire, under the names of the field: definitions, actions and triggers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import Field

from weftline.authoring.integrations import Auth, IntegrationTrigger, OAuth2
from weftline.authoring.integrations.auth import AuthType
from weftline.authoring.integrations.integration import TriggerType
from weftline.features.http.listing import ListQuery, Ordering, SortKey
from weftline.features.http.wire import Wire
from weftline.features.integrations.directory import KnownAction, KnownIntegration
from weftline.features.integrations.models import ConnectionStatus

MAX_QUERY = 200

Schema = dict[str, Any]

_NAME = SortKey("name", "name")
INTEGRATION_ORDER = Ordering(_NAME, SortKey("displayName", "title"), tie=_NAME, default="name")

_ID = SortKey("id", "id")
ACTION_ORDER = Ordering(SortKey("relevance", "closeness", int), _ID, tie=_ID, default="relevance")
ACTIONS_ORDER = Ordering(_ID, SortKey("displayName", "title"), tie=_ID, default="id")


@dataclass(frozen=True, slots=True)
class FoundAction:
    """An action, and how close it is to what was asked for, 0 the closest."""

    closeness: int
    action: KnownAction

    @property
    def id(self) -> str:
        """As definitions call it."""
        return self.action.id


class AuthOut(Wire):
    """A way of signing in."""

    type: AuthType
    title: Annotated[str | None, Field(description="What people call it, where the type says too little.")]
    credentials_schema: Annotated[
        Schema,
        Field(description="JSON Schema of what people enter. All of it is secret but what says `x-public: true`."),
    ]
    grants: Annotated[list[str], Field(description="Of OAuth 2.0: in which ways a token can be had.")]
    scopes: Annotated[list[str], Field(description="Of OAuth 2.0: what is asked for unless a connection says else.")]

    @classmethod
    def of(cls, auth: Auth) -> AuthOut:
        """A way of signing in as it is shown."""
        is_oauth = isinstance(auth, OAuth2)
        return cls(
            type=auth.type,
            title=auth.title,
            credentials_schema=dict(auth.credentials),
            grants=list(auth.grants) if is_oauth else [],
            scopes=list(auth.scopes) if is_oauth else [],
        )


class IntegrationActionOut(Wire):
    """Something that steps can do in another system."""

    id: Annotated[str, Field(description="What definitions call it: `<integration>.<name>`.")]
    integration_id: Annotated[str, Field(description="The integration's name.")]
    name: str
    display_name: str
    description: str
    tags: Annotated[list[str], Field(description="Groups that it belongs to.")]
    method: Annotated[str | None, Field(description="Of the request that it sends, where it sends just one.")]
    endpoint: Annotated[str | None, Field(description="The path of that request.")]
    input_schema: Annotated[
        Schema | None, Field(description="JSON Schema of its input; null in lists, where it may be large.")
    ]
    output_schema: Annotated[Schema | None, Field(description="JSON Schema of its output; likewise.")]
    compensate: Annotated[str | None, Field(description="The action that undoes it, where its author tells.")]
    example: Annotated[dict[str, Any] | None, Field(description="Of an input.")]

    @classmethod
    def of(cls, action: KnownAction, *, is_whole: bool = True) -> IntegrationActionOut:
        """An action as it is shown.

        Args:
            action: the action.
            is_whole: with its schemas.
        """
        return cls(
            id=action.id,
            integration_id=action.integration,
            name=action.name,
            display_name=action.title,
            description=action.description,
            tags=list(action.tags),
            method=action.method,
            endpoint=action.path,
            input_schema=_plain(action.input) if is_whole else None,
            output_schema=_plain(action.output) if is_whole else None,
            compensate=action.compensate,
            example=_plain(action.example) if is_whole else None,
        )


class IntegrationTriggerOut(Wire):
    """Something in another system that can start workflows."""

    id: Annotated[str, Field(description="What definitions call it: `<integration>.<name>`.")]
    name: str
    display_name: str
    description: str
    type: Annotated[TriggerType, Field(description="How it is noticed.")]
    input_schema: Annotated[Schema, Field(description="JSON Schema of what can be set.")]
    output_schema: Annotated[Schema, Field(description="JSON Schema of what an execution gets.")]
    example: Annotated[Any, Field(description="Of what an execution gets.")]

    @classmethod
    def of(cls, integration: str, trigger: IntegrationTrigger) -> IntegrationTriggerOut:
        """A trigger as it is shown."""
        return cls(
            id=f"{integration}.{trigger.name}",
            name=trigger.name,
            display_name=trigger.title,
            description=trigger.description,
            type=trigger.type,
            input_schema=dict(trigger.config),
            output_schema=dict(trigger.output),
            example=trigger.example,
        )


class IntegrationOut(Wire):
    """A system that workflows can reach."""

    id: Annotated[str, Field(description="Its name: what definitions and connections call it.")]
    name: str
    display_name: str
    description: str
    category: str
    icon: Annotated[str, Field(description="Name of a Lucide icon.")]
    logo_url: Annotated[str | None, Field(description="Where a logo is; null: there is just the icon.")]
    docs_url: Annotated[str | None, Field(description="The system's own documentation.")]
    auth_type: Annotated[AuthType, Field(description="How one usually signs in.")]
    auth_types: Annotated[list[AuthType], Field(description="Every way of signing in, the usual one first.")]
    needs_connection: Annotated[bool, Field(description="False: its actions work without a connection, too.")]
    is_built_in: Annotated[bool, Field(description="It comes with the platform; else the tenant has imported it.")]
    action_count: int
    trigger_count: int
    connection_count: Annotated[int, Field(description="How many connections to it the caller may use.")]
    connection_status: Annotated[
        ConnectionStatus | None,
        Field(description="How these stand: as the worst of them; null where there is none."),
    ]

    @classmethod
    def of(cls, known: KnownIntegration, statuses: Sequence[ConnectionStatus]) -> IntegrationOut:
        """An integration as it is shown.

        Args:
            known: the integration.
            statuses: of the connections to it that the caller sees.
        """
        return cls(**shown(known, statuses))


class IntegrationDetail(IntegrationOut):
    """A system that workflows can reach, with all that there is to know of it."""

    auth: Annotated[list[AuthOut], Field(description="How one signs in, the usual way first.")]
    config_schema: Annotated[
        Schema, Field(description="JSON Schema of what a connection configures beside its credentials.")
    ]
    base_url: Annotated[str | None, Field(description="Where requests go; `{name}` is a value of the configuration.")]
    actions: Annotated[
        list[IntegrationActionOut],
        Field(description="What steps can do; empty where the tenant has imported it: see its `actions` route."),
    ]
    triggers: Annotated[
        list[IntegrationTriggerOut],
        Field(description="What can happen there, and start workflows."),
    ]

    @classmethod
    def whole(cls, known: KnownIntegration, statuses: Sequence[ConnectionStatus]) -> IntegrationDetail:
        """Everything of an integration."""
        return cls(
            **shown(known, statuses),
            auth=[AuthOut.of(each) for each in known.auth],
            config_schema=dict(known.config),
            base_url=known.base_url,
            actions=[IntegrationActionOut.of(each) for each in known.actions or ()],
            triggers=[IntegrationTriggerOut.of(known.name, each) for each in known.triggers],
        )


class IntegrationQuery(ListQuery):
    """Which integrations."""

    order: ClassVar = INTEGRATION_ORDER

    query: Annotated[
        str | None, Field(max_length=MAX_QUERY, description="Only those whose name or description holds these words.")
    ] = None
    category: Annotated[str | None, Field(max_length=100, description="Only those of this category.")] = None
    auth_type: list[AuthType] = Field(
        default_factory=list[AuthType], description="Only those that one can sign in to in one of these ways."
    )
    is_connected: Annotated[
        bool | None, Field(description="Only those to which there is a connection, or to which there is none.")
    ] = None


class ActionQuery(ListQuery):
    """Which actions of any integration."""

    order: ClassVar = ACTION_ORDER

    query: Annotated[
        str | None,
        Field(max_length=MAX_QUERY, description="Only those whose name, description or integration holds these words."),
    ] = None
    integration_id: Annotated[str | None, Field(max_length=64, description="Only those of this integration.")] = None


class ActionsQuery(ListQuery):
    """Which actions of an integration."""

    order: ClassVar = ACTIONS_ORDER

    query: Annotated[
        str | None, Field(max_length=MAX_QUERY, description="Only those whose name or description holds these words.")
    ] = None


def shown(known: KnownIntegration, statuses: Sequence[ConnectionStatus]) -> dict[str, Any]:
    """What an integration's lists and its own page both show."""
    return {
        "id": known.name,
        "name": known.name,
        "display_name": known.title,
        "description": known.description,
        "category": known.category,
        "icon": known.icon,
        "logo_url": None,
        "docs_url": known.docs_url,
        "auth_type": known.auth[0].type,
        "auth_types": [each.type for each in known.auth],
        "needs_connection": known.needs_connection,
        "is_built_in": known.is_built_in,
        "action_count": known.action_count,
        "trigger_count": len(known.triggers),
        "connection_count": len(statuses),
        "connection_status": min(statuses, key=_WORST.index) if statuses else None,
    }


_WORST: Sequence[ConnectionStatus] = ("UNAUTHORIZED", "FAILING", "UNTESTED", "READY")


def _plain(value: Any) -> dict[str, Any] | None:
    return None if value is None else dict(value)
