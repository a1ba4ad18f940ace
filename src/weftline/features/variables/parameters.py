"""What routes of variables take from a request."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path, Request

from weftline.features.access.caller import Caller
from weftline.features.access.http import requires
from weftline.features.variables import examples
from weftline.features.variables.permissions import READ, WRITE
from weftline.features.variables.schemas import KEY
from weftline.features.variables.service import TENANT
from weftline.features.workflows.parameters import WorkflowId

Reader = Annotated[Caller, requires(READ)]
Writer = Annotated[Caller, requires(WRITE)]
VariableKey = Annotated[str, Path(pattern=KEY, description="The variable's name.", examples=[examples.KEY])]


def _scope(request: Request) -> str:
    return request.path_params.get("workflow_id", TENANT)


def in_workflow(workflow_id: WorkflowId) -> None:
    """Lets the OpenAPI document know the parameter of a workflow's path."""


Scope = Annotated[str, Depends(_scope)]
"""Whose variables: a workflow's, or the tenant's."""
