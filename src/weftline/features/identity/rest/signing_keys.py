"""Keys that sign access tokens, over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Query

from weftline.features.access.caller import Caller
from weftline.features.access.http import operator
from weftline.features.http.examples import answers
from weftline.features.http.paging import Page
from weftline.features.http.routing import api_router
from weftline.features.identity import examples
from weftline.features.identity.permissions import SIGNING_KEYS
from weftline.features.identity.schemas.signing_keys import RotateBody, RotatedOut, SigningKeyOut, SigningKeyQuery
from weftline.features.identity.tokens import Tokens

Keeper = Annotated[Caller, operator(SIGNING_KEYS, everywhere=True)]


def signing_key_routes(tokens: Tokens) -> APIRouter:
    """The routes of signing keys."""
    router = api_router("/platform/signing-keys", tag="Platform")

    @router.get(
        "",
        summary="List signing keys",
        responses=answers({"items": [examples.SIGNING_KEY], "nextCursor": None}, description="Newest first."),
    )
    async def list_signing_keys(_: Keeper, query: Annotated[SigningKeyQuery, Query()]) -> Page[SigningKeyOut]:
        """Lists the keys of late that sign access tokens, the newest first unless asked otherwise."""
        window = query.window()
        return window.page(window.over(await tokens.list_keys()), SigningKeyOut.model_validate)

    @router.post(
        "/rotate",
        summary="Replace the signing key",
        responses=answers({"id": examples.SIGNING_KEY["id"]}, description="There is a new key. Nobody is signed out."),
    )
    async def rotate_signing_key(
        _: Keeper,
        body: Annotated[RotateBody, Body(openapi_examples={"example": {"value": {"compromised": False}}})],
    ) -> RotatedOut:
        """Makes a new key, which signs after some minutes, or at once where the old one is compromised."""
        return RotatedOut(id=await tokens.rotate(compromised=body.compromised))

    return router
