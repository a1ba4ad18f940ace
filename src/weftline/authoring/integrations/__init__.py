"""What authors of integrations import; see ``weftline.authoring.integrations.integration``."""

from weftline.authoring.integrations.auth import (
    BASIC,
    BEARER,
    MUTUAL_TLS,
    NO_AUTH,
    ApiKey,
    Auth,
    KeyPart,
    OAuth2,
    secrets,
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
    WebhookCall,
    integrations,
)
from weftline.authoring.integrations.opened import OpenedConnection
from weftline.authoring.integrations.paths import path

__all__ = [
    "BASIC",
    "BEARER",
    "MUTUAL_TLS",
    "NO_AUTH",
    "ApiKey",
    "Auth",
    "Connection",
    "Integration",
    "IntegrationAction",
    "IntegrationRegistry",
    "IntegrationTrigger",
    "Item",
    "KeyPart",
    "OAuth2",
    "OpenedConnection",
    "Poll",
    "WebhookCall",
    "completed",
    "integrations",
    "path",
    "secrets",
]
