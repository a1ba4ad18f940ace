"""The integration, and how one signs in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from weftline.authoring.integrations import OAUTH2_CREDENTIALS, Auth, Integration, OAuth2, secrets, with_secret
from weftline.connectors.schema import address, given, record

_SIGNING_SECRET = given(
    "With which Slack signs what it tells; among the app's basic information.", title="Signing secret"
)


def _signing(credentials: Mapping[str, Any]) -> dict[str, Any]:
    return with_secret(credentials, "signingSecret", _SIGNING_SECRET)


BOT_TOKEN = Auth(
    type="BEARER",
    title="Bot token",
    credentials=_signing(secrets(token="Bot token (xoxb-…)")),  # noqa: S106
)
APP = OAuth2(
    title="Slack app",
    authorization_url="https://slack.com/oauth/v2/authorize",
    token_url="https://slack.com/api/oauth.v2.access",  # noqa: S106 - an address
    scopes=("chat:write", "users:read", "users:read.email"),
    token_types=("bot", "bearer"),
    is_client_in_body=True,
    credentials=_signing(OAUTH2_CREDENTIALS),
)
WEBHOOK = Auth(
    type="CUSTOM",
    title="Incoming webhook",
    credentials=_signing(secrets(webhookUrl="Webhook URL")),
    base_url="{webhookUrl}",
)

slack = Integration(
    "slack",
    title="Slack",
    description="Messages to channels and people in Slack, and what happens there.",
    category="messaging",
    icon="hash",
    auth=(BOT_TOKEN, WEBHOOK, APP),
    config=record(
        {"baseUrl": address("Of the API; GovSlack has another.", title="API", default="https://slack.com/api")}
    ),
    base_url="{baseUrl}",
    docs_url="https://docs.slack.dev/reference/methods",
)
