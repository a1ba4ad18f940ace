"""Ways of signing in that systems share."""

from __future__ import annotations

from typing import Any

from weftline.authoring.integrations import BASIC, BEARER, MUTUAL_TLS, NO_AUTH, ApiKey, Auth, OAuth2
from weftline.connectors.schema import address, choice, record

NAMED_KEY = ApiKey(
    title="API key",
    credentials=record(
        {
            "name": {
                "type": "string",
                "title": "Name",
                "description": "Of the header, the parameter or the cookie.",
                "default": "X-API-Key",
                "minLength": 1,
                "x-public": True,
            },
            "place": choice("Where the key goes.", "header", "query", "cookie", default="header", **{"x-public": True}),
            "apiKey": {
                "type": "string",
                "title": "API key",
                "description": "With what stands before it, like `Bearer `.",
                "minLength": 1,
            },
        },
        ["apiKey"],
    ),
)
"""A key under a name that whoever connects chooses."""

OAUTH2_ANYWHERE = OAuth2(
    grants=("client_credentials", "authorization_code"),
    authorization_url="{authorizationUrl}",
    token_url="{tokenUrl}",  # noqa: S106 - an address
)

OAUTH2_CONFIG: dict[str, Any] = {
    "tokenUrl": address("For OAuth 2.0: where tokens come from.", title="Token URL"),
    "authorizationUrl": address(
        "For OAuth 2.0 with an authorization code: where people allow access.", title="Authorization URL"
    ),
}
"""What a connection configures for :data:`OAUTH2_ANYWHERE`."""

ANY_AUTH: tuple[Auth, ...] = (BEARER, NAMED_KEY, BASIC, OAUTH2_ANYWHERE, MUTUAL_TLS, NO_AUTH)
"""Whatever systems that speak HTTP ask for."""

SERVER_AUTH: tuple[Auth, ...] = (NO_AUTH, BASIC, BEARER, NAMED_KEY, MUTUAL_TLS)
"""What servers ask for that stand in one's own network, often behind a proxy."""
