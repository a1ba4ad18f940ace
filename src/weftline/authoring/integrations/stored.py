"""Ways of signing in as JSON, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, cast

from weftline.authoring.integrations.auth import ApiKey, Auth, KeyPart, OAuth2

_KINDS: dict[str, type[Auth]] = {"API_KEY": ApiKey, "OAUTH2": OAuth2}


def auth_json(auth: Auth) -> dict[str, Any]:
    """A way of signing in as JSON, with what differs from its kind's defaults."""
    out: dict[str, Any] = {"type": auth.type}
    for field in fields(auth):
        value = getattr(auth, field.name)
        if field.name == "type" or value is None or value == field.default:
            continue
        if field.name == "further":
            value = [{"credential": part.credential, "place": part.place, "name": part.name} for part in value]
        out[field.name] = list(cast("tuple[Any, ...]", value)) if isinstance(value, tuple) else value
    return out


def read_auth(stored: Mapping[str, Any]) -> Auth:
    """What :func:`auth_json` made JSON of."""
    kind = _KINDS.get(stored["type"], Auth)
    known = {field.name for field in fields(kind)}
    given = {name: value for name, value in stored.items() if name in known}
    if "further" in given:
        given["further"] = tuple(KeyPart(**part) for part in given["further"])
    return kind(**given)
