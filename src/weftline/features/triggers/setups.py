"""What is to be set at another system, so that it calls a trigger's address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from weftline.authoring.integrations import Integration, Setting, integrations
from weftline.features.http.wire import Wire
from weftline.features.triggers.models import Trigger


class WebhookSettingOut(Wire):
    """Something to set at the other system."""

    label: Annotated[str, Field(description="As the other system calls it.")]
    kind: Annotated[
        Literal["ADDRESS", "CREDENTIAL", "TEXT"],
        Field(
            description="`ADDRESS`: the trigger's `url`; `CREDENTIAL`: the text that the connection has; `TEXT`: this."
        ),
    ]
    value: Annotated[
        str | None,
        Field(description="The text, or what the connection's form calls the credential; null for the address."),
    ]


class WebhookSetupOut(Wire):
    """What is to be set at the other system, so that it calls a trigger's address."""

    system: Annotated[str, Field(description="The other system.")]
    place: Annotated[str | None, Field(description="The way there through its pages; null where it is anybody's.")]
    docs_url: Annotated[str | None, Field(description="Its own documentation of that.")]
    settings: Annotated[list[WebhookSettingOut], Field(description="What is to be set there.")]


def setup_of(trigger: Trigger) -> WebhookSetupOut | None:
    """What is to be set at the other system; None where its integration does not say, or is not there."""
    declared: Mapping[str, Any] = trigger.declaration
    integration = integrations.get(declared.get("integration", ""))
    offer = None if integration is None else integration.triggers.get(declared.get("trigger", ""))
    if integration is None or offer is None or offer.webhook is None or offer.webhook.setup is None:
        return None
    setup = offer.webhook.setup
    return WebhookSetupOut(
        system=integration.title,
        place=setup.place,
        docs_url=setup.url,
        settings=[
            WebhookSettingOut(label=each.label, kind=each.kind, value=_value(integration, each))
            for each in setup.settings
        ],
    )


def _value(integration: Integration, setting: Setting) -> str | None:
    match setting.kind:
        case "ADDRESS":
            return None
        case "TEXT":
            return setting.value
        case "CREDENTIAL":
            return integration.credential_title(setting.value)
