"""Plugins: packages that add to the platform without changing it.

A distribution names its plugin under the entry point group ``weftline.plugins``::

    class Seals(Plugin):
        id = "acme-seals"
        name = "Seals"
        version = "1.2.0"
        types = frozenset({PluginType.WORKFLOW_ACTION})

        async def initialize(self, app: PluginApp) -> None:
            self.app = app

What its modules register while they are imported (``@action``, ``Integration(…)``) and what ``initialize`` adds with
``app`` is the plugin's, and is there while the plugin runs.
"""

from weftline.authoring.plugin.base import ENTRY_POINT_GROUP, PLUGIN_ID, Capability, Plugin, PluginApp, PluginType
from weftline.authoring.plugin.hooks import EventHandler, PluginEvent
from weftline.authoring.plugin.panels import Action, Column, Details, Form, Panel, Section, Table, Text, Texts, Value
from weftline.authoring.plugin.parts import VALIDATOR_KEYWORD, Expand, NodeType, StepValidator
from weftline.authoring.plugin.policies import Policy
from weftline.authoring.plugin.records import (
    MAX_RECORD_BYTES,
    MAX_RECORD_KEY,
    MAX_RECORDS_LISTED,
    Record,
    RecordChanged,
    RecordError,
    RecordInvalid,
    RecordPage,
    RecordStore,
)
from weftline.authoring.plugin.routes import (
    MANAGE_PLUGINS,
    REFUSALS,
    USE_PLUGINS,
    Fault,
    Method,
    PluginCaller,
    PluginProblem,
    PluginRequest,
    RouteHandler,
)
from weftline.authoring.plugin.sign_in import AuthProvider, Identity, PasswordAttempt

__all__ = [
    "ENTRY_POINT_GROUP",
    "MANAGE_PLUGINS",
    "MAX_RECORDS_LISTED",
    "MAX_RECORD_BYTES",
    "MAX_RECORD_KEY",
    "PLUGIN_ID",
    "REFUSALS",
    "USE_PLUGINS",
    "VALIDATOR_KEYWORD",
    "Action",
    "AuthProvider",
    "Capability",
    "Column",
    "Details",
    "EventHandler",
    "Expand",
    "Fault",
    "Form",
    "Identity",
    "Method",
    "NodeType",
    "Panel",
    "PasswordAttempt",
    "Plugin",
    "PluginApp",
    "PluginCaller",
    "PluginEvent",
    "PluginProblem",
    "PluginRequest",
    "PluginType",
    "Policy",
    "Record",
    "RecordChanged",
    "RecordError",
    "RecordInvalid",
    "RecordPage",
    "RecordStore",
    "RouteHandler",
    "Section",
    "StepValidator",
    "Table",
    "Text",
    "Texts",
    "Value",
]
