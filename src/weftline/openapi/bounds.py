"""How much of a document is taken. What lies beyond is left out and listed, or the document is refused."""

from __future__ import annotations

MAX_BYTES = 5_000_000
"""Of a document's text."""

MAX_NESTING = 200
"""Levels of a document."""

MAX_VALUES = 2_000_000
"""Values of a document, with those that YAML's aliases repeat."""

MAX_OPERATIONS = 5_000
MAX_PARAMETERS = 200
"""Of one operation."""

MAX_SCHEMA_NESTING = 40
"""Levels of JSON in one schema. Values that people and programs exchange are at most 64 levels deep."""

MAX_ENUM = 1_000
"""Values of one enumeration."""

MAX_ANNOTATION = 2_000
"""Bytes of a default or an example."""

MAX_WEIGHT = 2_000
"""Schemas that one value may have to be held against at one place."""

MAX_HEIGHT = 60
"""Schemas that refer to each other in a row for one value."""

MAX_LEFT_OUT = 500
"""Entries of the list of what was left out; the rest is counted."""

MAX_TITLE = 200
MAX_DESCRIPTION = 4_000
MAX_HINT = 1_000
"""Characters of a schema's description."""

MAX_TAGS = 10
