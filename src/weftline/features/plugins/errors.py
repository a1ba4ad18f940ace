"""What can be wrong with a request about plugins.

::

    NotFound            └── PluginNotFound
    PreconditionFailed  └── PluginChanged
    Invalid             └── InvalidConfiguration

None of them says what somebody entered.
"""

from __future__ import annotations

from collections.abc import Sequence

from weftline.features.errors import FieldError, Invalid, NotFound, PreconditionFailed


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
