"""What happens in repositories, found by asking again and again.

GitHub's webhooks need no asking; see :mod:`weftline.connectors.github.webhook`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from weftline.authoring.errors import ActionError
from weftline.authoring.integrations import Connection, Item, Poll, path
from weftline.connectors.answers import fields
from weftline.connectors.github.integration import PAGE, REPOSITORY, call, github
from weftline.connectors.github.issues import ISSUE, issue
from weftline.connectors.schema import Schema, flag, given, listing, optional, record, text

_COMMIT: dict[str, Schema] = {
    "sha": text("The commit."),
    "message": text("What its author says of it."),
    "author": optional(text("The author's name.")),
    "url": text("For people."),
}


@github.trigger(
    "newIssue",
    title="New issue",
    type="POLLING",
    config=record(
        {**REPOSITORY, "labels": listing("Only those with all of these.", {"type": "string", "minLength": 1})},
        ["owner", "repo"],
    ),
    output=record(ISSUE, list(ISSUE)),
    example={
        "owner": "octo-org",
        "repo": "shop",
        "number": 7,
        "id": 1_700_000_001,
        "url": "https://github.com/octo-org/shop/issues/7",
        "title": "Order A-1001 is stuck",
        "body": "It waits since Monday.",
        "state": "open",
        "author": "ada",
        "labels": ["bug"],
        "assignees": [],
        "createdAt": "2026-01-31T12:00:00Z",
        "updatedAt": "2026-01-31T12:00:00Z",
    },
)
async def new_issue(connection: Connection, config: Mapping[str, Any], cursor: Any) -> Poll:
    """An issue was opened in a repository; those that are there when the trigger is switched on do not count."""
    owner, repo = config["owner"], config["repo"]
    # GitHub numbers the issues of a repository in the order in which they come
    since = -1 if cursor is None else int(cursor["number"])
    query: dict[str, Any] = {"state": "all", "sort": "created", "direction": "desc", "per_page": PAGE}
    if config.get("labels") and cursor is not None:
        query["labels"] = ",".join(config["labels"])
    found: list[dict[str, Any]] = []
    page = 1
    while True:
        batch = await call(connection, "GET", path("repos", owner, repo, "issues"), query={**query, "page": page})
        found += [each for each in batch if each["number"] > since]
        if cursor is None or len(batch) < PAGE or batch[-1]["number"] <= since:
            break
        page += 1
    newest = max((each["number"] for each in found), default=since)
    if cursor is None:
        return Poll((), {"number": max(newest, 0)})
    opened = sorted((each for each in found if "pull_request" not in each), key=lambda each: each["number"])
    items = [Item(str(each["id"]), issue(owner, repo, each)) for each in opened]
    return Poll(items, {"number": newest})


@github.trigger(
    "push",
    title="Push",
    type="POLLING",
    config=record(
        {**REPOSITORY, "branch": given("The default branch, if absent.")},
        ["owner", "repo"],
    ),
    output=record(
        {
            "owner": text("Whose repository it is."),
            "repo": text("The repository's name."),
            "branch": text("Which branch has changed."),
            "before": text("The commit that it stood at."),
            "after": text("The commit that it stands at."),
            "isForced": flag("The old commit is none of the branch any more."),
            "commits": listing("What is new, the oldest first; the last 250.", record(_COMMIT, list(_COMMIT))),
            "url": text("The difference, for people."),
            "foundAt": text("When it was noticed.", format="date-time"),
        },
        ["owner", "repo", "branch", "before", "after", "isForced", "commits", "url", "foundAt"],
    ),
    example={
        "owner": "octo-org",
        "repo": "shop",
        "branch": "main",
        "before": "6dcb09b5b57875f334f61aebed695e2e4193db5e",
        "after": "7638417db6d59f3c431d3e1f261cc637155684cd",
        "isForced": False,
        "commits": [
            {
                "sha": "7638417db6d59f3c431d3e1f261cc637155684cd",
                "message": "New prices",
                "author": "Ada",
                "url": "https://github.com/octo-org/shop/commit/7638417",
            }
        ],
        "url": "https://github.com/octo-org/shop/compare/6dcb09b...7638417",
        "foundAt": "2026-01-31T12:00:00Z",
    },
)
async def push(connection: Connection, config: Mapping[str, Any], cursor: Any) -> Poll:
    """A branch of a repository has moved to another commit."""
    owner, repo = config["owner"], config["repo"]
    branch = config.get("branch") or (await call(connection, "GET", path("repos", owner, repo)))["default_branch"]
    head = (await call(connection, "GET", path("repos", owner, repo, "branches", branch)))["commit"]["sha"]
    known = {"branch": branch, "sha": head}
    if cursor is None or cursor["branch"] != branch or cursor["sha"] == head:
        return Poll((), known)
    before = cursor["sha"]
    payload: dict[str, Any] = {
        "owner": owner,
        "repo": repo,
        "branch": branch,
        "before": before,
        "after": head,
        "foundAt": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        **await _difference(connection, owner, repo, before, head),
    }
    return Poll([Item(f"{before}...{head}", payload)], known)


async def _difference(connection: Connection, owner: str, repo: str, before: str, after: str) -> dict[str, Any]:
    """What came between two commits. After a forced push, GitHub may have forgotten the old one."""
    try:
        found = await call(connection, "GET", path("repos", owner, repo, "compare", f"{before}...{after}"))
    except ActionError as error:
        if error.code != "http_404":
            raise
        commit = await call(connection, "GET", path("repos", owner, repo, "commits", after))
        return {"isForced": True, "commits": [_commit(commit)], "url": commit["html_url"]}
    return {
        "isForced": found["status"] in ("diverged", "behind"),
        "commits": [_commit(each) for each in found["commits"]],
        "url": found["html_url"],
    }


def _commit(found: dict[str, Any]) -> dict[str, Any]:
    commit = found["commit"]
    return {
        "sha": found["sha"],
        "message": commit["message"],
        "author": fields(commit.get("author")).get("name"),
        "url": found["html_url"],
    }
