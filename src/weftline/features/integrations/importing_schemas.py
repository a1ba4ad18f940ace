"""Imports on the wire."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from weftline.features.http.wire import Demand, Wire
from weftline.features.integrations.importing_service import Change, Import, ImportRequest
from weftline.features.integrations.schemas import AuthOut

NAME = r"^[a-z][A-Za-z0-9-]{0,62}$"
BASE_URL = r"^https?://[^\s/?#@]+(/[^\s?#]*)?$"

# a document's text as JSON may be longer than the text
_MAX_DOCUMENT = 16_000_000


class ImportBody(Demand):
    """What to import: a `document`, or the `url` where it is."""

    document: Annotated[
        dict[str, Any] | Annotated[str, Field(max_length=_MAX_DOCUMENT)] | None,
        Field(description="An OpenAPI 3.0, 3.1 or 3.2 or Swagger 2 document: its text, JSON or YAML, or the object."),
    ] = None
    url: Annotated[str | None, Field(max_length=2_000, description="Where it is, in place of it.")] = None
    name: Annotated[
        str | None,
        Field(pattern=NAME, description="What definitions are to call the integration; made of its title if absent."),
    ] = None
    title: Annotated[str | None, Field(min_length=1, max_length=200, description="In place of the document's.")] = None
    category: Annotated[
        str | None, Field(min_length=1, max_length=100, description="Where it is listed; `imported` if absent.")
    ] = None
    base_url: Annotated[
        str | None,
        Field(
            pattern=BASE_URL, max_length=2_000, description="Where the system is, in place of the document's server."
        ),
    ] = None

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if (self.document is None) == (self.url is None):
            raise ValueError("give either 'document' or 'url'")
        return self

    def request(self) -> ImportRequest:
        """As the service takes it."""
        return ImportRequest(self.document, self.url, self.name, self.title, self.category, self.base_url)


class LeftOutOut(Wire):
    """Something of a document that its integration does not have, or has otherwise."""

    pointer: Annotated[str, Field(description="JSON pointer to it in the document.")]
    what: str
    why: str


class ImportedActionOut(Wire):
    """An action, and what the import makes of it."""

    id: Annotated[str, Field(description="What definitions call it.")]
    name: str
    display_name: str
    method: str
    endpoint: Annotated[str, Field(description="The path of the request that it sends.")]
    tags: list[str]
    is_deprecated: Annotated[bool, Field(description="The document advises against it, or has it no longer.")]
    change: Annotated[Change, Field(description="`REMOVED`: the document has it no longer.")]


class ImportOut(Wire):
    """What an import comes to."""

    id: Annotated[str, Field(description="The integration's name.")]
    name: str
    display_name: str
    description: str
    version: Annotated[str, Field(description="Of the system's API, as the document says.")]
    format: Annotated[str, Field(description="Of the document.", examples=["OpenAPI 3.1.0"])]
    base_url: Annotated[str, Field(description="Where requests go; `{name}` is a value of the configuration.")]
    source_url: Annotated[str | None, Field(description="Where the document was fetched, without its query.")]
    config_schema: Annotated[
        dict[str, Any], Field(description="JSON Schema of what a connection configures beside its credentials.")
    ]
    auth: Annotated[list[AuthOut], Field(description="How one signs in, the usual way first.")]
    needs_connection: bool
    is_new: Annotated[bool, Field(description="There was no integration of this name.")]
    dry_run: Annotated[bool, Field(description="Nothing was stored.")]
    action_count: Annotated[int, Field(description="How many actions the document has.")]
    actions: Annotated[list[ImportedActionOut], Field(description="In the document's order; removed ones at last.")]
    warnings: Annotated[list[str], Field(description="What one should know, a sentence each.")]
    left_out: Annotated[list[LeftOutOut], Field(description="What of the document is left out, or read otherwise.")]
    left_out_total: Annotated[int, Field(description="How much that is; only so much is listed.")]

    @classmethod
    def of(cls, came_to: Import, *, is_dry: bool) -> ImportOut:
        """An import as it is shown."""
        found = came_to.found
        return cls(
            id=came_to.name,
            name=came_to.name,
            display_name=found.title,
            description=found.description,
            version=found.version,
            format=found.format,
            base_url=found.base_url,
            source_url=came_to.source_url,
            config_schema=found.config,
            auth=[AuthOut.of(each) for each in found.auth],
            needs_connection=found.needs_connection,
            is_new=came_to.is_new,
            dry_run=is_dry,
            action_count=len(found.actions),
            actions=[
                ImportedActionOut(
                    id=f"{came_to.name}.{each.name}",
                    name=each.name,
                    display_name=each.title,
                    method=each.method,
                    endpoint=each.path,
                    tags=list(each.tags),
                    is_deprecated=each.is_deprecated,
                    change=each.change,
                )
                for each in came_to.actions
            ],
            warnings=list(came_to.warnings),
            left_out=[LeftOutOut(pointer=each.pointer, what=each.what, why=each.why) for each in found.left_out],
            left_out_total=found.left_out_total,
        )
