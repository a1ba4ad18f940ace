"""The entries that come with Weftline, read from the files beside this module."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from weftline.library.entry import InvalidEntry, TemplateEntry, read_entry

TEMPLATES = Path(__file__).parent / "templates"
"""A file an entry, and one with its tests: ``<id>.yaml`` and ``<id>.test.yaml``."""


@cache
def shipped_entries() -> Mapping[str, TemplateEntry]:
    """Every entry by id."""
    files = sorted(path for path in TEMPLATES.glob("*.yaml") if not path.name.endswith(".test.yaml"))
    entries: dict[str, TemplateEntry] = {}
    for path in files:
        try:
            entry = read_entry(path.read_bytes())
        except InvalidEntry as invalid:
            raise InvalidEntry([(f"{path.name}{place}", message) for place, message in invalid.errors]) from None
        entries[entry.id] = entry
    return entries
