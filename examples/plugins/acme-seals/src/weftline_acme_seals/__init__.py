"""Acme seals: a plugin for Weftline. Documents are sealed with a tenant's key, and changes to them are seen."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

from pydantic import BaseModel, Field, SecretStr

from weftline.authoring import ActionError, Context, action
from weftline.authoring.plugin import Capability, Plugin, PluginApp, PluginType


class Configuration(BaseModel):
    """What each tenant can set. The key is sealed where it is stored, and shown to nobody."""

    stamp: str = Field("Acme", max_length=40)
    key: SecretStr


class AcmeSealsPlugin(Plugin):
    """Seals documents."""

    id = "acme-seals"
    name = "Acme seals"
    version = "0.1.0"
    description = "Seals documents, and tells whether one was changed since."
    types = frozenset({PluginType.WORKFLOW_ACTION})
    capabilities = frozenset({Capability.SECRETS})
    Configuration = Configuration

    async def initialize(self, app: PluginApp) -> None:
        """Called once in each process."""
        apps.append(app)

    async def on_shutdown(self) -> None:
        """Called when the plugin is stopped, and when the process ends."""
        apps.clear()


apps: list[PluginApp] = []

DOCUMENT = {"type": "object", "properties": {"document": {"type": "object"}}, "required": ["document"]}
SEALED = {
    "type": "object",
    "properties": {"document": {"type": "object"}, "seal": {"type": "string"}},
    "required": ["document", "seal"],
}


@action("acme-seals.seal", input=DOCUMENT)
async def seal(ctx: Context) -> object:
    """Seals a document."""
    configuration = await configured(ctx)
    return {"stamp": configuration.stamp, "seal": sealed(configuration, ctx.input["document"])}


@action("acme-seals.check", input=SEALED)
async def check(ctx: Context) -> object:
    """Fails with the code ``seal_broken`` where a document is not the one that was sealed."""
    right = sealed(await configured(ctx), ctx.input["document"])
    if not hmac.compare_digest(right, ctx.input["seal"]):
        raise ActionError("The document was changed since it was sealed.", code="seal_broken", retryable=False)
    return {"isIntact": True}


async def configured(ctx: Context) -> Configuration:
    """What the step's tenant has set; without it, the step fails and says what to do."""
    found = await apps[0].configuration(ctx.tenant.id)
    if not isinstance(found, Configuration):
        raise ActionError("Set the key: weft plugin configure acme-seals", code="not_configured", retryable=False)
    return found


def sealed(configuration: Configuration, document: Any) -> str:
    """A document's seal."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hmac.new(configuration.key.get_secret_value().encode(), text.encode(), hashlib.sha256).hexdigest()
