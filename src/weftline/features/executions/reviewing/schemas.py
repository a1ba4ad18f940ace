"""The review lifecycle on the wire."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from weftline.features.access.fields.masking import FieldMask
from weftline.features.executions.operating.schemas import StepId, StepKey
from weftline.features.executions.reviewing.service import Validation
from weftline.features.executions.schemas import masked
from weftline.features.http.wire import Demand, Wire


class StepBody(Demand):
    """What somebody fills in."""

    data: dict[str, Any] | None = None
    outcome: Annotated[str | None, Field(max_length=128, description="One of the step's, where it has any.")] = None
    comment: Annotated[str | None, Field(max_length=2000)] = None
    step_key: Annotated[StepKey | None, Field(description="The activation, where the node is open several times.")] = (
        None
    )


class ApproveBody(Demand):
    """How to approve."""

    comment: Annotated[str | None, Field(max_length=2000)] = None


class RejectBody(Demand):
    """Why it is not good enough, and how far it goes back."""

    reason: Annotated[str, Field(min_length=1, max_length=2000)]
    to_step_id: Annotated[
        StepId | None, Field(description="Back to this step, which is done again; absent: back to validation.")
    ] = None


class ValidationError(Wire):
    """One thing that is wrong with what was filled in."""

    step_id: str
    pointer: Annotated[str, Field(description="JSON pointer into the step's data.")]
    message: str
    scope: Annotated[str | None, Field(description="The parallel branch or iteration, where it is in one.")] = None


class ValidationOut(Wire):
    """Whether what was filled in is valid."""

    valid: Annotated[bool | None, Field(description="Null while no worker has looked.")]
    errors: list[ValidationError]

    @classmethod
    def of(cls, found: Validation, mask: FieldMask | None) -> ValidationOut:
        """What was found, without what ``mask`` hides."""
        errors = [ValidationError(**masked(error, mask)) for error in found.errors]
        return cls(valid=found.is_valid, errors=errors)
