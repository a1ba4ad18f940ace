"""Publications and submissions on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import Field

from weftline.features.errors import FieldError
from weftline.features.http.listing import ListQuery
from weftline.features.http.wire import Demand, Wire
from weftline.features.library import moderating, publication_repository
from weftline.features.library.composing import NamedConnection, TemplateDraft
from weftline.features.library.models import PublicationVersion, Review, Visibility
from weftline.features.library.moderating import Marks, Submission
from weftline.features.library.publishing import Published
from weftline.features.library.sources import Proposal
from weftline.features.variables.models import VariableType
from weftline.library import Category

Texts = Annotated[
    dict[Annotated[str, Field(pattern="^[a-z]{2}$")], Annotated[str, Field(min_length=1, max_length=2000)]],
    Field(description="By language, two letters each; `en` at least."),
]
TemplateIdField = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,62}$", description="Unique in the library.")]


class NamedConnectionBody(Demand):
    """How the template calls a connection of the workflow's."""

    placeholder: Annotated[
        str | None,
        Field(pattern=r"^[a-z][a-z0-9-]{0,62}$", description="Its name there; absent: like the integration."),
    ] = None
    purpose: Annotated[Texts | None, Field(description="What it is for.")] = None


class VariableBody(Demand):
    """A variable that whoever installs the template sets."""

    key: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$")]
    type: VariableType = "STRING"
    title: Texts
    description: Texts | None = None
    default: Annotated[Any, Field(description="Absent: it has to be set. A secret has none.")] = None


class VersionBody(Demand):
    """What a template is to be."""

    workflow_version: Annotated[
        int | None, Field(ge=1, description="Of the workflow; absent: the published one, else the latest.")
    ] = None
    visibility: Annotated[
        Visibility, Field(description="`PUBLIC`: every tenant sees it, once an operator has approved it.")
    ] = "TENANT"
    category: Category
    name: Texts
    description: Texts
    tags: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=40)]], Field(default_factory=list[str], max_length=20)
    ]
    author: Annotated[
        str | None, Field(min_length=1, max_length=100, description="Who it is from; a public template says so.")
    ] = None
    connections: Annotated[
        dict[str, NamedConnectionBody],
        Field(
            default_factory=dict[str, NamedConnectionBody],
            description="By the workflow's names. None of these leaves the tenant.",
        ),
    ]
    variables: Annotated[
        list[VariableBody], Field(default_factory=list[VariableBody], max_length=200, description="Those it reads.")
    ]
    sample_input: Annotated[
        dict[str, Any], Field(default_factory=dict[str, Any], description="Something to try it with.")
    ]
    change_description: Annotated[str | None, Field(max_length=2000, description="What is new.")] = None

    def draft(self) -> TemplateDraft:
        """As the service takes it."""
        return TemplateDraft(
            category=self.category,
            name=self.name,
            description=self.description,
            tags=self.tags,
            visibility=self.visibility,
            author=self.author,
            connections={
                name: NamedConnection(placeholder=each.placeholder, purpose=each.purpose)
                for name, each in self.connections.items()
            },
            variables=[each.model_dump(by_alias=True, exclude_none=True) for each in self.variables],
            sample_input=self.sample_input,
            change_description=self.change_description,
            workflow_version=self.workflow_version,
        )


class PublishBody(VersionBody):
    """Which workflow is to be a template, and what it is to be."""

    id: TemplateIdField
    workflow_id: Annotated[str, Field(max_length=128, description="The workflow's.")]


class PublishQuery(Demand):
    """How to publish."""

    dry_run: Annotated[bool, Field(description="Tell what the template would be, and publish nothing.")] = False


class PublicationQuery(ListQuery):
    """Which part of the list."""

    order: ClassVar = publication_repository.ORDER


class VersionQuery(ListQuery):
    """Which part of the list."""

    order: ClassVar = publication_repository.VERSIONS


class SubmissionQuery(ListQuery):
    """Which submissions."""

    order: ClassVar = moderating.ORDER

    status: Annotated[list[Review], Field(default_factory=list[Review], description="Only those that stand so.")]


class PublicationVersionOut(Wire):
    """One version of a template that the tenant published."""

    number: int
    workflow_version: Annotated[int, Field(description="Of the workflow that it was made of.")]
    change_description: str | None
    status: Annotated[Review, Field(description="How it stands with the operators; `NOT_NEEDED`: for the tenant.")]
    note: Annotated[str | None, Field(description="What the operators say about it.")]
    reviewed_at: datetime | None
    published_by: str
    published_at: datetime

    @classmethod
    def of(cls, version: PublicationVersion) -> PublicationVersionOut:
        """A version as it is shown."""
        return cls(
            number=version.number,
            workflow_version=version.workflow_version,
            change_description=version.change_description,
            status=version.review,
            note=version.review_note,
            reviewed_at=version.reviewed_at,
            published_by=version.published_by,
            published_at=version.published_at,
        )


