"""The template library: workflows ready to be installed, shipped with Weftline or published by tenants."""

from weftline.library.entry import Category, InvalidEntry, TemplateEntry, WantedConnection, WantedVariable, read_entry
from weftline.library.preparing import PlaceholderMissing, connections_of, prepared
from weftline.library.private import Finding, credentials_in, private_in
from weftline.library.shipped import shipped_entries
from weftline.library.tests import tests_of

__all__ = [
    "Category",
    "Finding",
    "InvalidEntry",
    "PlaceholderMissing",
    "TemplateEntry",
    "WantedConnection",
    "WantedVariable",
    "connections_of",
    "credentials_in",
    "prepared",
    "private_in",
    "read_entry",
    "shipped_entries",
    "tests_of",
]
