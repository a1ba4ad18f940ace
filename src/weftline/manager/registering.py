"""What can be registered with the manager, and publishing it."""

from __future__ import annotations

from typing import Any, Protocol

from weftline.authoring import Workflow, registry, workflows
from weftline.language import validate
from weftline.manager.client import TenantClient
from weftline.manager.errors import Refused, TenantNotAllowed

UNPROCESSABLE, CONFLICT = 422, 409


class Publishable(Protocol):
    """Whatever has a definition: a class of workflows, an object of one, a durable function."""

    def definition(self) -> dict[str, Any]:
        """Makes the definition."""
        ...


def bound(workflow: Publishable) -> Publishable:
    """What is to be published; an object of a workflow's class carries out its steps from now on."""
    if isinstance(workflow, Workflow):
        type(workflow).bind(workflow)
        return type(workflow)
    return workflow


def class_of(workflow: str | Publishable) -> type[Workflow] | None:
    """The class of a workflow that is given by its id, or as something that can be registered; None where it is not
    written as a class."""
    if isinstance(workflow, str):
        return workflows.get(workflow)
    cls = workflow if isinstance(workflow, type) else type(workflow)
    return cls if issubclass(cls, Workflow) else None


def id_of(workflow: str | Publishable) -> str:
    """A workflow's id."""
    return workflow if isinstance(workflow, str) else str(getattr(workflow, "id", None) or workflow.definition()["id"])


def check_tenant(workflow: str | Publishable, tenant: str) -> None:
    """Make sure that a tenant may run a workflow.

    Args:
        workflow: its id, or what was registered.
        tenant: as ``allowed_tenants`` names it.

    Raises:
        TenantNotAllowed: it may not.
    """
    cls = class_of(workflow)
    if cls is not None and cls.allowed_tenants and tenant not in cls.allowed_tenants:
        allowed = ", ".join(cls.allowed_tenants)
        message = f"workflow '{cls.id}' is not for tenant '{tenant}'; it is for {allowed}"
        raise TenantNotAllowed(cls.id, tenant, message)


async def publish(client: TenantClient, document: dict[str, Any]) -> int:
    """Make a definition the published version of its workflow; one that did not change stays what it is.

    Returns:
        The version's number.

    Raises:
        Refused: it is not valid, or may not be published.
    """
    problems = validate(document, registry.names()).problems
    if problems:
        errors = [{"pointer": p.pointer, "message": p.message, "code": p.code, "hint": p.hint} for p in problems]
        raise Refused(UNPROCESSABLE, "invalid_definition", f"the definition is not valid: {problems[0]}", errors)
    try:
        await client.ask("POST", "workflows", body=document)
    except Refused as refused:
        if refused.status != CONFLICT or refused.code != "workflow_exists":
            raise
        await client.ask("PUT", "workflows", document["id"], body=document)
    published = await client.ask("POST", "workflows", document["id"], "publish", body={})
    return published["versionNumber"]
