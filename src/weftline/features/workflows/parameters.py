"""What the routes of workflows have in common."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Response

from weftline.features.http.conditional import etag
from weftline.features.http.paging import MAX_NUMBER
from weftline.features.workflows.changing import Workflow
from weftline.features.workflows.schemas import WorkflowDetail

WorkflowId = Annotated[
    str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$", description="Its id.", examples=["greeting"])
]
VersionNumber = Annotated[int, Path(ge=1, le=MAX_NUMBER, description="A version's number.", examples=[1])]


def detail(workflow: Workflow, response: Response) -> WorkflowDetail:
    """A workflow as it is answered, with its state in the response's ``ETag``."""
    response.headers.update(etag(workflow.template.etag))
    return WorkflowDetail.of(workflow)
