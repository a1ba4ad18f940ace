"""What workflow authors import::

from weftline.authoring import Context, action

@action("greet")
async def greet(ctx: Context) -> dict[str, str]:
    return {"greeting": f"Hello, {ctx.input['name']}!"}
"""

from weftline.authoring.action import ActionDefinition, ActionRegistry, action, load_actions, registry
from weftline.authoring.context import Context, Result, Tenant
from weftline.authoring.errors import ActionError, DuplicateAction, StepCancelled, UnknownAction

__all__ = [
    "ActionDefinition",
    "ActionError",
    "ActionRegistry",
    "Context",
    "DuplicateAction",
    "Result",
    "StepCancelled",
    "Tenant",
    "UnknownAction",
    "action",
    "load_actions",
    "registry",
]
