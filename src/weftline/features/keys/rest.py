"""API keys over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Path, Query, Request, Response

from weftline.features.access.caller import Caller
from weftline.features.access.http import signed_in
from weftline.features.http.examples import answers
from weftline.features.http.paging import Page, decode_uuid, encode_cursor
from weftline.features.http.routing import api_router
from weftline.features.keys import examples
from weftline.features.keys.schemas import KeyBody, KeyOut, KeyQuery, NewKeyOut
from weftline.features.keys.service import KeyService

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
        found = await service.list(
            caller,
            service_account_id=query.service_account_id,
            everybody=query.everybody,
            after=None if query.cursor is None else decode_uuid(query.cursor),
            limit=query.limit + 1,
        )
        items = [KeyOut.model_validate(key) for key in found[: query.limit]]
        return Page(items=items, next_cursor=encode_cursor([str(items[-1].id)]) if len(found) > len(items) else None)

    @router.post(
        "",
        status_code=201,
        summary="Create an API key",
        responses=answers(examples.CREATED, status=201, description="The new key, with its text."),
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

    @router.get("/{key_id}", summary="Get an API key", responses=answers(examples.KEY, description="The key."))
    async def get_api_key(caller: Person, key_id: KeyId) -> KeyOut:
        """Shows a key of yours; with `key:manage`, anybody's."""
        return KeyOut.model_validate(await service.get(caller, key_id))

    @router.delete(
        "/{key_id}", summary="Revoke an API key", responses=answers(examples.KEY, description="What it was.")
    )
    async def remove_api_key(caller: Person, key_id: KeyId) -> KeyOut:
        """Revokes a key of yours; with `key:manage`, anybody's. Within seconds it counts no more."""
        return KeyOut.model_validate(await service.remove(caller, key_id))

    return router
