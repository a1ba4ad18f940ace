"""Workflows in programs of one's own::

from weftline.manager import WorkflowManager

async with WorkflowManager() as manager:
    await manager.register(UserRegistration)
    result = await manager.execute("user-registration", {"email": "ada@example.com"})
"""

from weftline.manager.context import WorkflowContext
from weftline.manager.errors import ManagerError, NotStarted, Refused, TenantNotAllowed, Unreachable
from weftline.manager.manager import WorkflowManager
from weftline.manager.results import WorkflowExecution
from weftline.manager.statistics import WorkflowStatistics
from weftline.manager.web import RequestWorkflow, User, WorkflowMiddleware, run_workflow, use_workflows
from weftline.manager.web_answers import WorkflowFailed

__all__ = [
    "ManagerError",
    "NotStarted",
    "Refused",
    "RequestWorkflow",
    "TenantNotAllowed",
    "Unreachable",
    "User",
    "WorkflowContext",
    "WorkflowExecution",
    "WorkflowFailed",
    "WorkflowManager",
    "WorkflowMiddleware",
    "WorkflowStatistics",
    "run_workflow",
    "use_workflows",
]
