"""The keys under which secrets are sealed, over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Query

from weftline.features.access.caller import Caller
from weftline.features.access.http import operator
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.paging import InvalidCursor, Page, decode_cursor, encode_cursor
from weftline.features.http.routing import api_router
from weftline.features.platform.encryption_keys.schemas import (
    RotatedKeysOut,
    RotateKeysBody,
    TenantKeyOut,
    TenantKeyQuery,
)
from weftline.features.platform.encryption_keys.service import EncryptionKeys, Place
from weftline.features.platform.permissions import ENCRYPTION_KEYS
from weftline.features.tenancy.errors import TenantNotFound
from weftline.features.tenancy.service import TenantService

Keeper = Annotated[Caller, operator(ENCRYPTION_KEYS, everywhere=True)]

KEY = {
    "tenantId": "00000000-0000-7000-8000-000000000001",
    "version": 1,
    "createdAt": "2026-03-01T09:00:00Z",
    "retiredAt": None,
}
DONE = {
    "resealed": {"signingKeys": 2, "secondFactors": 40},
    "unreadable": 0,
    "settlesIn": 60.0,
    "nextCursor": "WyJ0ZW5hbnRzIiwiIl0",
}


def encryption_key_routes(keys: EncryptionKeys, tenants: TenantService) -> APIRouter:
    """The routes of encryption keys."""
    router = api_router("/platform/encryption-keys", tag="Platform")

    @router.get(
        "",
        summary="List data keys",
        responses=answers({"items": [KEY], "nextCursor": None}, description="By tenant and version."),
    )
    async def list_encryption_keys(_: Keeper, query: Annotated[TenantKeyQuery, Query()]) -> Page[TenantKeyOut]:
        """Lists the versions of the tenants' data keys. Nobody sees a key itself."""
        window = query.window()
        return window.page(await keys.list(window), TenantKeyOut.model_validate)

    @router.post(
        "/rotate",
        summary="Change encryption keys",
        responses=answers(DONE, description="A piece is done; go on while there is a `nextCursor`.")
        | failures(InvalidCursor, TenantNotFound),
    )
    async def rotate_encryption_keys(
        _: Keeper,
        body: Annotated[RotateKeysBody, Body(openapi_examples={"all": {"value": {"newDataKeys": False}}})],
    ) -> RotatedKeysOut:
        """Puts what is sealed under the newest keys, a piece a call. Everything stays readable meanwhile."""
        tenant_id = None if body.tenant is None else await tenants.find(body.tenant)
        place = None if body.cursor is None else Place(*decode_cursor(body.cursor, 2))
        piece = await keys.rotate(place, tenant_id=tenant_id, new_data_keys=body.new_data_keys)
        return RotatedKeysOut(
            resealed=piece.resealed,
            unreadable=piece.unreadable,
            settles_in=keys.settles_in,
            next_cursor=None if piece.next is None else encode_cursor(piece.next),
        )

    return router
