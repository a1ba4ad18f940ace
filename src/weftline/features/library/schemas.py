"""The library on the wire, under the names of the field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from weftline.features.http.listing import ListQuery, Ordering, SortKey
from weftline.features.http.wire import Demand, Wire
from weftline.features.variables.models import VariableType
from weftline.library import Category, TemplateEntry

_ID = SortKey("id", "id")
ORDER = Ordering(
    _ID, SortKey("category", "category"), SortKey("isFeatured", "is_featured", bool), tie=_ID, default="id"
)

Language = Annotated[
    str,
    Field(pattern="^[a-z]{2}$", description="Two letters; texts that are not there in it come in English."),
]


class LibraryQuery(ListQuery):
    """Which templates."""

    order: ClassVar = ORDER

    query: Annotated[str | None, Field(max_length=200, description="Words of name, description or tags.")] = None
    category: Annotated[list[Category], Field(default_factory=list[Category], description="Only of these.")]
    integration: Annotated[str | None, Field(max_length=64, description="Only those that need this one.")] = None
    is_featured: Annotated[bool | None, Field(description="Only those that are featured, or that are not.")] = None
    language: Language = "en"


class LanguageQuery(Demand):
    """In which language."""

    language: Language = "en"


class InstallQuery(LanguageQuery):
    """How to install."""

    dry_run: Annotated[bool, Field(description="Tell what would be made, and make nothing.")] = False


class TemplateOut(Wire):
    """A template of the library, without its definition."""

    id: str
    name: str
    description: str
    category: Category
    tags: list[str]
    is_published: Annotated[bool, Field(description="Everybody here can install it.")]
    is_featured: bool
    is_premium: bool
    required_integrations: Annotated[list[str], Field(description="Names of the integrations that its steps use.")]

    @classmethod
    def of(cls, entry: TemplateEntry, language: str) -> TemplateOut:
        """A template as it is shown."""
        return cls(**_facts(entry, language))


class WantedConnectionOut(Wire):
    """A connection that the template needs."""

    name: Annotated[str, Field(description="As the template calls it; another takes its place.")]
    integration: str
    purpose: str


class WantedVariableOut(Wire):
    """A variable that the template needs."""

    key: str
    type: VariableType
    title: str
    description: str | None
    default: Any
    is_required: Annotated[bool, Field(description="It has no default.")]


class TemplateDetail(TemplateOut):
    """A template of the library."""

    connections: list[WantedConnectionOut]
    variables: list[WantedVariableOut]
    sample_input: Annotated[dict[str, Any], Field(description="Something to try it with.")]
    template_data: Annotated[dict[str, Any], Field(description="The definition.")]

    @classmethod
    def whole(cls, entry: TemplateEntry, language: str) -> TemplateDetail:
        """A template with all that it needs."""
        return cls(
            **_facts(entry, language),
            connections=[
                WantedConnectionOut(name=name, integration=each.integration, purpose=said(each.purpose, language))
                for name, each in entry.connections.items()
            ],
            variables=[
                WantedVariableOut(
                    key=each.key,
                    type=each.type,
                    title=said(each.title, language),
                    description=None if each.description is None else said(each.description, language),
                    default=each.default,
                    is_required=each.default is None,
                )
                for each in entry.variables
            ],
            sample_input=entry.sample_input,
            template_data=entry.definition,
        )


class InstallTemplateBody(Demand):
    """What a template is to become."""

    workflow_id: Annotated[
        str | None,
        Field(
            pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$",
            description="The new workflow's id; absent: the template's own, with a number where that is taken.",
        ),
    ] = None
    name: Annotated[
        str | None, Field(min_length=1, max_length=200, description="Its name; absent: the template's.")
    ] = None
    connections: Annotated[
        dict[str, str],
        Field(
            default_factory=dict[str, str],
            description="By the name that the template has for each, the connection to use. One that is left out is "
            "chosen where there is just one to its integration.",
        ),
    ]
    variables: Annotated[
        dict[str, Any],
        Field(default_factory=dict[str, Any], description="Values by key; the others get their defaults."),
    ]


class InstallationOut(Wire):
    """What was made of a template."""

    workflow_id: str
    name: str
    connections: Annotated[dict[str, str], Field(description="The connection that each of the template's has become.")]
    variables: Annotated[list[str], Field(description="Keys of the workflow's variables that were set.")]
    is_dry_run: Annotated[bool, Field(description="Nothing was made.")]


def said(texts: Mapping[str, str], language: str) -> str:
    """A text in a language, or else in English."""
    return texts.get(language) or texts["en"]


def _facts(entry: TemplateEntry, language: str) -> dict[str, Any]:
    return {
        "id": entry.id,
        "name": said(entry.name, language),
        "description": said(entry.description, language),
        "category": entry.category,
        "tags": entry.tags,
        "is_published": True,
        "is_featured": entry.is_featured,
        "is_premium": entry.is_premium,
        "required_integrations": entry.required_integrations,
    }
