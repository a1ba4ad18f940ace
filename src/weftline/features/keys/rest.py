"""API keys over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Path, Query, Request, Response

from weftline.features.access.caller import Caller
from weftline.features.access.http import signed_in
from weftline.features.access.roles.errors import BeyondOwnAuthority, UnknownNames
from weftline.features.errors import PreconditionFailed
from weftline.features.http.conditional import ExpectedEtag, etag
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.paging import Page
from weftline.features.http.routing import api_router
from weftline.features.keys import examples
from weftline.features.keys.errors import (
    InvalidExpiry,
    KeyNotFound,
    KeysMakeNoKeys,
    MembersOnly,
    ServiceAccountNotFound,
    TooManyKeys,
)
from weftline.features.keys.schemas import KeyBody, KeyOut, KeyQuery, NewKeyOut
from weftline.features.keys.service import KeyService, state_of
from weftline.features.tenancy.errors import TenantNotFound

Person = Annotated[Caller, signed_in()]
KeyId = Annotated[UUID, Path(description="The key's id.", examples=[examples.ID])]


def api_key_routes(service: KeyService) -> APIRouter:
    """The routes of API keys."""
    router = api_router("/api-keys", tag="API keys")

    @router.get(
        "",
        summary="List API keys",
        responses=answers({"items": [examples.KEY], "nextCursor": None}, description="Oldest first."),
    )
    async def list_api_keys(caller: Person, query: Annotated[KeyQuery, Query()]) -> Page[KeyOut]:
        """Lists your keys that were not revoked; with `key:manage`, a service account's or everybody's."""
        window = query.window()
        account_id, everybody = query.service_account_id, query.everybody
        found = await service.list(caller, window, service_account_id=account_id, everybody=everybody)
        return window.page(found, KeyOut.model_validate)

    @router.post(
        "",
        status_code=201,
        summary="Create an API key",
        responses=answers(examples.CREATED, status=201, description="The new key, with its text.")
        | failures(
            BeyondOwnAuthority,
            UnknownNames,
            InvalidExpiry,
            KeysMakeNoKeys,
            MembersOnly,
            ServiceAccountNotFound,
            TooManyKeys,
            TenantNotFound,
        ),
    )
    async def create_api_key(
        caller: Person,
        body: Annotated[KeyBody, Body(openapi_examples={"example": {"value": examples.NEW}})],
        request: Request,
        response: Response,
    ) -> NewKeyOut:
        """Makes a key of your own, or with `key:manage` of a service account. It never does more than its owner may,
        and its text is shown this once."""
        new = await service.create(caller, body.draft())
        response.headers["Location"] = f"{request.url.path}/{new.row.id}"
        response.headers["Cache-Control"] = "no-store"
        return NewKeyOut.of(new)

    @router.get(
        "/{key_id}",
        summary="Get an API key",
        responses=answers(examples.KEY, description="The key.") | failures(KeyNotFound),
    )
    async def get_api_key(caller: Person, key_id: KeyId, response: Response) -> KeyOut:
        """Shows a key of yours; with `key:manage`, anybody's."""
        key = await service.get(caller, key_id)
        response.headers.update(etag(state_of(key)))
        return KeyOut.model_validate(key)

    @router.delete(
        "/{key_id}",
        summary="Revoke an API key",
        responses=answers(examples.KEY, description="What it was.") | failures(KeyNotFound, PreconditionFailed),
    )
    async def remove_api_key(caller: Person, key_id: KeyId, expected: ExpectedEtag) -> KeyOut:
        """Revokes a key of yours; with `key:manage`, anybody's. Within seconds it counts no more. With `If-Match`, only
        if it was not used since."""
        return KeyOut.model_validate(await service.remove(caller, key_id, expected_etag=expected))

    return router
