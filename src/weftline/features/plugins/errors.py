"""What can be wrong with a request about plugins.

::

    NotFound            ├── PluginNotFound
                        ├── PluginStopped
                        ├── PluginDisabled
                        └── PluginRouteNotFound
    PreconditionFailed  └── PluginChanged
    Invalid             ├── InvalidConfiguration
                        └── InvalidPluginBody
    DomainError         └── PluginFailed

What plugins themselves refuse is in ``refusals``. None of them says what somebody entered.
"""

from __future__ import annotations

from collections.abc import Sequence

from weftline.features.errors import DomainError, FieldError, Invalid, NotFound, PreconditionFailed


class PluginNotFound(NotFound):
    """No plugin of this id is installed."""

    code = "plugin_not_found"
    title = "Plugin not found"

    def __init__(self, plugin_id: str) -> None:
        super().__init__(f"There is no plugin '{plugin_id}' here.")


class PluginChanged(PreconditionFailed):
    """Somebody else changed what the tenant has set for it."""

    code = "plugin_changed"

    def __init__(self, plugin_id: str) -> None:
        super().__init__(f"What is set for the plugin '{plugin_id}' was changed since you read it. Read it again.")


class InvalidConfiguration(Invalid):
    """The plugin cannot be configured like this."""

    code = "invalid_plugin_configuration"
    title = "Configuration not valid"

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__("The plugin cannot be configured like this; see 'errors'.", errors)


class PluginStopped(NotFound):
    """It does not run: somebody stopped it, or it failed."""

    code = "plugin_stopped"
    title = "Plugin does not run"

    def __init__(self, plugin_id: str) -> None:
        super().__init__(f"The plugin '{plugin_id}' does not run here.")


class PluginDisabled(NotFound):
    """The tenant has disabled it."""

    code = "plugin_disabled"
    title = "Plugin disabled"

    def __init__(self, plugin_id: str) -> None:
        super().__init__(f"The plugin '{plugin_id}' is disabled in this tenant.")


class PluginRouteNotFound(NotFound):
    """The plugin does not answer such a request."""

    code = "plugin_route_not_found"
    title = "No such route of the plugin"

    def __init__(self, plugin_id: str, method: str, path: str, methods: Sequence[str]) -> None:
        there = f"; it answers {', '.join(methods)} there" if methods else ""
        super().__init__(f"The plugin '{plugin_id}' does not answer {method} {path}{there}.")


class InvalidPluginBody(Invalid):
    """The body is not what the plugin's route takes."""

    code = "invalid_plugin_body"
    title = "Body not valid"

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__("The body is not what the plugin takes; see 'errors'.", errors)


class PluginFailed(DomainError):
    """A fault of the plugin's."""

    status = 500
    code = "plugin_failed"
    title = "Plugin failed"

    def __init__(self, plugin_id: str) -> None:
        super().__init__(f"The plugin '{plugin_id}' failed to answer. The correlation id finds why in the logs.")
