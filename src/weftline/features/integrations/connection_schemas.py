"""Connections on the wire. What people enter as credentials goes one way only."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import Field

from weftline.authoring.integrations.auth import AuthType
from weftline.features.http.listing import ListQuery
from weftline.features.http.wire import Demand, Wire
from weftline.features.integrations.drafts import ConnectionChange, ConnectionDraft
from weftline.features.integrations.limits import full_limits
from weftline.features.integrations.models import BreakerState, Connection, ConnectionState, ConnectionStatus
from weftline.features.integrations.repository import ORDER
from weftline.language.fields import CONNECTION_PATTERN, RetryField

MAX_SCOPES = 100

Name = Annotated[
    str, Field(pattern=CONNECTION_PATTERN, description="Definitions name it; unique among the tenant's, or one's own.")
]
Config = Annotated[dict[str, Any], Field(description="What the integration's `configSchema` asks for; never a secret.")]
Credentials = Annotated[
    dict[str, Any], Field(description="What the way of signing in asks for; nobody is shown it again.")
]
AuthTypeField = Annotated[
    AuthType | None, Field(description="How it signs in; the integration's usual way where absent.")
]
Scope = Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[\x21\x23-\x5B\x5D-\x7E]+$")]
Scopes = Annotated[
    list[Scope], Field(max_length=MAX_SCOPES, description="What OAuth 2.0 asks for; the integration's where empty.")
]
IsDefault = Annotated[
    bool, Field(description="Steps of the integration that name no connection take this one. Only a tenant's can be.")
]
IsTested = Annotated[bool, Field(description="Try it now. It is stored whether it works or not, and says so.")]


class ConnectionLimits(Demand):
    """What a connection may be used for at most, and how workers treat it when it fails."""

    timeout_seconds: Annotated[float, Field(gt=0, le=600, description="That one exchange may take.")] = 30
    rate_per_minute: Annotated[
        int | None, Field(ge=1, le=1_000_000, description="Steps a minute, of all workers; null: any number.")
    ] = None
    max_concurrent: Annotated[
        int | None, Field(ge=1, le=10_000, description="Steps at a time in each worker; null: any number.")
    ] = None
    breaker_failures: Annotated[
        int, Field(ge=1, le=1_000, description="Failures in a row of the other system after which steps wait.")
    ] = 5
    breaker_seconds: Annotated[
        float, Field(gt=0, le=86_400, description="After which one step tries whether it is back.")
    ] = 30
    retry: Annotated[
        RetryField | None, Field(description="How steps are tried again that say nothing of it themselves.")
    ] = None


class ConnectionLimitsOut(Wire):
    """What counts of a connection's limits."""

    timeout_seconds: float
    rate_per_minute: int | None
    max_concurrent: int | None
    breaker_failures: int
    breaker_seconds: float
    retry: Annotated[dict[str, Any] | None, Field(description="As definitions say it.")]


class BreakerOut(Wire):
    """A connection's circuit breaker, as workers have left it."""

    state: Annotated[BreakerState, Field(description="OPEN: the other system failed; steps wait until `retryAt`.")]
    failures: int
    opened_at: datetime | None
    retry_at: datetime | None
    last_error: str | None

    @classmethod
    def of(cls, state: ConnectionState | None) -> BreakerOut:
        """A circuit breaker as it is shown; one of which nobody has left anything is closed."""
        if state is None:
            return cls(state="CLOSED", failures=0, opened_at=None, retry_at=None, last_error=None)
        return cls(
            state=state.breaker,
            failures=state.failures,
            opened_at=state.opened_at,
            retry_at=state.retry_at,
            last_error=state.last_error,
        )


class LastUseOut(Wire):
    """The last use of a connection; told by each worker once a minute at most."""

    at: Annotated[datetime, Field(description="When.")]
    workflow_id: Annotated[str, Field(description="For which workflow; it may be gone.")]
    execution_id: Annotated[
        UUID | None, Field(description="By which of its executions; null: by a trigger, which started none.")
    ]

    @classmethod
    def of(cls, state: ConnectionState | None) -> LastUseOut | None:
        """The last use, or None where there was none."""
        if state is None or state.last_used_at is None or state.last_used_workflow_id is None:
            return None
        return cls(
            at=state.last_used_at,
            workflow_id=state.last_used_workflow_id,
            execution_id=state.last_used_execution_id,
        )


