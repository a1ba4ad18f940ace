"""Issues, files, releases and workflows of repositories on a server that answers as GitHub's REST API does."""

from __future__ import annotations

import hashlib
import time
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.connectors.server import Answer, FakeServer, Request, refusal, running
from weftline.authoring import ActionError
from weftline.authoring.integrations import OpenedConnection, Poll
from weftline.connectors.github import github
from weftline.testing.connectors import call, connected

TOKEN = "ghp_1"
SHOP = {"owner": "octo-org", "repo": "shop"}
LARGE = 1_000_000


def sha_of(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class Repository(FakeServer):
    """One repository, ``octo-org/shop``."""

    def __init__(self) -> None:
        super().__init__()
        self.issues: dict[int, dict[str, Any]] = {}
        self.comments: dict[int, str] = {}
        self.files: dict[str, bytes] = {"README.md": b"# Shop\n"}
        self.releases: dict[int, dict[str, Any]] = {}
        self.dispatched: list[dict[str, Any]] = []
        self.commits: list[str] = ["a" * 40]
        self.forgotten: set[str] = set()

    def answer(self, request: Request) -> Answer:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return Answer(401, {"message": "Bad credentials", "documentation_url": "https://docs.github.com/rest"})
        assert request.headers["accept"] == "application/vnd.github+json"
        assert request.headers["x-github-api-version"] == "2022-11-28"
        assert request.headers["user-agent"]
        match request.parts:
            case ["api", "v3", "user"]:
                return Answer(200, {"login": "ada"})
            case ["api", "v3", "rate_limit"]:
                return Answer(200, {"resources": {}})
            case ["api", "v3", "repos", "octo-org", "shop", *rest]:
                return self.repository(request, rest)
            case _:
                return Answer(404, {"message": "Not Found"})

    def repository(self, request: Request, rest: list[str]) -> Answer:
        match request.method, rest:
            case "GET", []:
                return Answer(200, {"default_branch": "main"})
            case "POST", ["issues"]:
                return self.open_issue(request.json)
            case "GET", ["issues"]:
                return self.list_issues(request)
            case "PATCH", ["issues", number] if int(number) in self.issues:
                self.issues[int(number)] |= {"state": request.json["state"]}
                return Answer(200, self.issues[int(number)])
            case "POST", ["issues", number, "comments"] if int(number) in self.issues:
                self.comments[900 + len(self.comments)] = request.json["body"]
                return Answer(201, {"id": max(self.comments), "html_url": f"https://github.com/#{max(self.comments)}"})
            case "DELETE", ["issues", "comments", id] if self.comments.pop(int(id), None) is not None:
                return Answer(204)
            case "GET", ["contents", *parts]:
                return self.contents("/".join(parts))
            case "PUT", ["contents", *parts]:
                return self.write("/".join(parts), request.json)
            case "GET", ["git", "blobs", sha]:
                [content] = [each for each in self.files.values() if sha_of(each) == sha]
                return Answer(200, {"sha": sha, "content": b64encode(content).decode(), "encoding": "base64"})
            case "POST", ["releases"]:
                return self.release(request.json)
            case "DELETE", ["releases", id] if self.releases.pop(int(id), None) is not None:
                return Answer(204)
            case "POST", ["actions", "workflows", "deploy.yml", "dispatches"]:
                if not all(isinstance(value, str) for value in request.json["inputs"].values()):
                    return Answer(422, {"message": "Invalid request", "errors": ["inputs must be strings"]})
                self.dispatched.append(request.json)
                return Answer(204)
            case "GET", ["branches", "main"]:
                return Answer(200, {"name": "main", "commit": {"sha": self.commits[-1]}})
            case "GET", ["compare", basehead]:
                return self.compare(*basehead.split("..."))
            case "GET", ["commits", sha]:
                return Answer(200, self.commit(sha))
            case _:
                return Answer(404, {"message": "Not Found"})

    def open_issue(self, wanted: dict[str, Any], *, is_pull: bool = False) -> Answer:
        if not wanted.get("title"):
            problem = {"resource": "Issue", "field": "title", "code": "missing_field"}
            return Answer(422, {"message": "Validation Failed", "errors": [problem]})
        number = len(self.issues) + 1
        found = {
            "id": 1_000 + number,
            "number": number,
            "html_url": f"https://github.com/octo-org/shop/issues/{number}",
            "title": wanted["title"],
            "body": wanted.get("body"),
            "state": "open",
            "user": {"login": "ada"},
            "labels": [{"name": name} for name in wanted.get("labels", ())],
            "assignees": [{"login": name} for name in wanted.get("assignees", ())],
            "created_at": "2026-01-31T12:00:00Z",
            "updated_at": "2026-01-31T12:00:00Z",
        }
        if is_pull:
            found["pull_request"] = {"url": "https://api.github.com/repos/octo-org/shop/pulls/1"}
        self.issues[number] = found
        return Answer(201, found)

    def list_issues(self, request: Request) -> Answer:
        labels = set((request.asked("labels") or "").split(",")) - {""}
        state = request.asked("state")
        found = [
            each
            for each in sorted(self.issues.values(), key=lambda each: each["number"], reverse=True)
            if labels <= {label["name"] for label in each["labels"]} and state in ("all", each["state"])
        ]
        size, page = int(request.asked("per_page") or 30), int(request.asked("page") or 1)
        assert size <= 100
        return Answer(200, found[size * (page - 1) : size * page])

    def contents(self, path: str) -> Answer:
        content = self.files.get(path)
        if content is None:
            below = [{"type": "file", "path": name} for name in self.files if name.startswith(f"{path}/")]
            return Answer(200, below) if below else Answer(404, {"message": "Not Found"})
        found = {"type": "file", "path": path, "sha": sha_of(content), "size": len(content), "html_url": "https://x"}
        if len(content) > LARGE:
            return Answer(200, {**found, "content": "", "encoding": "none"})
        return Answer(200, {**found, "content": b64encode(content).decode() + "\n", "encoding": "base64"})

    def write(self, path: str, wanted: dict[str, Any]) -> Answer:
        present = self.files.get(path)
        if present is not None and "sha" not in wanted:
            return Answer(422, {"message": 'Invalid request.\n\n"sha" wasn\'t supplied.'})
        if present is not None and wanted["sha"] != sha_of(present):
            return Answer(409, {"message": f"{path} does not match {wanted['sha']}"})
        self.files[path] = b64decode(wanted["content"])
        self.commits.append(f"{len(self.commits):040x}")
        content = {"sha": sha_of(self.files[path])}
        return Answer(200 if present else 201, {"content": content, "commit": {"sha": self.commits[-1]}})

    def release(self, wanted: dict[str, Any]) -> Answer:
        if any(each["tag_name"] == wanted["tag_name"] for each in self.releases.values()):
            problem = {"resource": "Release", "code": "already_exists", "field": "tag_name"}
            return Answer(422, {"message": "Validation Failed", "errors": [problem]})
        id = len(self.releases) + 1
        self.releases[id] = {"id": id, "name": None, "draft": False, "html_url": "https://x", **wanted}
        return Answer(201, self.releases[id])

    def commit(self, sha: str) -> dict[str, Any]:
        author = {"name": "Ada", "email": "ada@example.com"}
        return {
            "sha": sha,
            "html_url": f"https://github.com/{sha}",
            "commit": {"message": f"m {sha}", "author": author},
        }

    def compare(self, before: str, after: str) -> Answer:
        if before in self.forgotten:
            return Answer(404, {"message": "Not Found"})
        behind = before in self.commits
        start = self.commits.index(before) + 1 if behind else 0
        commits = [self.commit(sha) for sha in self.commits[start : self.commits.index(after) + 1]]
        status = "ahead" if behind else "diverged"
        return Answer(200, {"status": status, "commits": commits, "html_url": "https://github.com/compare"})


@pytest.fixture
async def repository() -> AsyncIterator[Repository]:
    async with running(Repository()) as server:
        yield server


@pytest.fixture
async def connection(repository: Repository) -> AsyncIterator[OpenedConnection]:
    config = {"baseUrl": f"{repository.url}/api/v3"}
    async with connected(github, auth="BEARER", config=config, credentials={"token": TOKEN}) as connection:
        yield connection


async def poll(trigger: str, connection: OpenedConnection, cursor: Any, **config: Any) -> Poll:
    """One look, as the platform takes it."""
    body: Any = github.triggers[trigger].body
    return await body(connection, {**SHOP, **config}, cursor)


# --- issues ---------------------------------------------------------------------------------------------------------


async def test_an_issue_is_opened_commented_on_and_closed(repository: Repository, connection: OpenedConnection):
    opened = await call("github.createIssue", connection, **SHOP, title="Stuck", body="since *Monday*", labels=["bug"])
    assert (opened["number"], opened["state"], opened["labels"], opened["author"]) == (1, "open", ["bug"], "ada")
    assert "owner" not in repository.requests[-1].json
    comment = await call("github.commentIssue", connection, **SHOP, number=1, body="shipped")
    assert repository.comments == {comment["commentId"]: "shipped"}
    # what was done is undone by what it returned
    assert await call("github.deleteComment", connection, **comment) == {"deleted": True}
    assert await call("github.deleteComment", connection, **comment) == {"deleted": False}
    closed = await call("github.closeIssue", connection, **opened)
    assert (closed["state"], repository.issues[1]["state"]) == ("closed", "closed")
    assert repository.requests[-1].json == {"state": "closed", "state_reason": "not_planned"}


async def test_what_is_wrong_with_which_field_is_told(repository: Repository, connection: OpenedConnection):
    problem = {"resource": "Issue", "field": "assignees", "code": "invalid"}
    repository.failures = [Answer(422, {"message": "Validation Failed", "errors": [problem]})]
    error = await refusal("github.createIssue", connection, **SHOP, title="x", assignees=["nobody"])
    assert (error.code, error.retryable) == ("http_422", False)
    assert error.message == "github: Validation Failed (assignees invalid)"


async def test_issues_are_listed_page_by_page_without_pull_requests(
    repository: Repository, connection: OpenedConnection
):
    for number in range(150):
        repository.open_issue({"title": f"n {number}"}, is_pull=number % 10 == 0)
    found = await call("github.listIssues", connection, **SHOP, limit=120)
    assert (len(found["issues"]), found["isMore"]) == (120, True)
    assert found["issues"][0]["number"] == 150
    assert [request.asked("page") for request in repository.requests] == ["1", "2"]
    found = await call("github.listIssues", connection, **SHOP, limit=200)
    assert (len(found["issues"]), found["isMore"]) == (135, False)


async def test_a_name_leads_to_no_other_address(repository: Repository, connection: OpenedConnection):
    error = await refusal("github.listIssues", connection, owner="..", repo="user")
    assert (error.code, repository.requests) == ("invalid_input", [])
    error = await refusal("github.listIssues", connection, owner="octo-org/shop/issues?x=", repo="y")
    assert (error.code, repository.requests[0].path.count("/")) == ("http_404", 6)


# --- files ----------------------------------------------------------------------------------------------------------


async def test_a_file_is_read(repository: Repository, connection: OpenedConnection):
    found = await call("github.getFile", connection, **SHOP, path="README.md", ref="v1")
    assert (found["content"], found["encoding"], found["size"]) == ("# Shop\n", "utf-8", 7)
    assert found["sha"] == sha_of(b"# Shop\n")
    assert repository.requests[0].asked("ref") == "v1"


async def test_a_file_that_is_no_text_or_large_is_read_too(repository: Repository, connection: OpenedConnection):
    repository.files = {"a b/logo.png": b"\x89PNG\0", "large.txt": b"x" * (LARGE + 1)}
    logo = await call("github.getFile", connection, **SHOP, path="a b/logo.png")
    assert (b64decode(logo["content"]), logo["encoding"]) == (b"\x89PNG\0", "base64")
    assert len((await call("github.getFile", connection, **SHOP, path="large.txt"))["content"]) == LARGE + 1
    assert (await refusal("github.getFile", connection, **SHOP, path="a b")).code == "not_a_file"
    assert (await refusal("github.getFile", connection, **SHOP, path="none")).code == "http_404"


async def test_a_file_is_written_once_however_often_it_is_tried(repository: Repository, connection: OpenedConnection):
    wanted = {**SHOP, "path": "prices.json", "content": '{"A-1": 1}', "message": "New prices", "branch": "main"}
    first = await call("github.createOrUpdateFile", connection, **wanted)
    assert (first["isNew"], first["isChanged"], first["commit"]) == (True, True, repository.commits[-1])
    again = await call("github.createOrUpdateFile", connection, **wanted)
    assert (again["isNew"], again["isChanged"], again["commit"]) == (False, False, None)
    assert again["sha"] == first["sha"] == sha_of(repository.files["prices.json"])
    changed = await call("github.createOrUpdateFile", connection, **{**wanted, "content": "{}"})
    assert (changed["isNew"], changed["isChanged"]) == (False, True)
    assert repository.files["prices.json"] == b"{}"
    assert len(repository.commits) == 3


async def test_a_file_that_somebody_else_changed_meanwhile(repository: Repository, connection: OpenedConnection):
    wanted = {**SHOP, "path": "README.md", "content": "new", "message": "m"}
    error = await refusal("github.createOrUpdateFile", connection, **wanted, sha=sha_of(b"what I read"))
    assert (error.code, error.retryable) == ("http_409", False)
    # without a content that it must replace, the next attempt looks again
    present = repository.contents("README.md")
    repository.failures = [present, Answer(409, {"message": "README.md does not match"})]
    error = await refusal("github.createOrUpdateFile", connection, **wanted)
    assert (error.code, error.retryable) == ("http_409", True)


async def test_content_in_base64_is_written_as_bytes(repository: Repository, connection: OpenedConnection):
    wanted = {**SHOP, "path": "logo.png", "encoding": "base64", "message": "m"}
    await call("github.createOrUpdateFile", connection, **wanted, content=b64encode(b"\x89PNG").decode())
    assert repository.files["logo.png"] == b"\x89PNG"
    assert (await refusal("github.createOrUpdateFile", connection, **wanted, content="?")).code == "invalid_input"


# --- releases and workflows -----------------------------------------------------------------------------------------


async def test_a_release_is_published_and_deleted(repository: Repository, connection: OpenedConnection):
    released = await call("github.createRelease", connection, **SHOP, tag="v1", target="main", generateNotes=True)
    assert (released["tag"], released["draft"]) == ("v1", False)
    assert repository.requests[-1].json == {
        "tag_name": "v1",
        "target_commitish": "main",
        "generate_release_notes": True,
    }
    error = await refusal("github.createRelease", connection, **SHOP, tag="v1")
    assert error.message == "github: Validation Failed (tag_name already_exists)"
    assert await call("github.deleteRelease", connection, **released) == {"deleted": True}
    assert await call("github.deleteRelease", connection, **released) == {"deleted": False}


async def test_a_workflow_is_started_with_inputs_as_texts(repository: Repository, connection: OpenedConnection):
    inputs = {"environment": "staging", "dryRun": True, "count": 3}
    await call("github.dispatchWorkflow", connection, **SHOP, workflow="deploy.yml", inputs=inputs)
    texts = {"environment": "staging", "dryRun": "true", "count": "3"}
    assert repository.dispatched == [{"ref": "main", "inputs": texts}]


# --- limits and credentials -----------------------------------------------------------------------------------------


async def test_spent_limits_hold_the_step_until_they_are_renewed(repository: Repository, connection: OpenedConnection):
    spent = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(time.time()) + 600)}
    repository.failures = [
        Answer(403, {"message": "API rate limit exceeded"}, spent),
        Answer(403, {"message": "You have exceeded a secondary rate limit."}, {"Retry-After": "60"}),
        Answer(429, {"message": "API rate limit exceeded"}, {"Retry-After": "7"}),
        Answer(403, {"message": "Resource not accessible by personal access token"}),
    ]
    primary, secondary, too_many, forbidden = [await refusal("github.listIssues", connection, **SHOP) for _ in range(4)]
    assert [each.code for each in (primary, secondary, too_many)] == ["rate_limited"] * 3
    assert primary.retry_after is not None
    assert 590 < primary.retry_after <= 600
    assert (secondary.retry_after, too_many.retry_after) == (60.0, 7.0)
    assert (forbidden.code, forbidden.retryable) == ("http_403", False)
    assert "not accessible" in forbidden.message


