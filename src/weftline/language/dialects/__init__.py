"""Dialects: other systems' workflows, read into our definitions and written from them.

A dialect is one class behind one interface (:class:`Dialect`). Another one is added by a distribution that names its
class under the entry point group ``weftline.dialects``.
"""

from weftline.language.dialects.base import Dialect, Fate, Note, Reading, Writing
from weftline.language.dialects.conversion import (
    AUTO,
    Conversion,
    convert,
    explained,
    located,
    read_document,
    write_document,
)
from weftline.language.dialects.errors import NotConvertible, UnknownDialect
from weftline.language.dialects.registry import dialects, get_dialect

__all__ = [
    "AUTO",
    "Conversion",
    "Dialect",
    "Fate",
    "NotConvertible",
    "Note",
    "Reading",
    "UnknownDialect",
    "Writing",
    "convert",
    "dialects",
    "explained",
    "get_dialect",
    "located",
    "read_document",
    "write_document",
]
