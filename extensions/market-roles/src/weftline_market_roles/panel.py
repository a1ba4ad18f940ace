"""The plugin's page in the web app."""

from __future__ import annotations

from weftline.authoring.plugin import Action, Column, Panel, Table, Text, Value
from weftline_market_roles.roles import TITLES, MarketRole
from weftline_market_roles.routes import MANAGE

_STATUSES = {
    "pending": Value(title={"en": "Pending", "de": "Ausstehend"}, tone="warn"),
    "active": Value(title={"en": "Active", "de": "Aktiv"}, tone="good"),
    "suspended": Value(title={"en": "Suspended", "de": "Ausgesetzt"}, tone="bad"),
    "ended": Value(title={"en": "Ended", "de": "Beendet"}),
}
_ROLES = {
    role.value: Value(title={language: f"{role} · {text}" for language, text in TITLES[role].items()})
    for role in MarketRole
}
_KINDS = {
    "access": Value(title={"en": "Access point", "de": "Zugangspunkt"}),
    "delivery": Value(title={"en": "Delivery point", "de": "Lieferpunkt"}),
}
_TEMPLATES = {
    "contract-onboarding": Value(title={"en": "Contract onboarding", "de": "Vertragsaufnahme"}),
    "portfolio-management": Value(title={"en": "Portfolio management", "de": "Portfolioverwaltung"}),
}
_ROLE_TITLE = {"en": "Market role", "de": "Marktrolle"}
_ROLE = Column(key="role", title=_ROLE_TITLE)
_ROLE_IN_WORDS = Column(key="role", title=_ROLE_TITLE, kind="status", values=_ROLES)
_REASON = {"type": "object", "properties": {"reason": {"type": "string", "maxLength": 500}}}
_REASON_LABELS = {"reason": {"en": "Reason", "de": "Grund"}}

_ASSIGN = Action(
    title={"en": "Assign a role", "de": "Rolle zuweisen"},
    route="/roles",
    permission=MANAGE,
    schema={
        "type": "object",
        "required": ["role"],
        "properties": {
            "role": {"type": "string", "enum": [role.value for role in MarketRole]},
            "contractReference": {"type": "string", "minLength": 1, "maxLength": 64},
        },
    },
    labels={
        "role": _ROLE_TITLE,
        "contractReference": {"en": "Contract reference", "de": "Vertragsnummer"},
    },
)
_REFER = Action(
    title={"en": "Change the contract reference", "de": "Vertragsnummer ändern"},
    route="/roles/{role}",
    method="PATCH",
    permission=MANAGE,
    schema={
        "type": "object",
        "required": ["contractReference"],
        "properties": {"contractReference": {"type": "string", "minLength": 1, "maxLength": 64}},
    },
    labels={"contractReference": {"en": "Contract reference", "de": "Vertragsnummer"}},
)


def _move(act: str, english: str, german: str, *, is_dangerous: bool = False) -> Action:
    return Action(
        title={"en": english, "de": german},
        route=f"/roles/{{role}}/{act}",
        permission=MANAGE,
        schema=_REASON,
        labels=_REASON_LABELS,
        is_dangerous=is_dangerous,
    )


PANEL = Panel(
    id="roles",
    title={"en": "Market roles", "de": "Marktrollen"},
    icon="zap",
    sections=(
        Text(
            paragraphs=(
                {
                    "en": "The roles that this company has in the energy market. A contract onboarding makes a role "
                    "pending, and active once it is approved; portfolio management keeps its points.",
                    "de": "Die Rollen, die dieses Unternehmen im Energiemarkt hat. Eine Vertragsaufnahme bereitet eine "
                    "Rolle vor und aktiviert sie nach der Freigabe; die Portfolioverwaltung pflegt ihre Punkte.",
                },
            )
        ),
        Table(
            title={"en": "Roles", "de": "Rollen"},
            source="/roles",
            columns=(
                _ROLE,
                Column(key="status", title={"en": "Status", "de": "Status"}, kind="status", values=_STATUSES),
                Column(key="contractReference", title={"en": "Contract reference", "de": "Vertragsnummer"}),
                Column(key="companyName", title={"en": "Company", "de": "Unternehmen"}),
                Column(
                    key="executionId",
                    title={"en": "Execution", "de": "Ausführung"},
                    kind="link",
                    link="/executions/{executionId}",
                ),
            ),
            empty={
                "en": "This company has no market role yet. Install a contract onboarding and run it.",
                "de": "Dieses Unternehmen hat noch keine Marktrolle. Installieren Sie eine Vertragsaufnahme, und "
                "führen Sie sie aus.",
            },
            actions=(_ASSIGN,),
            row_actions=(
                _move("activate", "Activate", "Aktivieren"),
                _move("suspend", "Suspend", "Aussetzen"),
                _REFER,
                _move("end", "End", "Beenden", is_dangerous=True),
            ),
        ),
        Table(
            title={"en": "Portfolio", "de": "Portfolio"},
            source="/points",
            columns=(
                Column(key="ean", title={"en": "EAN", "de": "EAN"}),
                _ROLE,
                Column(key="kind", title={"en": "Kind", "de": "Art"}, kind="status", values=_KINDS),
                Column(key="name", title={"en": "Name", "de": "Name"}),
            ),
            empty={"en": "There are no points yet.", "de": "Es gibt noch keine Punkte."},
        ),
        Table(
            title={"en": "Templates", "de": "Vorlagen"},
            source="/templates",
            columns=(
                _ROLE_IN_WORDS,
                Column(
                    key="template",
                    title={"en": "Workflow", "de": "Ablauf"},
                    kind="link",
                    link="/library/{id}",
                    values=_TEMPLATES,
                ),
            ),
        ),
    ),
)