async def test_a_connection_is_tried(repository: Repository, connection: OpenedConnection):
    tester: Any = github.tester
    assert await tester(connection) == "ada"
    # a token of an app is nobody's
    repository.failures = [Answer(403, {"message": "Resource not accessible by integration"})]
    assert await tester(connection) is None
    connection.credentials = {"token": "old"}
    with pytest.raises(ActionError) as raised:
        await tester(connection)
    assert raised.value.code == "connection_unauthorized"


# --- triggers -------------------------------------------------------------------------------------------------------


async def test_new_issues_are_found_once_and_in_order(repository: Repository, connection: OpenedConnection):
    repository.open_issue({"title": "old"})
    first = await poll("newIssue", connection, None)
    assert first.items == ()
    assert list((await poll("newIssue", connection, first.cursor)).items) == []
    for number in range(120):
        repository.open_issue({"title": f"n {number}"}, is_pull=number == 5)
    second = await poll("newIssue", connection, first.cursor)
    assert [item.payload["number"] for item in second.items] == [n for n in range(2, 122) if n != 7]
    assert len({item.id for item in second.items}) == 119
    assert list((await poll("newIssue", connection, second.cursor)).items) == []


async def test_new_issues_of_an_empty_repository_are_found(repository: Repository, connection: OpenedConnection):
    first = await poll("newIssue", connection, None)
    repository.open_issue({"title": "first"})
    [item] = (await poll("newIssue", connection, first.cursor)).items
    assert item.payload["title"] == "first"


