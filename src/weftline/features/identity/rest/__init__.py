"""People and their accounts over HTTP."""

from __future__ import annotations

from fastapi import APIRouter

from weftline.features.identity.people import People
from weftline.features.identity.rest.answers import Handover
from weftline.features.identity.rest.passwords import password_routes
from weftline.features.identity.rest.profile import profile_routes
from weftline.features.identity.rest.registration import registration_routes
from weftline.features.identity.rest.second_factor import factor_reset_routes, second_factor_routes
from weftline.features.identity.rest.signing_in import key_routes, public_key_routes, sign_in_routes
from weftline.features.identity.rest.signing_keys import signing_key_routes
from weftline.features.tenancy.resolution import TenantResolver

__all__ = ["identity_routes", "public_key_routes"]


def identity_routes(people: People, handover: Handover, resolver: TenantResolver) -> list[APIRouter]:
    """Every route about accounts."""
    return [
        sign_in_routes(people.sign_in, handover, resolver),
        registration_routes(people.registrations, people.invitations, resolver),
        password_routes(people.password_changes),
        second_factor_routes(people.second_factors, handover),
        profile_routes(people.profiles, people.accounts, handover.cache),
        factor_reset_routes(people.second_factors),
        signing_key_routes(people.tokens),
        key_routes(people.tokens),
    ]
