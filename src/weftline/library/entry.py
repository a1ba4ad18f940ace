"""One entry of the library, as it is written and kept.

::

    id: purchase-approval
    category: finance
    name: {en: Purchase approval, de: Einkauf freigeben}
    description: {en: …, de: …}
    connections:
      team-chat: {integration: slack, purpose: {en: Where decisions are told, de: …}}
    variables:
      - {key: PURCHASE_LIMIT, type: NUMBER, title: {en: …}, default: 500}
    sampleInput: {…}
    definition: {…}
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, TypeAlias, get_args

from pydantic import AfterValidator, Field, ValidationError, model_validator

from weftline.language.errors import ParseError
from weftline.language.fields import Element
from weftline.language.parse import parse_definition

Category: TypeAlias = Literal[
    "sales",
    "onboarding",
    "people",
    "finance",
    "it-operations",
    "support",
    "marketing",
    "data",
    "energy",
    "compliance",
    "commerce",
    "development",
]
CATEGORIES: tuple[Category, ...] = get_args(Category)

_LANGUAGE = re.compile(r"[a-z]{2}")
_ID = r"^[a-z][a-z0-9-]{1,62}$"


def _texts(texts: dict[str, str]) -> dict[str, str]:
    if "en" not in texts:
        raise ValueError("`en` is missing: every text is there in English at least")
    unknown = sorted(name for name in texts if _LANGUAGE.fullmatch(name) is None)
    if unknown:
        raise ValueError(f"'{unknown[0]}' is no language: two small letters")
    return texts


Texts = Annotated[dict[str, Annotated[str, Field(min_length=1, max_length=2000)]], AfterValidator(_texts)]
"""A text by language, ``en`` at least."""

Tag = Annotated[str, Field(min_length=1, max_length=40)]


class WantedConnection(Element):
    """A connection that the definition names, and that whoever installs it chooses."""

    integration: str
    """The integration that it must be to."""
    purpose: Texts
    """What it is for."""


class WantedVariable(Element):
    """A variable that the definition reads, and that whoever installs it sets."""

    key: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$")]
    """Its name."""
    type: Literal["STRING", "NUMBER", "BOOLEAN", "JSON", "SECRET"]
    """What kind of value it has."""
    title: Texts
    """What people call it."""
    description: Texts | None = None
    """What it does."""
    default: Any = None
    """What it is where nothing else is said; a variable without it has to be set."""

    @model_validator(mode="after")
    def _no_secret_default(self) -> WantedVariable:
        if self.type == "SECRET" and self.default is not None:
            raise ValueError("a secret has no default")
        return self


class TemplateEntry(Element):
    """A workflow that can be installed."""

    id: Annotated[str, Field(pattern=_ID)]
    """Unique in the library."""
    category: Category
    """Where people look for it."""
    name: Texts
    """What people call it."""
    description: Texts
    """What it does, and when it helps."""
    tags: Annotated[list[Tag], Field(default_factory=list[str], max_length=20)]
    """More words to find it by."""
    is_featured: bool = False
    """It is shown first."""
    is_premium: bool = False
    """Only with a licence that says so."""
    connections: dict[str, WantedConnection] = Field(default_factory=dict[str, WantedConnection])
    """By the name that the definition has for them, the connections that it needs."""
    variables: list[WantedVariable] = Field(default_factory=list[WantedVariable])
    """What it needs to be set."""
    sample_input: dict[str, Any] = Field(default_factory=dict[str, Any])
    """Something to try it with."""
    definition: dict[str, Any]
    """The workflow; its id and name are replaced when it is installed."""

    @property
    def required_integrations(self) -> list[str]:
        """Names of the integrations that it needs, each once."""
        return sorted({each.integration for each in self.connections.values()})


class InvalidEntry(ValueError):
    """Something is no entry of the library.

    Attributes:
        errors: for each thing wrong its JSON pointer and a sentence.
    """

    def __init__(self, errors: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{place or 'the entry'}: {message}" for place, message in errors))
        self.errors = errors


def read_entry(source: bytes | str | dict[str, Any]) -> TemplateEntry:
    """The entry that ``source`` holds: JSON or YAML, or the object itself.

    The definition in it is not validated: that is a matter of where it is installed.

    Raises:
        InvalidEntry: it holds none; all that is wrong is told at once.
    """
    try:
        document = source if isinstance(source, dict) else parse_definition(source)
    except ParseError as error:
        place = f" (line {error.line}, column {error.column})" if error.line else ""
        raise InvalidEntry([("", f"{error.message}{place}")]) from None
    try:
        return TemplateEntry.model_validate(document)
    except ValidationError as error:
        raise InvalidEntry(
            [("".join(f"/{part}" for part in each["loc"]), each["msg"]) for each in error.errors(include_url=False)]
        ) from None
