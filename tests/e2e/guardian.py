"""A security plugin, as somebody would write it: it forbids, knows people by their badges, and is told of events."""

from __future__ import annotations

from weftline.authoring.plugin import (
    AuthProvider,
    Identity,
    PasswordAttempt,
    Plugin,
    PluginApp,
    PluginType,
    Policy,
)

GUARDIAN = {"guardian": "tests.e2e.guardian:Guardian"}


class Guardian(Plugin):
    """Guards."""

    id = "guardian"
    name = "Guardian"
    version = "1.0.0"
    description = "Keeps workflows from being retired, and knows badges."
    types = frozenset({PluginType.SECURITY})

    async def initialize(self, app: PluginApp) -> None:
        app.policy(
            Policy(
                name="guardian.keep",
                title={"en": "Nothing is retired", "de": "Nichts wird ausgemustert"},
                description={
                    "en": "Auditors want to see every workflow.",
                    "de": "Die Revision will jeden Workflow sehen.",
                },
                source='forbid(principal, action == Action::"workflow:retire", resource)\nunless { context.mfa };',
            )
        )
        app.auth_provider(AuthProvider(name="guardian.badges", title={"en": "Badges"}, authenticate=authenticate))


async def authenticate(attempt: PasswordAttempt) -> Identity | None:
    """Who has a badge."""
    if attempt.login == "broken":
        raise RuntimeError("the reader is broken")
    if (attempt.login, attempt.password) != ("grace", "badge 7"):
        return None
    return Identity(subject="badge-7", email="grace@badges.example", name="Grace", joins_with=["viewer"])
