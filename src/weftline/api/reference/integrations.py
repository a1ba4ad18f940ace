"""The pages of the connectors that come with the platform: one an integration, and a table of them all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from weftline.api.reference.words import GENERATED, code_block, meaning_words, table, type_words
from weftline.authoring import load_actions
from weftline.authoring.integrations import (
    Auth,
    Integration,
    IntegrationAction,
    IntegrationTrigger,
    Setting,
    Webhook,
    integrations,
)

SOURCE = GENERATED.format("the declarations in `src/weftline/connectors`")

INTRODUCTION = """\
The systems that workflows reach out of the box. [Connect a system](../guides/connect-a-system.md) tells how; whatever
has an OpenAPI document is [imported](../guides/openapi.md)."""

OURS = "weftline."
"""Where the modules are that declare connectors; others may be loaded too."""

NOTICED = {
    "POLLING": "The other system is asked for it again and again: each minute, or as often as `every` says.",
    "EVENT": "It is listened for.",
    "WEBHOOK": "The other system calls the trigger's address, which `weft trigger show` tells.",
}
"""How a trigger's events come, by its kind."""

AUTH = {
    "NONE": "Nothing to sign in with",
    "API_KEY": "API key",
    "BASIC": "User name and password",
    "BEARER": "Token",
    "OAUTH2": "OAuth 2.0",
    "MUTUAL_TLS": "Client certificate",
    "CUSTOM": "Credentials of its own",
}


def integration_pages() -> dict[str, str]:
    """The page of every integration, by file name."""
    return {f"{each.name}.md": _page(each) for each in _ours()}


def integrations_page() -> str:
    """The table of every integration."""
    parts = ["# Integrations", SOURCE, INTRODUCTION]
    found = list(_ours())
    for category in sorted({each.category for each in found}):
        rows = (
            (
                f"[{each.title}](integrations/{each.name}.md)",
                ", ".join(f"`{name}`" for name in [*each.actions, *each.triggers]),
                each.description,
            )
            for each in found
            if each.category == category
        )
        parts += [f"## {category.capitalize()}", table(("integration", "actions and triggers", "what it is"), rows)]
    return "\n\n".join(parts) + "\n"


def _ours() -> Iterator[Integration]:
    load_actions()
    for each in sorted(integrations, key=lambda each: each.name):
        bodies = [item.body for item in (*each.actions.values(), *each.triggers.values())]
        if bodies and all(body.__module__.startswith(OURS) for body in bodies):
            yield each


def _page(integration: Integration) -> str:
    parts = [f"# {integration.title}", SOURCE, integration.description]
    if integration.docs_url is not None:
        parts.append(f"The system's own documentation: <{integration.docs_url}>.")
    if not integration.needs_connection:
        parts.append("Its actions work without a connection, too.")
    parts.append("## Connecting")
    if rows := list(_fields(integration.config)):
        parts += ["What a connection configures:", table(("field", "type", "meaning"), rows)]
    for auth in integration.auth:
        parts += _auth(auth)
    for action in integration.actions.values():
        parts += _action(integration, action)
    for trigger in integration.triggers.values():
        parts += _trigger(integration, trigger)
    return "\n\n".join(filter(None, parts)) + "\n"


def _auth(auth: Auth) -> Iterator[str]:
    yield f"### {auth.title or AUTH[auth.type]}: `{auth.type}`"
    yield table(("field", "type", "meaning"), _fields(auth.credentials)) or "Nothing is to be entered."


def _action(integration: Integration, action: IntegrationAction) -> Iterator[str]:
    facts = action.definition.facts
    yield f"## {action.definition.title}: `{integration.name}.{action.name}`"
    yield action.definition.description
    if facts.compensate is not None:
        yield f"Undone by `{facts.compensate}`."
    yield from _schema("Input", facts.input)
    yield from _schema("Output", facts.output)
    if facts.example is not None:
        step: dict[str, Any] = {"id": "step", "type": "action", "action": f"{integration.name}.{action.name}"}
        if integration.needs_connection:
            step["connection"] = f"my-{integration.name}"
        yield code_block({**step, "input": dict(facts.example)})


def _config(trigger: IntegrationTrigger) -> dict[str, str]:
    """What has to be set, with what it is called for its value."""
    return dict.fromkeys(trigger.config.get("required", ()), "…")


def _trigger(integration: Integration, trigger: IntegrationTrigger) -> Iterator[str]:
    yield f"## {trigger.title}: `{integration.name}.{trigger.name}`"
    yield f"{trigger.description} {NOTICED[trigger.type]}"
    yield code_block(
        {
            "type": "integration",
            "integration": integration.name,
            "trigger": trigger.name,
            "connection": "name-of-the-connection",
            **({"config": _config(trigger)} if _config(trigger) else {}),
        }
    )
    if trigger.webhook is not None:
        yield from _webhook(integration, trigger.webhook)
    yield from _schema("What is set", trigger.config)
    yield from _schema("What an execution gets", trigger.output)
    if trigger.example is not None:
        yield code_block(trigger.example)


def _webhook(integration: Integration, webhook: Webhook) -> Iterator[str]:
    """How its calls are verified, and what is set at the other system."""
    said: list[str] = []
    if webhook.verify is not None:
        secret = integration.credential_title(webhook.verify.credential)
        said.append(f"Calls are verified with the connection's *{secret}*: {webhook.verify}.")
    if webhook.delivery is not None:
        said.append(f"Deliveries are told from each other by {webhook.delivery}: one that comes again starts nothing.")
    yield " ".join(said)
    if webhook.setup is not None:
        at = f", under *{webhook.setup.place}*" if webhook.setup.place else ""
        see = f" ([its documentation](<{webhook.setup.url}>))" if webhook.setup.url else ""
        yield f"What is set at the other system{at}{see}:"
        yield table(("setting", "value"), ((each.label, _set(integration, each)) for each in webhook.setup.settings))


def _set(integration: Integration, setting: Setting) -> str:
    match setting.kind:
        case "ADDRESS":
            return "the trigger's address"
        case "CREDENTIAL":
            return f"the connection's *{integration.credential_title(setting.value)}*"
        case "TEXT":
            return setting.value


def _schema(title: str, schema: Mapping[str, Any] | None) -> Iterator[str]:
    if schema is None:
        return
    if rows := list(_fields(schema)):
        yield f"{title}:"
        yield table(("field", "type", "meaning"), rows)
    else:
        yield f"{title}: {type_words(dict(schema))}."


def _fields(schema: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    required = schema.get("required", ())
    for name, each in schema.get("properties", {}).items():
        part = cast("dict[str, Any]", each) if isinstance(each, dict) else {}
        meaning = meaning_words(part, part) or str(part.get("title", ""))
        yield f"`{name}`{'' if name in required else ' (optional)'}", type_words(part), meaning
