"""Workflows of GitHub Actions."""

from __future__ import annotations

from typing import Any

from weftline.authoring.context import Context
from weftline.authoring.integrations import Connection, path
from weftline.connectors.github.integration import REPOSITORY, call, github
from weftline.connectors.schema import flag, given, mapping, record


@github.action(
    "dispatchWorkflow",
    title="Start a workflow",
    input=record(
        {
            **REPOSITORY,
            "workflow": given("Name of its file, like `deploy.yml`, or its id."),
            "ref": given("The branch or tag whose workflow runs.", default="main"),
            "inputs": mapping(
                "By name, as the workflow declares them.", {"type": ["string", "number", "boolean"]}, maxProperties=25
            ),
        },
        ["owner", "repo", "workflow"],
    ),
    output=record({"dispatched": flag("GitHub has taken the wish; the run begins a little later.")}, ["dispatched"]),
    example={
        "owner": "octo-org",
        "repo": "shop",
        "workflow": "deploy.yml",
        "ref": "main",
        "inputs": {"environment": "staging"},
    },
)
async def dispatch_workflow(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Start a workflow of GitHub Actions that is declared with ``workflow_dispatch``."""
    wanted = ctx.input
    target = path("repos", wanted["owner"], wanted["repo"], "actions", "workflows", wanted["workflow"], "dispatches")
    inputs = {name: _written(value) for name, value in wanted.get("inputs", {}).items()}
    await call(connection, "POST", target, json={"ref": wanted.get("ref", "main"), "inputs": inputs})
    return {"dispatched": True}


def _written(value: str | float | bool) -> str:
    """An input of a workflow: each is a text."""
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
