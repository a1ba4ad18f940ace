"""What plugins refuse, as problem documents: the status says of which kind it is, ``pluginCode`` what it is."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from weftline.authoring.plugin import PluginProblem, RecordChanged, RecordInvalid
from weftline.features.errors import DomainError, FieldError


class PluginRefusal(DomainError):
    """A plugin refuses a request.

    Args:
        plugin_id: which plugin.
        problem: what it says.
    """

    def __init__(self, plugin_id: str, problem: PluginProblem) -> None:
        errors = [FieldError(each.pointer, each.message, each.code) for each in problem.errors]
        super().__init__(problem.message, errors)
        self.members = {"pluginCode": f"{plugin_id}.{problem.code}"}


class PluginForbids(PluginRefusal):
    """Whoever asks may not."""

    status = 403
    code = "plugin_forbids"
    title = "Forbidden by the plugin"


class PluginFindsNothing(PluginRefusal):
    """What it is about does not exist."""

    status = 404
    code = "plugin_finds_nothing"
    title = "Not found by the plugin"


class PluginConflict(PluginRefusal):
    """It contradicts what is already so."""

    status = 409
    code = "plugin_conflict"
    title = "Conflict"


class PluginRefuses(PluginRefusal):
    """It can be read, and is not valid."""

    status = 422
    code = "plugin_refuses"
    title = "Not valid"


class PluginUnavailable(PluginRefusal):
    """Not now."""

    status = 503
    code = "plugin_unavailable"
    title = "Plugin not available"


REFUSALS: Mapping[int, type[PluginRefusal]] = MappingProxyType(
    {
        each.status: each
        for each in (PluginForbids, PluginFindsNothing, PluginConflict, PluginRefuses, PluginUnavailable)
    }
)
"""By status."""


def refusal(plugin_id: str, problem: PluginProblem | RecordChanged | RecordInvalid) -> PluginRefusal:
    """What a plugin's handler has raised, as it is answered."""
    match problem:
        case RecordChanged():
            problem = PluginProblem(409, "record_changed", str(problem))
        case RecordInvalid():
            problem = PluginProblem(422, "invalid_record", f"It cannot be kept: {problem}.")
        case PluginProblem():
            pass
    return REFUSALS[problem.status](plugin_id, problem)
