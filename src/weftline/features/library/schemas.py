"""The library on the wire, under the names of the field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from weftline.features.http.listing import ListQuery, Ordering, SortKey
from weftline.features.http.wire import Demand, Wire
from weftline.features.library.shelves import Source, Template
from weftline.features.variables.models import VariableType
from weftline.library import Category, tests_of

_ID = SortKey("id", "id")
ORDER = Ordering(
    _ID,
    SortKey("category", "category"),
    SortKey("isFeatured", "is_featured", bool),
    SortKey("usageCount", "usage_count", int),
    tie=_ID,
    default="id",
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
    source: Annotated[list[Source], Field(default_factory=list[Source], description="Only those from there.")]
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
    source: Annotated[Source, Field(description="Who it is from: Weftline, a plugin, this tenant, or another.")]
    plugin_id: Annotated[str | None, Field(description="The plugin that brings it.")]
    author: Annotated[str | None, Field(description="Who published it; null: it comes with Weftline or a plugin.")]
    version: Annotated[int, Field(description="Counted by whoever publishes it.")]
    is_published: Annotated[bool, Field(description="Everybody here can install it.")]
    is_featured: Annotated[bool, Field(description="Operators of the platform recommend it.")]
    is_premium: Annotated[bool, Field(description="It takes a licence that says so.")]
    usage_count: Annotated[int, Field(description="How often it was installed, by whomever.")]
    required_integrations: Annotated[list[str], Field(description="Names of the integrations that its steps use.")]

    @classmethod
    def of(cls, template: Template, language: str) -> TemplateOut:
        """A template as it is shown."""
        return cls(**_facts(template, language))


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
    tests: Annotated[list[str], Field(description="What its tests show, where it comes with Weftline.")]
    refusal: Annotated[str | None, Field(description="Why this tenant may not install it; null: it may.")]
    template_data: Annotated[dict[str, Any], Field(description="The definition.")]

    @classmethod
    def whole(cls, template: Template, refusal: str | None, language: str) -> TemplateDetail:
        """A template with all that it needs."""
        entry = template.entry
        return cls(
            **_facts(template, language),
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
            tests=list(tests_of(entry.id)) if template.source == "BUILT_IN" else [],
            refusal=refusal,
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


def _facts(template: Template, language: str) -> dict[str, Any]:
    entry = template.entry
    return {
        "id": entry.id,
        "name": said(entry.name, language),
        "description": said(entry.description, language),
        "category": entry.category,
        "tags": entry.tags,
        "source": template.source,
        "plugin_id": template.plugin_id,
        "author": template.author,
        "version": template.version,
        "is_published": True,
        "is_featured": template.is_featured,
        "is_premium": template.is_premium,
        "usage_count": template.usage_count,
        "required_integrations": entry.required_integrations,
    }
