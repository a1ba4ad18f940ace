"""Releases."""

from __future__ import annotations

from typing import Any

from weftline.authoring.context import Context
from weftline.authoring.integrations import Connection, path
from weftline.connectors.github.integration import REPOSITORY, call, delete, github
from weftline.connectors.schema import flag, given, lines, optional, record, text, whole


@github.action(
    "createRelease",
    title="Publish a release",
    input=record(
        {
            **REPOSITORY,
            "tag": given("Made where it is missing."),
            "target": given("A branch or a commit that a new tag is put on; the default branch, if absent."),
            "name": given("What people call it; the tag, if absent."),
            "body": lines("Notes, in Markdown."),
            "generateNotes": flag("Let GitHub write notes, of what was merged.", default=False),
            "draft": flag("Only those who may write see it.", default=False),
            "prerelease": flag("It is not ready for everybody.", default=False),
        },
        ["owner", "repo", "tag"],
    ),
    output=record(
        {
            "owner": text("Whose repository it is in."),
            "repo": text("The repository's name."),
            "releaseId": whole("By which GitHub knows it."),
            "tag": text("The tag."),
            "name": optional(text("What people call it.")),
            "url": text("For people."),
            "draft": flag("Only those who may write see it."),
        },
        ["owner", "repo", "releaseId", "tag", "name", "url", "draft"],
    ),
    example={"owner": "octo-org", "repo": "shop", "tag": "v1.4.0", "generateNotes": True},
    compensate="deleteRelease",
)
async def create_release(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Publish a release of a repository; where the tag has one already, the step fails with code ``http_422``."""
    wanted = ctx.input
    owner, repo = wanted["owner"], wanted["repo"]
    message = {name: wanted[name] for name in ("name", "body", "draft", "prerelease") if name in wanted}
    message["tag_name"] = wanted["tag"]
    if "target" in wanted:
        message["target_commitish"] = wanted["target"]
    if "generateNotes" in wanted:
        message["generate_release_notes"] = wanted["generateNotes"]
    found = await call(connection, "POST", path("repos", owner, repo, "releases"), json=message)
    return {
        "owner": owner,
        "repo": repo,
        "releaseId": found["id"],
        "tag": found["tag_name"],
        "name": found.get("name"),
        "url": found["html_url"],
        "draft": found["draft"],
    }


@github.action(
    "deleteRelease",
    title="Delete a release",
    input=record(
        {**REPOSITORY, "releaseId": whole("As `createRelease` returned it.", minimum=1)},
        ["owner", "repo", "releaseId"],
        is_open=True,
        description="Takes what `createRelease` returned.",
    ),
    output=record({"deleted": flag("False: it was gone already.")}, ["deleted"]),
    example={"owner": "octo-org", "repo": "shop", "releaseId": 4711},
)
async def delete_release(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Delete a release; its tag stays. One that is gone already is fine."""
    wanted = ctx.input
    target = path("repos", wanted["owner"], wanted["repo"], "releases", wanted["releaseId"])
    return {"deleted": await delete(connection, target)}
