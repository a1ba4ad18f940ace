"""What a tenant can be configured to, and what it falls back to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from weftline.language.json_values import merged

Days = Annotated[int, Field(ge=1, le=36_500)]
Registration = Literal["closed", "invite", "open"]


class _Section(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, extra="forbid", frozen=True)


class Limits(_Section):
    """How much of everything; null is no limit."""

    max_users: Annotated[int | None, Field(ge=1, description="Members at a time.")] = None
    max_workflows: Annotated[int | None, Field(ge=1, description="Workflows at a time.")] = None
    max_running_executions: Annotated[
        int | None, Field(ge=1, description="Executions that have not ended. Not enforced yet.")
    ] = None
    max_requests_per_minute: Annotated[
        int | None, Field(ge=1, description="Requests of all callers together; null: as the platform is set up.")
    ] = None


class Branding(_Section):
    """How the tenant's pages and mails look."""

    product_name: Annotated[str | None, Field(max_length=80)] = None
    logo_url: Annotated[str | None, Field(max_length=2000, pattern=r"^https://")] = None
    primary_color: Annotated[str | None, Field(pattern=r"^#[0-9a-fA-F]{6}$")] = None


class Security(_Section):
    """How members sign in, and for how long."""

    require_mfa: Annotated[bool, Field(description="Every member needs a second factor.")] = False
    min_password_score: Annotated[int, Field(ge=2, le=4, description="Least strength by estimate, 2 to 4.")] = 3
    session_idle_minutes: Annotated[int, Field(ge=5, le=525_600, description="A session unused for so long ends.")] = (
        7 * 24 * 60
    )
    session_max_minutes: Annotated[int, Field(ge=5, le=525_600, description="A session ends after so long.")] = (
        30 * 24 * 60
    )
    api_key_max_days: Annotated[int | None, Field(ge=1, le=3650, description="API keys expire by then.")] = None
    open_registration: Annotated[
        bool, Field(description="Whoever registers may join as a viewer, where the platform's registration is open.")
    ] = False
    encryption_enabled: Annotated[bool, Field(description="Kept for clients to read; nothing acts on it yet.")] = False


class DataRetention(_Section):
    """How long things are to be kept; null is for ever. Kept for clients to read; nothing is removed yet."""

    executions_days: Days | None = None
    audit_days: Days | None = None


class TenantConfiguration(_Section):
    """Everything that can be configured for a tenant."""

    features: Annotated[tuple[str, ...], Field(max_length=100, description="Names of features that are on.")] = ()
    limits: Limits = Limits()
    branding: Branding = Branding()
    security: Security = Security()
    data_retention: DataRetention = DataRetention()


class PlatformConfiguration(TenantConfiguration):
    """What the platform sets: what tenants fall back to, and what concerns no tenant."""

    registration: Annotated[
        Registration,
        Field(
            description="Who may make an account by themselves: nobody (`closed`), whoever was invited, should they"
            " have lost the invitation (`invite`), or everybody (`open`)."
        ),
    ] = "closed"


_PLATFORM_ONLY = frozenset(PlatformConfiguration.model_fields) - frozenset(TenantConfiguration.model_fields)


def written(configuration: TenantConfiguration) -> dict[str, Any]:
    """A configuration as it is stored: camelCase, only what is set."""
    return configuration.model_dump(mode="json", by_alias=True, exclude_unset=True)


def effective(platform: Mapping[str, Any], tenant: Mapping[str, Any]) -> TenantConfiguration:
    """A tenant's configuration: what it sets itself, else what the platform sets, else the built-in defaults.

    Args:
        platform: the platform's, camelCase; only what is set.
        tenant: the tenant's, likewise.
    """
    fallback = {name: value for name, value in platform.items() if name not in _PLATFORM_ONLY}
    return TenantConfiguration.model_validate(merged(fallback, tenant))
