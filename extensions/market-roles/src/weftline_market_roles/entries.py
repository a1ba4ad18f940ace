"""The templates: two common ones, and an overlay of each for every role.

A common template is an entry of the library without an id of its own; an overlay's file says which role it is for and
what people call the entry (``entry``), and what is different (``workflow`` and ``steps``, see
:mod:`weftline_market_roles.overlay`).
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from weftline_market_roles.overlay import Overlay, applied, read_overlay
from weftline_market_roles.overlay_errors import OverlayError
from weftline_market_roles.patching import merged
from weftline_market_roles.roles import MarketRole

Document = dict[str, Any]

BASES = ("contract-onboarding", "portfolio-management")
"""The common templates."""


def entries() -> Iterator[Document]:
    """Every entry of the library: each common template for each role."""
    for base in BASES:
        for role in MarketRole:
            yield composed(base, role)


def composed(base: str, role: MarketRole, more: Overlay | None = None) -> Document:
    """The entry of a common template for a role.

    Args:
        base: one of :data:`BASES`.
        role: whose.
        more: an overlay on top of the role's.

    Raises:
        OverlayError: ``more`` does not fit.
    """
    common, own = _read(base), overlay_document(base, role)
    entry = merged(common, own["entry"])
    id = f"market-roles-{base}-{role.lower()}"
    definition = applied(common["definition"], _role_overlay(base, role))
    if more is not None:
        definition = applied(definition, more)
    # of whatever the overlays took away, nothing is asked for
    used = {part["connection"] for part in _parts(definition) if "connection" in part}
    connections = {name: each for name, each in entry["connections"].items() if name in used}
    name = entry["name"]["en"]
    return {**entry, "id": id, "connections": connections, "definition": {**definition, "id": id, "name": name}}


def overlay_document(base: str, role: MarketRole) -> Document:
    """The file of a role's overlay, with what it says of the entry.

    Args:
        base: one of :data:`BASES`.
        role: whose.
    """
    return _read(f"{base}.{role.lower()}")


@cache
def _role_overlay(base: str, role: MarketRole) -> Overlay:
    document = overlay_document(base, role)
    try:
        return read_overlay({key: document[key] for key in ("workflow", "steps") if key in document})
    except OverlayError as error:
        raise RuntimeError(f"the overlay {base}.{role.lower()}.yaml cannot be used: {error}") from error


def _read(name: str) -> Document:
    return copy.deepcopy(_parsed(name))


@cache
def _parsed(name: str) -> Document:
    text = files("weftline_market_roles").joinpath("templates", f"{name}.yaml").read_text(encoding="utf-8")
    document: Document = yaml.safe_load(text)
    return document


def _parts(definition: Document) -> Iterator[Document]:
    """The steps, and what undoes each."""
    for node in definition["nodes"]:
        yield node
        if isinstance(node.get("compensate"), dict):
            yield node["compensate"]
