"""A CRM that speaks GraphQL, Slack and a storage that speaks S3, as far as this example needs them.

Each asks for its credentials, and says what it was told to do.
"""

from __future__ import annotations

import logging
import os
import secrets
import sys
from datetime import UTC, datetime
from typing import Annotated, Any

import strawberry
from fastapi import Body, Depends, FastAPI, HTTPException, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from strawberry.fastapi import GraphQLRouter

from weftline.connectors.aws_signature import Signer

BUCKET, REGION = "leads", "eu-central-1"

Bearer = Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]


def _is(given: str, variable: str) -> bool:
    return secrets.compare_digest(given, os.environ[variable])


# the CRM -------------------------------------------------------------------------------------------------------------

was_busy: list[bool] = []

# an answer says what went wrong; the library would log it, too
logging.getLogger("strawberry.execution").setLevel(logging.CRITICAL)


@strawberry.type
class Contact:
    """Somebody whom the CRM knows."""

    name: str
    score: int


@strawberry.type
class Query:
    """What can be asked."""

    @strawberry.field
    def contact(self, email: str) -> Contact:
        """Look a contact up. Nobody knows ``nobody@…``."""
        name = email.partition("@")[0]
        if name == "nobody":
            raise ValueError("there is no such contact")
        return Contact(name=name.capitalize(), score=80)


async def _let_in(request: Request, bearer: Bearer) -> None:
    """Let in whoever has the token; the first who asks for a contact finds the CRM busy."""
    if not _is(bearer.credentials, "CRM_TOKEN"):
        raise HTTPException(401)
    if not was_busy and b"contact" in await request.body():
        was_busy.append(True)
        raise HTTPException(503, "Busy. Come again.")


# Slack ---------------------------------------------------------------------------------------------------------------


def slack(method: str, bearer: Bearer, message: Annotated[dict[str, Any], Body()]) -> dict[str, Any]:
    """Two methods of the Web API, which answers errors with status 200."""
    if not _is(bearer.credentials, "SLACK_TOKEN"):
        return {"ok": False, "error": "invalid_auth"}
    match method:
        case "auth.test":
            return {"ok": True, "user": "weftline", "team": "Acme"}
        case "chat.postMessage":
            _say(f"Slack: {message['channel']}: {message['text']}")
            return {"ok": True, "channel": f"C{message['channel']}", "ts": f"{datetime.now(UTC).timestamp():.6f}"}
        case _:
            return {"ok": False, "error": "unknown_method"}


# the storage ---------------------------------------------------------------------------------------------------------

objects: dict[str, bytes] = {}


async def storage(request: Request, path: str) -> Response:
    """Objects of one bucket; requests are signed (Signature Version 4)."""
    bucket, _, key = path.partition("/")
    content = await request.body()
    if not _is_signed(request, content):
        return _storage_error(403, "SignatureDoesNotMatch")
    if bucket != BUCKET:
        return _storage_error(404, "NoSuchBucket")
    if request.method == "PUT":
        objects[key] = content
        _say(f"S3: {key}: {content.decode()}")
        return Response(headers={"ETag": f'"{len(objects)}"'})
    if not key:
        listed = "".join(f"<Contents><Key>{each}</Key></Contents>" for each in objects)
        return Response(f"<ListBucketResult>{listed}</ListBucketResult>", media_type="application/xml")
    return Response(objects[key]) if key in objects else _storage_error(404, "NoSuchKey")


def _is_signed(request: Request, content: bytes) -> bool:
    given = request.headers.get("authorization", "")
    names = given.partition("SignedHeaders=")[2].partition(",")[0].split(";")
    headers = {name: request.headers.get(name, "") for name in names if not name.startswith("x-amz-")}
    try:
        at = datetime.strptime(request.headers.get("x-amz-date", ""), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return False
    signer = Signer(os.environ["S3_KEY"], os.environ["S3_SECRET"], REGION)
    signed = signer.headers(request.method, request.url.path, request.query_params, headers, content, at)
    return secrets.compare_digest(given, signed["authorization"])


def _storage_error(status: int, code: str) -> Response:
    return Response(f"<Error><Code>{code}</Code></Error>", status, media_type="application/xml")


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


app = FastAPI()
crm = GraphQLRouter(strawberry.Schema(Query), dependencies=[Depends(_let_in)])
app.include_router(crm, prefix="/graphql")
app.post("/slack/{method}")(slack)
app.api_route("/s3/{path:path}", methods=["GET", "PUT"])(storage)
