"""Requests that plugins answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson
import structlog
from pydantic import BaseModel, ValidationError

from weftline.authoring.plugin import USE_PLUGINS, PluginCaller, PluginProblem, PluginRequest
from weftline.authoring.plugin import RecordChanged as Changed
from weftline.authoring.plugin import RecordInvalid as CannotBeKept
from weftline.features.access.caller import Caller
from weftline.features.access.gate import Gate
from weftline.features.errors import DomainError, FieldError
from weftline.features.plugins.errors import (
    InvalidPluginBody,
    PluginDisabled,
    PluginFailed,
    PluginNotFound,
    PluginRouteNotFound,
    PluginStopped,
)
from weftline.features.plugins.refusals import refusal
from weftline.language.json_values import pointer
from weftline.plugins.app import HostedApp
from weftline.plugins.running import RunningPlugins
from weftline.store.errors import StoreError

log = structlog.get_logger(__name__)


class PluginCalls:
    """Hands requests to the plugins that answer them.

    Args:
        plugins: those of this process.
        gate: decides who may.
    """

    def __init__(self, plugins: RunningPlugins, gate: Gate) -> None:
        self._plugins = plugins
        self._gate = gate

    async def call(
        self,
        caller: Caller,
        plugin_id: str,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: dict[str, Any] | None = None,
    ) -> bytes | None:
        """What a plugin answers, JSON; None: nothing.

        Args:
            caller: who asks; has the permission to use plugins.
            plugin_id: which plugin.
            method, path, query: of the request; the path below that of the plugin's routes.
            body: JSON.

        Raises:
            PluginNotFound, PluginStopped, PluginDisabled, PluginRouteNotFound: nobody answers.
            PermissionDenied: the caller may not.
            InvalidPluginBody: the body is not what the route takes.
            PluginForbids, PluginFindsNothing, PluginConflict, PluginRefuses, PluginUnavailable: the plugin refuses.
            PluginFailed: it has a fault.
            StoreError: the database does not answer, or refuses.
        """
        app = self._app(caller.tenant_id, plugin_id)
        path = f"/{path.strip('/')}"
        found = app.routes.find(method, path)
        if found is None:
            raise PluginRouteNotFound(plugin_id, method, path, app.routes.methods_at(path))
        route, parameters = found
        if route.permission != USE_PLUGINS:
            await self._gate.allow(caller, route.permission, {})
        made = _body(plugin_id, route.body, body)
        request = PluginRequest(caller.tenant_id, shown_caller(caller), parameters, dict(query), made)
        try:
            return _encoded(await route.handler(request))
        except (PluginProblem, Changed, CannotBeKept) as problem:
            raise refusal(plugin_id, problem) from None
        except (StoreError, DomainError):
            raise
        except Exception:
            log.exception("a plugin failed to answer", plugin=plugin_id, route=f"{route.method} {route.path}")
            raise PluginFailed(plugin_id) from None

    def _app(self, tenant_id: UUID, plugin_id: str) -> HostedApp:
        if self._plugins.find(plugin_id) is None:
            raise PluginNotFound(plugin_id)
        if self._plugins.is_disabled(tenant_id, plugin_id):
            raise PluginDisabled(plugin_id)
        app = self._plugins.app_of(plugin_id)
        if app is None:
            raise PluginStopped(plugin_id)
        return app


def shown_caller(caller: Caller) -> PluginCaller:
    """A caller as plugins see them: a key has no more permissions than its scopes."""
    allowed = caller.authority.permissions
    if caller.scopes is not None:
        allowed &= caller.scopes
    return PluginCaller(caller.kind, caller.id, caller.name, caller.authority.roles, allowed)


def _body(plugin_id: str, model: type[BaseModel] | None, given: dict[str, Any] | None) -> BaseModel | None:
    if model is None:
        if given:
            raise InvalidPluginBody([FieldError("", "the route takes no body", "unexpected_body")])
        return None
    try:
        return model.model_validate({} if given is None else given)
    except ValidationError as error:
        raise InvalidPluginBody(
            [
                FieldError(pointer(tuple(each["loc"])), each["msg"], each["type"])
                for each in error.errors(include_input=False, include_url=False, include_context=False)
            ]
        ) from None
    except Exception:
        # a validator of the plugin's own has a fault
        log.exception("a plugin failed to check a body", plugin=plugin_id)
        raise PluginFailed(plugin_id) from None


def _encoded(answer: object) -> bytes | None:
    if answer is None:
        return None
    return orjson.dumps(answer, _plain, orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS)


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True)
    if isinstance(value, UUID):
        # the driver has a class of its own
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - JSON
    raise TypeError(f"{type(value).__name__} has no JSON")
