"""What can be wrong with a request about outgoing webhooks.

::

    NotFound            ├── OutgoingWebhookNotFound
                        └── DeliveryNotFound
    Conflict            ├── TooManyWebhooks
                        ├── WebhookDisabled
                        └── DeliveryPending
    PreconditionFailed  └── WebhookChanged
    Invalid             └── InvalidWebhook
"""

from __future__ import annotations

from weftline.features.errors import Conflict, FieldError, Invalid, NotFound, PreconditionFailed


class OutgoingWebhookNotFound(NotFound):
    """There is no webhook of this id."""

    code = "outgoing_webhook_not_found"
    title = "Webhook not found"

    def __init__(self) -> None:
        super().__init__("There is no webhook of this id.")


class DeliveryNotFound(NotFound):
    """There is no delivery of this id, or not any more."""

    code = "delivery_not_found"
    title = "Delivery not found"

    def __init__(self) -> None:
        super().__init__("The webhook has no delivery of this id, or not any more.")


class TooManyWebhooks(Conflict):
    """There are as many as there may be."""

    code = "too_many_webhooks"
    title = "Too many webhooks"

    def __init__(self, limit: int) -> None:
        super().__init__(f"A tenant has at most {limit} webhooks.")


class WebhookDisabled(Conflict):
    """Nothing is sent to it."""

    code = "webhook_disabled"
    title = "Webhook disabled"

    def __init__(self) -> None:
        super().__init__("The webhook is disabled. Enable it first.")


class DeliveryPending(Conflict):
    """It is to be tried anyway."""

    code = "delivery_pending"
    title = "Delivery pending"

    def __init__(self) -> None:
        super().__init__("The delivery is neither done nor given up: it is tried anyway.")


class WebhookChanged(PreconditionFailed):
    """Somebody else changed it."""

    code = "webhook_changed"

    def __init__(self) -> None:
        super().__init__("The webhook was changed since you read it. Read it again.")


class InvalidWebhook(Invalid):
    """A webhook cannot be like this."""

    code = "invalid_webhook"
    title = "Webhook not valid"

    def __init__(self, pointer: str, message: str, code: str = "invalid", hint: str | None = None) -> None:
        super().__init__("The webhook cannot be like this; see 'errors'.", [FieldError(pointer, message, code, hint)])
