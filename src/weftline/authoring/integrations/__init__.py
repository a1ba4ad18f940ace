"""What authors of integrations import; see ``weftline.authoring.integrations.integration``."""

from weftline.authoring.integrations.auth import (
    BASIC,
    BEARER,
    MUTUAL_TLS,
    NO_AUTH,
    OAUTH2_CREDENTIALS,
    ApiKey,
    Auth,
    KeyPart,
    OAuth2,
    secrets,
    with_secret,
)
from weftline.authoring.integrations.connection import Connection
from weftline.authoring.integrations.defaults import completed
from weftline.authoring.integrations.integration import (
    Integration,
    IntegrationAction,
    IntegrationRegistry,
    IntegrationTrigger,
    Item,
    Poll,
    integrations,
)
from weftline.authoring.integrations.opened import OpenedConnection
from weftline.authoring.integrations.paths import path
from weftline.authoring.integrations.verification import HmacSignature, SharedToken
from weftline.authoring.integrations.webhook_calls import BodyField, Header, Place, QueryParameter, WebhookCall
from weftline.authoring.integrations.webhooks import Handshake, Reply, Setting, Setup, Verification, Webhook

__all__ = [
    "BASIC",
    "BEARER",
    "MUTUAL_TLS",
    "NO_AUTH",
    "OAUTH2_CREDENTIALS",
    "ApiKey",
    "Auth",
    "BodyField",
    "Connection",
    "Handshake",
    "Header",
    "HmacSignature",
    "Integration",
    "IntegrationAction",
    "IntegrationRegistry",
    "IntegrationTrigger",
    "Item",
    "KeyPart",
    "OAuth2",
    "OpenedConnection",
    "Place",
    "Poll",
    "QueryParameter",
    "Reply",
    "Setting",
    "Setup",
    "SharedToken",
    "Verification",
    "Webhook",
    "WebhookCall",
    "completed",
    "integrations",
    "path",
    "secrets",
    "with_secret",
]
