"""Ways to sign in that a plugin adds: it says who somebody is; everything else of signing in stays the platform's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from uuid import UUID


@dataclass(frozen=True, slots=True)
class PasswordAttempt:
    """What somebody gave who wants to sign in.

    Attributes:
        tenant_id: the tenant that they want to sign in to.
        login: e-mail address or name of a user, as it was typed.
        password: never to be logged, or kept.
    """

    tenant_id: UUID
    login: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who somebody is, beyond doubt.

    Attributes:
        subject: what the provider knows them by; theirs for ever, and never anybody else's afterwards. At most 255
            characters.
        email: their address. A new account gets it; it never leads to an account that is there already.
        name: what people call them.
        joins_with: ids of the roles with which they join the tenant, should they be no member yet; None or none: who
            is no member may not sign in.
    """

    subject: str
    email: str
    name: str
    joins_with: Collection[str] | None = None


Authenticate: TypeAlias = Callable[[PasswordAttempt], Awaitable[Identity | None]]
"""Answers who somebody is; None where name and password do not belong together, or there is nobody of the name.

It has 10 seconds, and must not block. Where it raises, nobody is signed in by it, and the plugin's page tells of it.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthProvider:
    """A way to sign in, beside the platform's own passwords.

    It is asked in the tenants where the plugin is enabled, about whoever's password is not one of the platform's own.

    Attributes:
        name: ``<plugin id>.<name>``; accounts are tied to it, so that it stays the same for ever.
        title: what people call it, by language; English has to be there.
        authenticate: says who somebody is.
    """

    name: str
    title: Mapping[str, str]
    authenticate: Authenticate