class PublicationOut(Wire):
    """A template that the tenant published, and its newest version."""

    id: str
    name: str
    workflow_id: Annotated[str, Field(description="The workflow that it is made of.")]
    visibility: Visibility
    is_published: Annotated[bool, Field(description="False: it was taken back.")]
    author: str
    usage_count: Annotated[int, Field(description="How often this tenant installed it.")]
    version: PublicationVersionOut
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, published: Published) -> PublicationOut:
        """A publication as it is listed."""
        return cls(**_published(published))


class PublicationDetail(PublicationOut):
    """A template that the tenant published, with its content."""

    template: Annotated[dict[str, Any], Field(description="The newest version, as whoever installs it gets it.")]

    @classmethod
    def of(cls, published: Published) -> PublicationDetail:
        """A publication with everything."""
        return cls(**_published(published), template=published.version.entry)


class ProposedConnectionOut(Wire):
    """A connection of the workflow's."""

    name: Annotated[str, Field(description="As the workflow calls it.")]
    placeholder: Annotated[str, Field(description="As the template would call it.")]
    integration: str


class ProposedVariableOut(Wire):
    """A variable that the workflow reads, by what the tenant has of it."""

    key: str
    type: VariableType
    title: dict[str, str]
    description: dict[str, str] | None = None
    default: Any = None


class FindingOut(Wire):
    """Something that speaks against publishing."""

    pointer: str
    message: str
    code: str
    hint: str | None

    @classmethod
    def of(cls, error: FieldError) -> FindingOut:
        """As it is shown."""
        return cls(pointer=error.pointer, message=error.message, code=error.code, hint=error.hint)


class ProposalOut(Wire):
    """What a workflow would be as a template."""

    workflow_version: int
    name: str
    description: str | None
    connections: list[ProposedConnectionOut]
    variables: list[ProposedVariableOut]
    findings: Annotated[list[FindingOut], Field(description="What must not leave the tenant, and stands in it.")]

    @classmethod
    def of(cls, proposal: Proposal) -> ProposalOut:
        """As it is shown."""
        return cls(
            workflow_version=proposal.workflow_version,
            name=proposal.name,
            description=proposal.description,
            connections=[
                ProposedConnectionOut(name=name, placeholder=placeholder, integration=integration)
                for name, placeholder, integration in proposal.connections
            ],
            variables=[ProposedVariableOut(**each) for each in proposal.variables],
            findings=[FindingOut.of(each) for each in proposal.findings],
        )


class DryRunOut(Wire):
    """What a template would be."""

    template: dict[str, Any]
    is_dry_run: Annotated[bool, Field(description="Nothing was published.")] = True


class NoteBody(Demand):
    """What is told those who submitted it."""

    note: Annotated[str | None, Field(max_length=2000)] = None


class WhyBody(Demand):
    """Why; it is told those who submitted it."""

    note: Annotated[str, Field(min_length=1, max_length=2000)]


class MarksBody(Demand):
    """What operators say of a template."""

    is_featured: Annotated[bool | None, Field(description="Null: as the template itself says.")] = None
    is_premium: Annotated[bool | None, Field(description="Null: as the template itself says.")] = None


class MarksOut(Wire):
    """What operators have said of a template."""

    id: str
    is_featured: bool | None
    is_premium: bool | None

    @classmethod
    def of(cls, marks: Marks) -> MarksOut:
        """As it is shown."""
        return cls(id=marks.id, is_featured=marks.is_featured, is_premium=marks.is_premium)


class SubmissionOut(Wire):
    """A version of a template that its tenant wants to be public."""

    id: UUID
    template_id: str
    version: int
    name: str
    category: Category
    author: str
    tenant_id: UUID
    tenant_name: str
    change_description: str | None
    status: Review
    note: str | None
    submitted_by: str
    submitted_at: datetime
    reviewed_at: datetime | None

    @classmethod
    def of(cls, submission: Submission) -> SubmissionOut:
        """A submission as it is listed."""
        return cls(**_submitted(submission))


class SubmissionDetail(SubmissionOut):
    """A submission with its content."""

    template: Annotated[dict[str, Any], Field(description="As whoever installs it would get it.")]

    @classmethod
    def of(cls, submission: Submission) -> SubmissionDetail:
        """A submission with everything."""
        return cls(**_submitted(submission), template=submission.version.entry)


def _published(published: Published) -> dict[str, Any]:
    publication, version = published
    return {
        "id": publication.id,
        "name": publication.name,
        "workflow_id": publication.workflow_id,
        "visibility": publication.visibility,
        "is_published": publication.is_published,
        "author": publication.author,
        "usage_count": publication.usage_count,
        "version": PublicationVersionOut.of(version),
        "created_at": publication.created_at,
        "updated_at": publication.updated_at,
    }


def _submitted(submission: Submission) -> dict[str, Any]:
    version = submission.version
    return {
        "id": version.id,
        "template_id": version.publication_id,
        "version": version.number,
        "name": version.entry["name"]["en"],
        "category": version.entry["category"],
        "author": version.author,
        "tenant_id": submission.tenant_id,
        "tenant_name": submission.tenant_name,
        "change_description": version.change_description,
        "status": version.review,
        "note": version.review_note,
        "submitted_by": version.published_by,
        "submitted_at": version.published_at,
        "reviewed_at": version.reviewed_at,
    }
