"""OpenAPI 3.0 to 3.2 and Swagger 2: from a document to the definition of an integration.

:func:`read_document` makes plain values of a text, :func:`convert` an integration of these. Neither touches network
or database. Documents come from anywhere: every bound is in :mod:`weftline.openapi.bounds`, and what cannot be used is
left out and listed, never an error.
"""

from weftline.openapi.convert import convert
from weftline.openapi.definition import ConvertedAction, ConvertedIntegration
from weftline.openapi.errors import DocumentError
from weftline.openapi.notes import LeftOut
from weftline.openapi.reading import read_document

__all__ = ["ConvertedAction", "ConvertedIntegration", "DocumentError", "LeftOut", "convert", "read_document"]