async def test_only_issues_with_the_labels_are_found(repository: Repository, connection: OpenedConnection):
    first = await poll("newIssue", connection, None, labels=["bug"])
    repository.open_issue({"title": "a", "labels": ["bug", "ui"]})
    repository.open_issue({"title": "b", "labels": ["ui"]})
    [item] = (await poll("newIssue", connection, first.cursor, labels=["bug"])).items
    assert item.payload["title"] == "a"


async def test_a_push_is_found_with_its_commits(repository: Repository, connection: OpenedConnection):
    first = await poll("push", connection, None)
    assert (first.items, first.cursor) == ((), {"branch": "main", "sha": "a" * 40})
    repository.commits += ["b" * 40, "c" * 40]
    second = await poll("push", connection, first.cursor)
    [item] = second.items
    assert (item.payload["before"], item.payload["after"]) == ("a" * 40, "c" * 40)
    assert [commit["sha"][0] for commit in item.payload["commits"]] == ["b", "c"]
    assert item.payload["isForced"] is False
    assert list((await poll("push", connection, second.cursor)).items) == []


@pytest.mark.parametrize("is_forgotten", [False, True])
async def test_a_forced_push_is_found(repository: Repository, connection: OpenedConnection, is_forgotten: bool):
    first = await poll("push", connection, None)
    repository.commits = ["d" * 40]
    if is_forgotten:
        repository.forgotten = {"a" * 40}
    [item] = (await poll("push", connection, first.cursor)).items
    assert (item.payload["isForced"], item.payload["after"]) == (True, "d" * 40)
    assert [commit["sha"] for commit in item.payload["commits"]] == ["d" * 40]
