"""Somebody who changes what is theirs: a person who has signed in, rather than a key or a visitor."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from weftline.features.access.caller import Caller
from weftline.features.audit.trail import PLATFORM
from weftline.features.identity.errors import PeopleOnly


@dataclass(frozen=True, slots=True)
class SignedInPerson:
    """A person in their own session.

    Attributes:
        id: theirs.
        email: their address.
        tenant_id: the tenant they signed in to; None where they belong to none.
        session_id: the session.
        methods: how they proved who they are.
    """

    id: UUID
    email: str
    tenant_id: UUID | None
    session_id: UUID
    methods: frozenset[str]


def person_of(caller: Caller) -> SignedInPerson:
    """The person that a caller is.

    Raises:
        PeopleOnly: it is a key, a service account, the console, or an operator who visits a tenant.
    """
    if caller.kind != "user" or caller.id is None or caller.session_id is None:
        raise PeopleOnly
    tenant_id = None if caller.tenant_id == PLATFORM else caller.tenant_id
    return SignedInPerson(caller.id, caller.name, tenant_id, caller.session_id, caller.methods)