class ConnectionOut(Wire):
    """A way into another system."""

    id: UUID
    tenant_id: UUID
    user_id: Annotated[UUID | None, Field(description="Whose own it is; null: the tenant's.")]
    integration_id: Annotated[str, Field(description="The name of the integration that it leads to.")]
    name: Name
    auth_type: AuthType
    config: Config
    scopes: list[str]
    is_default: bool
    is_active: Annotated[bool, Field(description="False: no step may use it.")]
    has_credentials: Annotated[bool, Field(description="Whether something was entered; nobody is shown what.")]
    has_tokens: Annotated[bool, Field(description="Whether an authorization server has given tokens.")]
    token_expires_at: Annotated[
        datetime | None, Field(description="When the access token expires; workers get a new one before that.")
    ]
    status: Annotated[
        ConnectionStatus,
        Field(
            description="UNAUTHORIZED: it was refused, and steps wait until it is renewed. FAILING: its test failed."
        ),
    ]
    status_detail: Annotated[str | None, Field(description="As whom it got in, or why it did not.")]
    tested_at: datetime | None
    last_use: Annotated[LastUseOut | None, Field(description="Null: nothing has used it yet.")]
    breaker: BreakerOut
    limits: ConnectionLimitsOut
    created_by: str
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, connection: Connection, state: ConnectionState | None) -> ConnectionOut:
        """A connection as it is shown."""
        return cls(
            id=connection.id,
            tenant_id=connection.tenant_id,
            user_id=connection.owner_user_id,
            integration_id=connection.integration,
            name=connection.name,
            auth_type=connection.auth_type,
            config=connection.config,
            scopes=connection.scopes,
            is_default=connection.is_default,
            is_active=connection.is_active,
            has_credentials=connection.sealed is not None and connection.auth_type != "NONE",
            has_tokens=connection.tokens is not None,
            token_expires_at=connection.token_expires_at,
            status=connection.status,
            status_detail=connection.status_detail,
            tested_at=connection.tested_at,
            last_use=LastUseOut.of(state),
            breaker=BreakerOut.of(state),
            limits=ConnectionLimitsOut.model_validate(full_limits(connection.limits)),
            created_by=connection.created_by,
            created_at=connection.created_at,
            updated_at=connection.updated_at,
        )


class ConnectionQuery(ListQuery):
    """Which connections."""

    order: ClassVar = ORDER

    integration_id: Annotated[str | None, Field(max_length=64, description="Only those to this integration.")] = None
    status: list[ConnectionStatus] = Field(
        default_factory=list[ConnectionStatus], description="Only those that stand so."
    )
    is_personal: Annotated[
        bool | None, Field(description="Only the caller's own, or only the tenant's; both where absent.")
    ] = None
    query: Annotated[str | None, Field(max_length=200, description="Only those whose name holds this.")] = None


class NewConnectionBody(Demand):
    """What a new connection is to be."""

    integration_id: Annotated[str, Field(min_length=1, max_length=64, description="The integration's name.")]
    name: Name
    is_personal: Annotated[bool, Field(description="It is the caller's own, for executions that they start.")] = False
    auth_type: AuthTypeField = None
    config: Config = Field(default_factory=dict[str, Any])
    credentials: Credentials = Field(default_factory=dict[str, Any])
    scopes: Scopes = Field(default_factory=list[str])
    is_default: IsDefault = False
    limits: ConnectionLimits = Field(default_factory=ConnectionLimits)
    test: IsTested = True

    def draft(self) -> ConnectionDraft:
        """As the service takes it."""
        return ConnectionDraft(
            self.integration_id,
            self.name,
            self.is_personal,
            self.auth_type,
            self.config,
            self.credentials,
            self.scopes,
            self.is_default,
            limits_json(self.limits),
        )


class ConnectionPatch(Demand):
    """What is to change; the rest stays as it is."""

    name: Name = ""
    auth_type: AuthTypeField = None
    config: Annotated[dict[str, Any], Field(description="The whole configuration.")] = Field(
        default_factory=dict[str, Any]
    )
    credentials: Annotated[
        dict[str, Any],
        Field(
            description="Those that are to change; null removes one. All of them where the connection leads elsewhere."
        ),
    ] = Field(default_factory=dict[str, Any])
    scopes: Scopes = Field(default_factory=list[str])
    is_default: IsDefault = False
    limits: Annotated[ConnectionLimits, Field(description="All of them.")] = Field(default_factory=ConnectionLimits)
    test: IsTested = True

    def change(self) -> ConnectionChange:
        """As the service takes it."""
        return ConnectionChange(
            frozenset(self.model_fields_set - {"test"}),
            self.name,
            self.auth_type,
            self.config,
            self.credentials,
            self.scopes,
            self.is_default,
            limits_json(self.limits),
        )


class RemovalQuery(Demand):
    """How a connection is removed."""

    force: Annotated[bool, Field(description="Even where published workflows name it.")] = False


class AuthorizationOut(Wire):
    """Where to allow access."""

    authorization_url: Annotated[str, Field(description="To open in a browser, within ten minutes.")]
    expires_at: datetime


def limits_json(limits: ConnectionLimits) -> dict[str, Any]:
    """What somebody says of limits, as it is stored."""
    return limits.model_dump(mode="json", by_alias=True, exclude_unset=True)
