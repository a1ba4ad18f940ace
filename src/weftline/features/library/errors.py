"""What can be wrong with a request about the library."""

from __future__ import annotations

from collections.abc import Sequence

from weftline.features.errors import FieldError, Invalid, NotFound


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
