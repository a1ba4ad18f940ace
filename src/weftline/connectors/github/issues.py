"""Issues and comments."""

from __future__ import annotations

from typing import Any

from weftline.authoring.context import Context
from weftline.authoring.integrations import Connection, path
from weftline.connectors.answers import fields
from weftline.connectors.github.integration import PAGE, REPOSITORY, call, delete, github
from weftline.connectors.schema import Schema, choice, flag, given, lines, listing, optional, record, text, whole

_MAX_ISSUES = 1000
_NUMBER = whole("The issue's.", minimum=1)
_NAMES: Schema = {"type": "string", "minLength": 1}

ISSUE: dict[str, Schema] = {
    "owner": text("Whose repository it is in."),
    "repo": text("The repository's name."),
    "number": whole("By which people know it."),
    "id": whole("By which GitHub knows it."),
    "url": text("For people."),
    "title": text("In a line."),
    "body": optional(text("In Markdown.")),
    "state": text("`open` or `closed`."),
    "author": optional(text("Who has written it.")),
    "labels": listing("By name.", {"type": "string"}),
    "assignees": listing("By login.", {"type": "string"}),
    "createdAt": text("When.", format="date-time"),
    "updatedAt": text("When it last changed.", format="date-time"),
}
"""How an issue is returned."""


def issue(owner: str, repo: str, found: dict[str, Any]) -> dict[str, Any]:
    """An issue as it is returned, of one as GitHub has it."""
    return {
        "owner": owner,
        "repo": repo,
        "number": found["number"],
        "id": found["id"],
        "url": found["html_url"],
        "title": found["title"],
        "body": found.get("body"),
        "state": found["state"],
        "author": fields(found.get("user")).get("login"),
        "labels": [each if isinstance(each, str) else each["name"] for each in found.get("labels", ())],
        "assignees": [each["login"] for each in found.get("assignees") or ()],
        "createdAt": found["created_at"],
        "updatedAt": found["updated_at"],
    }


@github.action(
    "createIssue",
    title="Open an issue",
    input=record(
        {
            **REPOSITORY,
            "title": given("In a line."),
            "body": lines("In Markdown."),
            "labels": listing("By name; those that are missing are made.", _NAMES),
            "assignees": listing("By login.", _NAMES, maxItems=10),
            "milestone": whole("The milestone's number.", minimum=1),
        },
        ["owner", "repo", "title"],
    ),
    output=record(ISSUE, list(ISSUE)),
    example={"owner": "octo-org", "repo": "shop", "title": "Order A-1001 is stuck", "labels": ["bug"]},
    compensate="closeIssue",
)
async def create_issue(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Open an issue in a repository.

    GitHub knows no idempotency keys: where an answer gets lost, the issue may be opened twice.
    """
    wanted = ctx.input
    owner, repo = wanted.pop("owner"), wanted.pop("repo")
    return issue(owner, repo, await call(connection, "POST", path("repos", owner, repo, "issues"), json=wanted))


@github.action(
    "closeIssue",
    title="Close an issue",
    input=record(
        {
            **REPOSITORY,
            "number": _NUMBER,
            "reason": choice("Why.", "completed", "not_planned", default="not_planned"),
        },
        ["owner", "repo", "number"],
        is_open=True,
        description="Takes what `createIssue` returned.",
    ),
    output=record(ISSUE, list(ISSUE)),
    example={"owner": "octo-org", "repo": "shop", "number": 7, "reason": "completed"},
)
async def close_issue(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Close an issue; one that is closed already stays so."""
    wanted = ctx.input
    owner, repo, number = wanted["owner"], wanted["repo"], wanted["number"]
    change = {"state": "closed", "state_reason": wanted.get("reason", "not_planned")}
    found = await call(connection, "PATCH", path("repos", owner, repo, "issues", number), json=change)
    return issue(owner, repo, found)


@github.action(
    "commentIssue",
    title="Comment on an issue",
    input=record(
        {
            **REPOSITORY,
            "number": whole("Of the issue or pull request.", minimum=1),
            "body": lines("In Markdown.", minLength=1),
        },
        ["owner", "repo", "number", "body"],
    ),
    output=record(
        {
            "owner": text("Whose repository it is in."),
            "repo": text("The repository's name."),
            "commentId": whole("By which GitHub knows the comment."),
            "url": text("For people."),
        },
        ["owner", "repo", "commentId", "url"],
    ),
    example={"owner": "octo-org", "repo": "shop", "number": 7, "body": "It was shipped this morning."},
    compensate="deleteComment",
)
async def comment_issue(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Comment on an issue or a pull request."""
    wanted = ctx.input
    owner, repo = wanted["owner"], wanted["repo"]
    target = path("repos", owner, repo, "issues", wanted["number"], "comments")
    found = await call(connection, "POST", target, json={"body": wanted["body"]})
    return {"owner": owner, "repo": repo, "commentId": found["id"], "url": found["html_url"]}


@github.action(
    "deleteComment",
    title="Delete a comment",
    input=record(
        {**REPOSITORY, "commentId": whole("As `commentIssue` returned it.", minimum=1)},
        ["owner", "repo", "commentId"],
        is_open=True,
        description="Takes what `commentIssue` returned.",
    ),
    output=record({"deleted": flag("False: it was gone already.")}, ["deleted"]),
    example={"owner": "octo-org", "repo": "shop", "commentId": 1_700_000_001},
)
async def delete_comment(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Delete a comment; one that is gone already is fine."""
    wanted = ctx.input
    target = path("repos", wanted["owner"], wanted["repo"], "issues", "comments", wanted["commentId"])
    return {"deleted": await delete(connection, target)}


@github.action(
    "listIssues",
    title="List issues",
    input=record(
        {
            **REPOSITORY,
            "state": choice("Which.", "open", "closed", "all", default="open"),
            "labels": listing("Only those with all of these.", _NAMES),
            "assignee": given("Only those of this person; `none` for nobody's, `*` for anybody's."),
            "since": text("Only those that have changed since.", format="date-time"),
            "limit": whole("How many at most.", minimum=1, maximum=_MAX_ISSUES, default=100),
        },
        ["owner", "repo"],
    ),
    output=record(
        {
            "issues": listing("What has changed last comes first.", record(ISSUE, list(ISSUE))),
            "isMore": flag("There are more than were asked for."),
        },
        ["issues", "isMore"],
    ),
    example={"owner": "octo-org", "repo": "shop", "state": "open", "labels": ["bug"]},
)
async def list_issues(ctx: Context, connection: Connection) -> dict[str, Any]:
    """List a repository's issues, without its pull requests."""
    wanted = ctx.input
    owner, repo, limit = wanted["owner"], wanted["repo"], wanted.get("limit", 100)
    query = {name: wanted[name] for name in ("assignee", "since") if name in wanted}
    query |= {"state": wanted.get("state", "open"), "sort": "updated", "direction": "desc", "per_page": PAGE}
    if wanted.get("labels"):
        query["labels"] = ",".join(wanted["labels"])
    issues: list[dict[str, Any]] = []
    page = 1
    while len(issues) <= limit:
        found = await call(connection, "GET", path("repos", owner, repo, "issues"), query={**query, "page": page})
        # to GitHub, every pull request is an issue, too
        issues += [issue(owner, repo, each) for each in found if "pull_request" not in each]
        if len(found) < PAGE:
            break
        page += 1
        ctx.heartbeat()
    return {"issues": issues[:limit], "isMore": len(issues) > limit}
