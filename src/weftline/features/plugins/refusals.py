"""What plugins refuse, as problem documents: the status says of which kind it is, ``pluginCode`` what it is."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from weftline.authoring.plugin import PluginProblem, RecordChanged, RecordInvalid
from weftline.features.errors import Conflict, DomainError, FieldError, Forbidden, Invalid, NotFound


class PluginForbids(Forbidden):
    """Whoever asks may not."""

    code = "plugin_forbids"
    title = "Forbidden by the plugin"


class PluginFindsNothing(NotFound):
    """What it is about does not exist."""

    code = "plugin_finds_nothing"
    title = "Not found by the plugin"


class PluginConflict(Conflict):
    """It contradicts what is already so."""

    code = "plugin_conflict"


class PluginRefuses(Invalid):
    """It can be read, and is not valid."""

    code = "plugin_refuses"


class PluginUnavailable(DomainError):
    """Not now."""

    status = 503
    code = "plugin_unavailable"
    title = "Plugin not available"


REFUSALS: Mapping[int, type[DomainError]] = MappingProxyType(
    {
        each.status: each
        for each in (PluginForbids, PluginFindsNothing, PluginConflict, PluginRefuses, PluginUnavailable)
    }
)
"""By status."""


def refusal(plugin_id: str, problem: PluginProblem | RecordChanged | RecordInvalid) -> DomainError:
    """What a plugin's handler has raised, as it is answered."""
    match problem:
        case RecordChanged():
            problem = PluginProblem(409, "record_changed", str(problem))
        case RecordInvalid():
            problem = PluginProblem(422, "invalid_record", f"It cannot be kept: {problem}.")
        case PluginProblem():
            pass
    errors = [FieldError(each.pointer, each.message, each.code) for each in problem.errors]
    made = REFUSALS[problem.status](problem.message, errors)
    made.members = {"pluginCode": f"{plugin_id}.{problem.code}"}
    return made
