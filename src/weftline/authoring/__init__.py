"""What workflow authors import::

from weftline.authoring import Context, action

@action("greet")
async def greet(ctx: Context) -> dict[str, str]:
    return {"greeting": f"Hello, {ctx.input['name']}!"}
"""

from weftline.authoring.action import ActionDefinition, ActionRegistry, action, load_actions, registry
from weftline.authoring.context import Context, Tenant
from weftline.authoring.errors import ActionError, DuplicateAction, HttpStatusError, StepCancelled, UnknownAction
from weftline.authoring.function import DurableFunction, InvalidFunction, durable
from weftline.authoring.function_context import FunctionContext, NotDurable, StepFailed, WaitTimedOut
from weftline.authoring.result import Result
from weftline.authoring.steps import InvalidWorkflow, step
from weftline.authoring.surroundings import AuditNote, Metrics, RequestInfo
from weftline.authoring.tenant_workflow import CrossTenantWorkflow, TenantWorkflow, WorkflowFactory
from weftline.authoring.workflow import ErrorHandling, Workflow
from weftline.authoring.workflow_registry import WorkflowRegistry, workflows
from weftline.model.errors import WorkflowError
from weftline.model.retry import RetryPolicy

__all__ = [
    "ActionDefinition",
    "ActionError",
    "ActionRegistry",
    "AuditNote",
    "Context",
    "CrossTenantWorkflow",
    "DuplicateAction",
    "DurableFunction",
    "ErrorHandling",
    "FunctionContext",
    "HttpStatusError",
    "InvalidFunction",
    "InvalidWorkflow",
    "Metrics",
    "NotDurable",
    "RequestInfo",
    "Result",
    "RetryPolicy",
    "StepCancelled",
    "StepFailed",
    "Tenant",
    "TenantWorkflow",
    "UnknownAction",
    "WaitTimedOut",
    "Workflow",
    "WorkflowError",
    "WorkflowFactory",
    "WorkflowRegistry",
    "action",
    "durable",
    "load_actions",
    "registry",
    "step",
    "workflows",
]
