"""The template library: workflows ready to be installed, shipped with Weftline or published by tenants."""

from weftline.library.entry import Category, InvalidEntry, TemplateEntry, WantedConnection, WantedVariable, read_entry
from weftline.library.preparing import PlaceholderMissing, connections_of, prepared
from weftline.library.shipped import shipped_entries

__all__ = [
    "Category",
    "InvalidEntry",
    "PlaceholderMissing",
    "TemplateEntry",
    "WantedConnection",
    "WantedVariable",
    "connections_of",
    "prepared",
    "read_entry",
    "shipped_entries",
]
