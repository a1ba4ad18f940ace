"""Files of repositories."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Any

from weftline.authoring.context import Context
from weftline.authoring.errors import ActionError
from weftline.authoring.integrations import Connection, path
from weftline.connectors.answers import fields
from weftline.connectors.github.integration import REPOSITORY, call, github
from weftline.connectors.schema import choice, flag, given, lines, optional, record, text, whole

_PATH = given("Below the root of the repository, like `docs/index.md`.", pattern="^[^/].*$")
_ENCODING = choice("How the content is written.", "utf-8", "base64", default="utf-8")


@github.action(
    "getFile",
    title="Read a file",
    input=record(
        {**REPOSITORY, "path": _PATH, "ref": given("A branch, a tag or a commit; the default branch, if absent.")},
        ["owner", "repo", "path"],
    ),
    output=record(
        {
            "path": text("Of the file."),
            "sha": text("Of its content, by which Git knows it."),
            "size": whole("Bytes."),
            "url": optional(text("For people.")),
            "content": text("What it holds."),
            "encoding": choice("Base64 where the content is no text.", "utf-8", "base64"),
        },
        ["path", "sha", "size", "url", "content", "encoding"],
    ),
    example={"owner": "octo-org", "repo": "shop", "path": "prices.json", "ref": "main"},
)
async def get_file(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Read a file of a repository, up to 3 MB; where there is none, the step fails with code ``http_404``."""
    wanted = ctx.input
    found = await _file(connection, wanted, wanted.get("ref"))
    content = found.get("content", "")
    if found.get("encoding") == "none":  # of more than 1 MB, a listing holds no content
        blob = path("repos", wanted["owner"], wanted["repo"], "git", "blobs", found["sha"])
        content = (await call(connection, "GET", blob))["content"]
    raw = base64.b64decode(content)
    out = {"path": found["path"], "sha": found["sha"], "size": found["size"], "url": found.get("html_url")}
    try:
        decoded = raw.decode()
    except UnicodeDecodeError:
        decoded = "\0"
    # the database stores no NUL in text
    if "\0" in decoded:
        return {**out, "content": base64.b64encode(raw).decode(), "encoding": "base64"}
    return {**out, "content": decoded, "encoding": "utf-8"}


@github.action(
    "createOrUpdateFile",
    title="Write a file",
    input=record(
        {
            **REPOSITORY,
            "path": _PATH,
            "content": lines("What the file shall hold."),
            "encoding": _ENCODING,
            "message": given("Of the commit."),
            "branch": given("The default branch, if absent."),
            "sha": given("Of the content that is replaced: if another is there, the step fails with code `http_409`."),
        },
        ["owner", "repo", "path", "content", "message"],
    ),
    output=record(
        {
            "path": text("Of the file."),
            "sha": text("Of its content, by which Git knows it."),
            "commit": optional(text("The commit; null where the file held this already.")),
            "isNew": flag("There was no such file."),
            "isChanged": flag("False: the file held this already, and no commit was made."),
        },
        ["path", "sha", "commit", "isNew", "isChanged"],
    ),
    example={
        "owner": "octo-org",
        "repo": "shop",
        "path": "prices.json",
        "content": '{"A-1": 139.9}',
        "message": "New prices",
        "branch": "main",
    },
)
async def create_or_update_file(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Write a file of a repository in a commit of its own; a file that holds the content already is left alone."""
    wanted = ctx.input
    content = _content(wanted)
    sha = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
    present = await _present_sha(connection, wanted)
    out = {"path": wanted["path"], "sha": sha, "isNew": present is None}
    if present == sha:
        return {**out, "commit": None, "isChanged": False}
    change = {"message": wanted["message"], "content": base64.b64encode(content).decode()}
    if "branch" in wanted:
        change["branch"] = wanted["branch"]
    replaced = wanted.get("sha", present)
    if replaced is not None:
        change["sha"] = replaced
    try:
        answer = await call(connection, "PUT", _place(wanted), json=change)
    except ActionError as error:
        if error.code != "http_409" or "sha" in wanted:
            raise
        # somebody else was quicker; the next attempt finds what is there then
        raise ActionError(error.message, code=error.code, retryable=True, details=error.details) from None
    return {**out, "commit": answer["commit"]["sha"], "isChanged": True}


def _content(wanted: dict[str, Any]) -> bytes:
    if wanted.get("encoding", "utf-8") == "utf-8":
        return wanted["content"].encode()
    try:
        return base64.b64decode(wanted["content"], validate=True)
    except binascii.Error:
        message = "github: 'content' is not base64, as 'encoding' says"
        raise ActionError(message, code="invalid_input", retryable=False) from None


async def _present_sha(connection: Connection, wanted: dict[str, Any]) -> str | None:
    try:
        return (await _file(connection, wanted, wanted.get("branch")))["sha"]
    except ActionError as error:
        if error.code != "http_404":
            raise
        return None


async def _file(connection: Connection, wanted: dict[str, Any], ref: str | None) -> dict[str, Any]:
    found = fields(await call(connection, "GET", _place(wanted), query={"ref": ref}))
    if found.get("type") != "file":  # a folder is a list
        message = f"github: '{wanted['path']}' is no file"
        raise ActionError(message, code="not_a_file", retryable=False)
    return found


def _place(wanted: dict[str, Any]) -> str:
    return path("repos", wanted["owner"], wanted["repo"], "contents", *wanted["path"].split("/"))
