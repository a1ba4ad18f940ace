"""Mappings of data as other systems write them: an object of templates, or a list of sources and targets."""

from __future__ import annotations

from typing import Any, TypeAlias

from pydantic import BaseModel, ConfigDict

from weftline.language.dialects.base import Document


class Mapping(BaseModel):
    """One value that is taken from somewhere and put somewhere."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    source: str
    target: str


Mappings: TypeAlias = dict[str, Any] | list[Mapping]
"""``{"email": "${input.email}"}``, or ``[{"source": "input.email", "target": "email"}]``."""


def read_mappings(mappings: Mappings, root: str | None = None) -> Document:
    """The same as an object of templates.

    Parameters:
        mappings: as they are written.
        root: what the sources in a list are parts of; None: they are expressions by themselves.
    """
    if isinstance(mappings, dict):
        return mappings
    prefix = "" if root is None else f"{root}."
    return {each.target: f"${{{prefix}{each.source}}}" for each in mappings}
