"""``s3``: objects in Amazon S3 and in whatever speaks like it (https://docs.aws.amazon.com/AmazonS3/latest/API/)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast
from urllib.parse import urlsplit

from weftline.authoring.context import Context
from weftline.authoring.errors import ActionError, HttpStatusError
from weftline.authoring.integrations import Auth, Connection, Integration
from weftline.connectors.aws_signature import Signer, canonical_path, canonical_query
from weftline.connectors.contents import CONTENT, read_content
from weftline.connectors.hosts import invalid
from weftline.connectors.schema import address, choice, flag, given, listing, mapping, optional, record, text, whole
from weftline.connectors.xml_text import read_xml

_KEY = given("The object's key, like `invoices/2026/17.pdf`.", maxLength=1_024)

s3 = Integration(
    "s3",
    title="S3",
    description="Objects in Amazon S3, or in any storage that speaks like it.",
    category="storage",
    icon="archive",
    auth=(
        Auth(
            type="CUSTOM",
            title="Access key",
            credentials=record(
                {
                    "accessKeyId": {"type": "string", "title": "Access key ID", "minLength": 1, "x-public": True},
                    "secretAccessKey": {"type": "string", "title": "Secret access key", "minLength": 1},
                    "sessionToken": {"type": "string", "title": "Session token", "minLength": 1},
                },
                ["accessKeyId", "secretAccessKey"],
            ),
        ),
    ),
    config=record(
        {
            "bucket": given("Its name.", title="Bucket", pattern="^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$"),
            "region": given(
                "Where it is; storages without regions take `us-east-1`.", title="Region", default="us-east-1"
            ),
            "endpoint": address(
                "Of the storage, without the bucket.", title="Endpoint", default="https://s3.amazonaws.com"
            ),
        },
        ["bucket"],
    ),
    base_url="{endpoint}",
    docs_url="https://docs.aws.amazon.com/AmazonS3/latest/API/Welcome.html",
)


@s3.action(
    "put",
    title="Put an object",
    input=record(
        {
            "key": _KEY,
            **CONTENT,
            "contentType": given(
                "Like `application/pdf`.", default="application/octet-stream", pattern=r"^[\x20-\x7e]+$"
            ),
            "metadata": mapping(
                "What is kept with it.",
                text("The value, ASCII.", pattern=r"^[\x20-\x7e]*$"),
                maxProperties=50,
                propertyNames={"pattern": "^[a-z0-9-]{1,100}$"},
            ),
        },
        ["key", "content"],
    ),
    output=record(
        {"key": text("Its key."), "etag": text("Changes with the content."), "size": whole("Bytes.")},
        ["key", "etag", "size"],
    ),
    example={"key": "orders/17.json", "content": '{"id": 17}', "contentType": "application/json"},
    compensate="delete",
)
async def put(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Store an object; one under the same key is replaced."""
    wanted = ctx.input
    content = read_content(wanted)
    headers = {"content-type": wanted.get("contentType", "application/octet-stream")}
    for name, value in wanted.get("metadata", {}).items():
        headers[f"x-amz-meta-{name}"] = value
    answer = await _send(connection, "PUT", wanted["key"], headers=headers, content=content)
    return {"key": wanted["key"], "etag": answer["headers"].get("etag", "").strip('"'), "size": len(content)}


