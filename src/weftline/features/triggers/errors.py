"""What can be wrong with a request about triggers, or with a call of a webhook.

::

    NotFound            ├── TriggerNotFound
                        └── WebhookNotFound        no such address, or its trigger does not fire: nobody can tell
    Conflict            ├── WrongTriggerType
                        ├── TriggerNotReady
                        ├── Overlapping
                        └── ReplayedCall
    Invalid             ├── InvalidBackfill
                        └── CannotFire
    Unauthenticated     ├── BadSignature
                        └── StaleCall
    TooManyRequests     └── TooManyCalls
    TooLarge            └── CallTooLarge
    DomainError         └── WebhookNotReady
"""

from __future__ import annotations

from typing import Any, cast

from weftline.features.errors import (
    Conflict,
    DomainError,
    FieldError,
    Invalid,
    NotFound,
    TooLarge,
    TooManyRequests,
    Unauthenticated,
)
from weftline.model.errors import WorkflowError


class TriggerNotFound(NotFound):
    """There is no trigger of this id."""

    code = "trigger_not_found"
    title = "Trigger not found"

    def __init__(self) -> None:
        super().__init__("There is no trigger of this id.")


class WebhookNotFound(NotFound):
    """Nothing is called under this address."""

    code = "webhook_not_found"
    title = "Webhook not found"

    def __init__(self) -> None:
        super().__init__("There is no webhook at this address.")


class WrongTriggerType(Conflict):
    """What is asked for goes with another type of trigger."""

    code = "wrong_trigger_type"
    title = "Wrong type of trigger"

    def __init__(self, type: str, wanted: str) -> None:
        super().__init__(f"This is a trigger of type '{type}'; only one of type '{wanted}' can do that.")


class TriggerNotReady(Conflict):
    """It does not fire, whoever asks."""

    code = "trigger_not_ready"
    title = "Trigger does not fire"

    def __init__(self, status: str) -> None:
        super().__init__(f"The trigger is {status}, and fires for nobody.")


class Overlapping(Conflict):
    """As many executions run as may."""

    code = "overlapping"
    title = "Still running"

    def __init__(self) -> None:
        super().__init__("As many executions run as the trigger or its workflow allows at once.")


class ReplayedCall(Conflict):
    """A signature came a second time."""

    code = "replayed"
    title = "Call was made before"

    def __init__(self) -> None:
        super().__init__("A call with this signature was taken before.")


class InvalidBackfill(Invalid):
    """The span cannot be filled."""

    code = "invalid_backfill"
    title = "Backfill not valid"

    def __init__(self, pointer: str, message: str) -> None:
        super().__init__(message, [FieldError(pointer, message)])


class CannotFire(Invalid):
    """The trigger fired, and no execution can be started."""

    code = "cannot_fire"
    title = "Trigger cannot fire"

    def __init__(self, error: WorkflowError) -> None:
        found = cast("list[dict[str, Any]]", error.details.get("errors", []))
        errors = [FieldError(f"/input{each['pointer']}", each["message"], error.code) for each in found]
        super().__init__(
            f"No execution can be started: {error.message}.", errors or [FieldError("", error.message, error.code)]
        )


class BadSignature(Unauthenticated):
    """The call is not signed as it must be."""

    code = "bad_signature"
    title = "Wrong signature"

    def __init__(self) -> None:
        super().__init__("The call's signature is missing or wrong.")


class StaleCall(Unauthenticated):
    """The signed time is too far from now."""

    code = "stale_call"
    title = "Call too old"

    def __init__(self) -> None:
        super().__init__("The time that the call's signature covers is too far from now.")


class TooManyCalls(TooManyRequests):
    """As many calls as a webhook takes in a minute."""

    code = "too_many_calls"
    title = "Too many calls"

    def __init__(self, limit: int, retry_after: float) -> None:
        super().__init__(f"This webhook takes {limit} calls a minute.", retry_after)


class CallTooLarge(TooLarge):
    """The body is larger than the webhook takes."""

    code = "body_too_large"
    title = "Body too large"

    def __init__(self, limit: int) -> None:
        super().__init__(f"A call of this webhook may have a body of {limit:,} bytes.")


class WebhookNotReady(DomainError):
    """The webhook lacks what it needs to check calls."""

    status = 503
    code = "webhook_not_ready"
    title = "Webhook not ready"

    def __init__(self, why: str = "the secret that its calls are signed with is missing") -> None:
        super().__init__(f"The webhook is not set up: {why}.")
