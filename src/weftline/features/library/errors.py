"""What can be wrong with a request about the library.

::

    Forbidden  └── NotEntitled
    NotFound   ├── TemplateNotFound
               ├── PublicationNotFound
               └── SubmissionNotFound
    Conflict   ├── TemplateExists
               ├── TooManyPublications
               └── WrongReview
    Invalid    ├── TemplateIncomplete
               └── NotPublishable
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from weftline.features.errors import Conflict, FieldError, Forbidden, Invalid, NotFound


class TemplateNotFound(NotFound):
    """The library has no template of this id."""

    code = "template_not_found"
    title = "Template not found"

    def __init__(self, id: str) -> None:
        super().__init__(f"The library has no template '{id}'.")


class TemplateIncomplete(Invalid):
    """Something that the template needs was not said, or does not fit; all of it is told at once."""

    code = "template_incomplete"
    title = "Template incomplete"

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__("The template cannot be installed like this: something is missing or does not fit.", errors)


class NotEntitled(Forbidden):
    """The template is premium, and the tenant has no licence for it."""

    code = "not_entitled"
    title = "Not entitled"

    def __init__(self, id: str, why: str) -> None:
        super().__init__(f"The template '{id}' is premium, and your tenant may not install it: {why}")


class PublicationNotFound(NotFound):
    """The tenant has published no template of this id."""

    code = "publication_not_found"
    title = "Publication not found"

    def __init__(self, id: str) -> None:
        super().__init__(f"Your tenant has published no template '{id}'.")


class SubmissionNotFound(NotFound):
    """Nobody has submitted this."""

    code = "submission_not_found"
    title = "Submission not found"

    def __init__(self, id: UUID) -> None:
        super().__init__(f"There is no submission '{id}'.")


class TemplateExists(Conflict):
    """Another template has the id already."""

    code = "template_exists"
    title = "Template exists"

    def __init__(self, id: str) -> None:
        super().__init__(f"The library has a template '{id}' already. Choose another id.")


class TooManyPublications(Conflict):
    """The tenant has published as many templates as it may."""

    code = "too_many_publications"
    title = "Too many publications"

    def __init__(self, most: int) -> None:
        super().__init__(f"A tenant can publish {most:,} templates at most.")


class WrongReview(Conflict):
    """The submission does not stand so that this can be done with it."""

    code = "wrong_review"
    title = "Not to be decided on"

    def __init__(self, stands: str, needed: str) -> None:
        super().__init__(f"The submission is {stands.lower()}; this takes one that is {needed.lower()}.")


class NotPublishable(Invalid):
    """The workflow cannot be a template like this; all that speaks against it is told at once."""

    code = "not_publishable"
    title = "Not publishable"

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__("The workflow cannot be published as a template like this; see 'errors'.", errors)
