"""People's own accounts, on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar, Literal
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field

from weftline.features.http.listing import ListQuery
from weftline.features.http.wire import Demand, Wire
from weftline.features.identity.profile import SESSIONS, OpenSession
from weftline.features.identity.schemas.signing_in import TenantRef
from weftline.features.identity.schemas.texts import Code, Email, Password, PersonName


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("is no time zone of the IANA database, such as Europe/Madrid")
    return name


# RFC 5646, section 2.1, without extensions and private use
Language = Annotated[
    str,
    Field(
        max_length=35,
        pattern=r"^[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?(-([A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*$",
        description="A language tag (BCP 47): `en`, `pt-BR`.",
    ),
]
TimeZone = Annotated[
    str, Field(max_length=64, description="A name of the IANA database: `Europe/Madrid`."), AfterValidator(_known_zone)
]


Theme = Literal["system", "light", "dark"]


class NotificationChoices(Demand):
    """What to be told by mail; what is left out stays as it is."""

    sign_ins: Annotated[bool | None, Field(description="Sign-ins from somewhere new.")] = None
    tasks: Annotated[bool | None, Field(description="Tasks that are assigned to you.")] = None
    escalations: Annotated[bool | None, Field(description="Tasks that were not done in time.")] = None


class PreferenceChanges(Demand):
    """Preferences; what is left out stays as it is."""

    notifications: NotificationChoices | None = None
    theme: Annotated[Theme | None, Field(description="How pages look; `system`: as the device does.")] = None


class ProfileBody(Demand):
    """What to change; what is left out stays as it is."""

    name: PersonName | None = None
    language: Annotated[Language | None, Field(description="Null for none.")] = None
    time_zone: Annotated[TimeZone | None, Field(description="Null for none.")] = None
    preferences: PreferenceChanges | None = None


class Notifications(Wire):
    """What somebody is told by mail."""

    sign_ins: bool = True
    tasks: bool = True
    escalations: bool = True


class Preferences(Wire):
    """What somebody prefers."""

    notifications: Notifications = Notifications()
    theme: Theme = "system"


class MeOut(Wire):
    """Who is signed in."""

    id: UUID | None
    email: str
    name: str
    tenant: TenantRef | None
    roles: list[str]
    permissions: list[str]
    permissions_on_workflows: Annotated[
        list[str], Field(description="What you may do on some workflows, and not in the whole tenant.")
    ]
    methods: Annotated[list[str], Field(description="How you proved who you are (`amr` of RFC 8176).")]
    is_platform_operator: bool
    is_email_verified: bool = False
    language: str | None = None
    time_zone: str | None = None
    preferences: Preferences = Preferences()


class ChangeEmailBody(Demand):
    """The address that your account shall have."""

    new_email: Email
    password: Password
    code: Annotated[Code | None, Field(description="Of your second factor, where you have one.")] = None


class SessionQuery(ListQuery):
    """Which part of the list of sessions."""

    order: ClassVar = SESSIONS


class SessionOut(Wire):
    """A session that has not ended."""

    id: UUID
    is_current: Annotated[bool, Field(description="It is the one that asks.")]
    tenant: Annotated[str | None, Field(description="Slug of the tenant signed in to.")]
    address: str | None
    user_agent: str | None
    methods: list[str]
    created_at: datetime
    last_used_at: Annotated[datetime, Field(description="When its tokens were last refreshed.")]
    expires_at: datetime

    @classmethod
    def of(cls, session: OpenSession, current: UUID | None) -> SessionOut:
        """A session as its person sees it.

        Args:
            session: it.
            current: the one that asks.
        """
        fields = {name: getattr(session, name) for name in cls.model_fields if name != "is_current"}
        return cls(**fields, is_current=session.id == current)


class SessionsEnded(Wire):
    """Sessions that have ended."""

    ended: int
