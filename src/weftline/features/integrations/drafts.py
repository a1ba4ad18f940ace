"""What somebody wants a connection to be, and whether it can be so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import orjson

from weftline.authoring.errors import ActionError
from weftline.authoring.integrations import Auth, OAuth2, completed
from weftline.authoring.integrations.opened import filled
from weftline.features.errors import FieldError
from weftline.features.integrations.directory import KnownIntegration
from weftline.features.integrations.errors import InvalidConnection
from weftline.features.json_schema import JsonSchema

MAX_BYTES = 64 * 1024
"""Of a configuration, and of credentials."""


@dataclass(frozen=True, slots=True)
class ConnectionDraft:
    """What somebody wants a connection to be.

    Attributes:
        integration: to which.
        name: under which definitions name it.
        is_personal: it is the caller's own, not the tenant's.
        auth_type: how it signs in; the integration's usual way where None.
        config: fits the integration's ``config``.
        credentials: fits the way of signing in.
        scopes: what is asked for, by OAuth 2.0; what the integration asks for where empty.
        is_default: it is taken where a step of the integration names none.
        limits: see ``limits``.
    """

    integration: str
    name: str
    is_personal: bool = False
    auth_type: str | None = None
    config: Mapping[str, Any] = field(default_factory=dict[str, Any])
    credentials: Mapping[str, Any] = field(default_factory=dict[str, Any])
    scopes: Sequence[str] = ()
    is_default: bool = False
    limits: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class ConnectionChange:
    """What somebody wants changed.

    Attributes:
        fields: the names of those that are to change.
        name, auth_type, config, scopes, is_default, limits: what they become.
        credentials: put over those that there are, one by one; None removes one.
    """

    fields: frozenset[str]
    name: str = ""
    auth_type: str | None = None
    config: Mapping[str, Any] = field(default_factory=dict[str, Any])
    credentials: Mapping[str, Any] = field(default_factory=dict[str, Any])
    scopes: Sequence[str] = ()
    is_default: bool = False
    limits: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Checked:
    """What fits an integration.

    Attributes:
        auth: how it signs in.
        config: with its defaults.
        credentials: as they were entered.
    """

    auth: Auth
    config: dict[str, Any]
    credentials: dict[str, Any]


def check(
    known: KnownIntegration, auth_type: str | None, config: Mapping[str, Any], credentials: Mapping[str, Any]
) -> Checked:
    """See that a connection can be like this.

    Raises:
        InvalidConnection: it cannot; says everything that is wrong.
    """
    auth = known.auth[0] if auth_type is None else known.auth_of(auth_type)
    errors: list[FieldError] = []
    full = completed(known.config, config)
    errors += _errors(known.config, full, "/config")
    given: dict[str, Any] = {}
    if auth is None:
        types = ", ".join(each.type for each in known.auth)
        message = f"'{known.name}' cannot sign in so."
        errors.append(FieldError("/authType", message, "unknown_auth_type", f"It can by {types}."))
    else:
        given = completed(auth.credentials, credentials)
        schema = auth.credentials or {"type": "object", "additionalProperties": False}
        errors += _errors(schema, given, "/credentials")
    if errors or auth is None:
        raise InvalidConnection(errors)
    return Checked(auth, full, given)


def targets(known: KnownIntegration, auth: Auth, config: Mapping[str, Any], credentials: Mapping[str, Any]) -> object:
    """Where credentials go: who changes that needs to know them, as others could be led to send them elsewhere."""
    # the configuration of those without a base URL names hosts in ways of its own
    base = auth.base_url or known.base_url
    values = {**credentials, **config}
    found: list[object] = [_origin(base, values) if base is not None else dict(config)]
    if isinstance(auth, OAuth2):
        found += [_origin(url, values) for url in (auth.token_url, auth.authorization_url) if url is not None]
    return found


def _origin(url: str, values: Mapping[str, Any]) -> object:
    try:
        parts = urlsplit(filled(url, values))
        return parts.scheme, parts.netloc
    except (ActionError, ValueError):
        return url


def _errors(schema: Mapping[str, Any], value: dict[str, Any], at: str) -> list[FieldError]:
    if len(orjson.dumps(value)) > MAX_BYTES:
        return [FieldError(at, f"This has at most {MAX_BYTES:,} bytes.", "too_large")]
    return JsonSchema(dict(schema)).errors(value, at)