@s3.action(
    "get",
    title="Get an object",
    input=record({"key": _KEY}, ["key"]),
    output=record(
        {
            **CONTENT,
            "size": whole("Bytes."),
            "etag": text("Changes with the content."),
            "metadata": mapping("What is kept with it.", {"type": "string"}),
        },
        ["content", "encoding", "size", "etag", "metadata"],
    ),
    example={"key": "orders/17.json"},
)
async def get(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Read an object up to 5 MB: its text where it is UTF-8, else base64."""
    # whatever it is stored as: it shall come as it is
    query = {"response-content-type": "application/octet-stream"}
    answer = await _send(connection, "GET", ctx.input["key"], query=query)
    headers, content = answer["headers"], answer["body"] or ""
    is_text = "bodyEncoding" not in answer
    size = len(content.encode()) if is_text else len(base64.b64decode(content))
    metadata = {
        name.removeprefix("x-amz-meta-"): value for name, value in headers.items() if name.startswith("x-amz-meta-")
    }
    return {
        "content": content,
        "encoding": "text" if is_text else "base64",
        "size": size,
        "etag": headers.get("etag", "").strip('"'),
        "metadata": metadata,
    }


@s3.action(
    "list",
    title="List objects",
    input=record(
        {
            "prefix": text("With which the keys begin.", maxLength=1_024),
            "limit": whole("The most objects.", minimum=1, maximum=1_000, default=100),
            "after": given("What the answer before gave as `next`."),
        }
    ),
    output=record(
        {
            "objects": listing(
                "By their keys.",
                record(
                    {
                        "key": text("The key."),
                        "size": whole("Bytes."),
                        "etag": text("Changes with the content."),
                        "modifiedAt": text("ISO 8601."),
                    },
                    ["key", "size", "etag", "modifiedAt"],
                ),
            ),
            "next": optional(text("Where the next list begins; null where there is no more.")),
        },
        ["objects", "next"],
    ),
    example={"prefix": "orders/"},
)
async def list_objects(ctx: Context, connection: Connection) -> dict[str, Any]:
    """List objects by the beginning of their keys."""
    wanted = ctx.input
    query = {"list-type": "2", "max-keys": str(wanted.get("limit", 100)), "prefix": wanted.get("prefix", "")}
    if "after" in wanted:
        query["continuation-token"] = wanted["after"]
    answer = await _send(connection, "GET", None, query=query)
    found = read_xml(str(answer["body"]), ["Contents"]).get("ListBucketResult")
    if not isinstance(found, dict):
        raise ActionError(
            "the storage answers with something else than a list", code="unexpected_answer", retryable=False
        )
    result = cast("dict[str, Any]", found)
    objects = [
        {
            "key": each["Key"],
            "size": int(each["Size"]),
            "etag": str(each.get("ETag") or "").strip('"'),
            "modifiedAt": each["LastModified"],
        }
        for each in result.get("Contents", [])
    ]
    is_cut = result.get("IsTruncated") == "true"
    return {"objects": objects, "next": result.get("NextContinuationToken") if is_cut else None}


@s3.action(
    "delete",
    title="Delete an object",
    input=record({"key": _KEY}, ["key"]),
    output=record({"key": text("Its key.")}, ["key"]),
    example={"key": "orders/17.json"},
)
async def delete(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Delete an object; where there is none, that is fine too."""
    await _send(connection, "DELETE", ctx.input["key"])
    return {"key": ctx.input["key"]}


@s3.action(
    "presign",
    title="Make a link to an object",
    input=record(
        {
            "key": _KEY,
            "method": choice("What the link is for: reading it, or storing it.", "GET", "PUT", default="GET"),
            "expiresIn": whole("Seconds that it can be used.", minimum=1, maximum=604_800, default=3_600),
            "download": flag("Browsers save it rather than show it.", default=False),
        },
        ["key"],
    ),
    output=record(
        {"url": text("The link: whoever has it gets in."), "expiresAt": text("ISO 8601.")}, ["url", "expiresAt"]
    ),
    example={"key": "invoices/17.pdf", "expiresIn": 600},
)
async def presign(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Make a link with which somebody without credentials can read or store one object for a while."""
    wanted = ctx.input
    now = datetime.now(UTC)
    seconds = wanted.get("expiresIn", 3_600)
    base, host = _place(connection)
    path = _path(connection, base, wanted["key"])
    query = {"response-content-disposition": "attachment"} if wanted.get("download", False) else {}
    signed = _signer(connection).query(wanted.get("method", "GET"), path, query, host, seconds, now)
    parts = urlsplit(base)
    expires = datetime.fromtimestamp(now.timestamp() + seconds, UTC)
    return {
        "url": f"{parts.scheme}://{parts.netloc}{path}?{canonical_query(signed)}",
        "expiresAt": expires.isoformat(timespec="seconds"),
    }


@s3.test
async def try_s3(connection: Connection) -> str | None:
    """Look into the bucket."""
    await _send(connection, "GET", None, query={"list-type": "2", "max-keys": "1"})
    return connection.credentials["accessKeyId"]


async def _send(
    connection: Connection,
    method: str,
    key: str | None,
    *,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    content: bytes = b"",
) -> dict[str, Any]:
    base, host = _place(connection)
    path = _path(connection, base, key)
    parameters = query or {}
    signed = _signer(connection).headers(
        method, path, parameters, {**(headers or {}), "host": host}, content, datetime.now(UTC)
    )
    del signed["host"]
    parts = urlsplit(base)
    url = f"{parts.scheme}://{parts.netloc}{path}"
    try:
        return await connection.request(
            method, url, query=parameters, headers=signed, content=content if method == "PUT" else None
        )
    except HttpStatusError as error:
        raise _refusal(connection, error) from None


def _place(connection: Connection) -> tuple[str, str]:
    """The endpoint, and what stands in the header ``Host``."""
    base = str(connection.config.get("endpoint") or "https://s3.amazonaws.com").rstrip("/")
    parts = urlsplit(base)
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    name = (parts.hostname or "").encode("idna").decode()
    return base, name if parts.port in (None, usual) else f"{name}:{parts.port}"


def _path(connection: Connection, base: str, key: str | None) -> str:
    if key is not None and any(part in (".", "..") for part in key.split("/")):
        raise invalid("'.' and '..' cannot be parts of a key: addresses would lead elsewhere")
    parts = [connection.config["bucket"], *([] if key is None else [key])]
    return urlsplit(base).path.rstrip("/") + canonical_path(*parts)


def _signer(connection: Connection) -> Signer:
    given = connection.credentials
    region = connection.config.get("region", "us-east-1")
    return Signer(given["accessKeyId"], given["secretAccessKey"], region, token=given.get("sessionToken"))


_CREDENTIALS = frozenset(
    {"ExpiredToken", "InvalidAccessKeyId", "InvalidToken", "SignatureDoesNotMatch", "TokenRefreshRequired"}
)
_SLOW = frozenset({"SlowDown", "RequestLimitExceeded", "TooManyRequests"})


def _refusal(connection: Connection, error: HttpStatusError) -> ActionError:
    """What the storage says in XML, as an error of an action."""
    said: dict[str, Any] = {}
    if isinstance(error.body, str):
        try:
            found = read_xml(error.body).get("Error")
            said = cast("dict[str, Any]", found) if isinstance(found, dict) else {}
        except ActionError:
            said = {}
    code = str(said.get("Code") or f"http_{error.status}")
    message = f"{code}: {said.get('Message') or error.message}"
    if code in _CREDENTIALS:
        return connection.unauthorized(message)
    if code in _SLOW:
        return connection.rate_limited(message, error.retry_after)
    details = {"code": code, "status": error.status}
    if error.status == 404:
        return ActionError(message, code="not_found", retryable=False, details=details)
    if error.status == 403:
        return ActionError(message, code="permission_denied", retryable=False, details=details)
    return ActionError(
        message, code=error.code, retryable=error.retryable, retry_after=error.retry_after, details=details
    )
