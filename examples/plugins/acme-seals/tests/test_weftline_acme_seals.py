"""The plugin does what it says."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from weftline_acme_seals import AcmeSealsPlugin, Configuration

from weftline.authoring import ActionError
from weftline.testing.connectors import call

DOCUMENT = {"contract": "C-17", "amount": 4200}


async def with_key(key: str | None, action: str, **input: Any) -> Any:
    """Run an action of the plugin, started where every tenant has set this key."""

    async def configuration(tenant_id: UUID) -> Configuration | None:
        return None if key is None else Configuration.model_validate({"key": key})

    plugin = AcmeSealsPlugin()
    await plugin.initialize(SimpleNamespace(configuration=configuration))  # type: ignore[arg-type]
    try:
        return await call(action, None, **input)
    finally:
        await plugin.on_shutdown()


def test_a_document_that_is_as_it_was_passes() -> None:
    made = asyncio.run(with_key("secret", "acme-seals.seal", document=DOCUMENT))
    assert made["stamp"] == "Acme"
    turned = dict(reversed(DOCUMENT.items()))
    assert asyncio.run(with_key("secret", "acme-seals.check", document=turned, seal=made["seal"])) == {"isIntact": True}


@pytest.mark.parametrize(("key", "amount"), [("secret", 4201), ("another", 4200)])
def test_a_document_that_was_changed_or_sealed_by_others_does_not(key: str, amount: int) -> None:
    made = asyncio.run(with_key("secret", "acme-seals.seal", document=DOCUMENT))
    with pytest.raises(ActionError) as caught:
        asyncio.run(with_key(key, "acme-seals.check", document={**DOCUMENT, "amount": amount}, seal=made["seal"]))
    assert caught.value.code == "seal_broken"


def test_without_a_key_it_is_said_what_to_do() -> None:
    with pytest.raises(ActionError, match="weft plugin configure acme-seals"):
        asyncio.run(with_key(None, "acme-seals.seal", document=DOCUMENT))
