"""What can be wrong with mail.

::

    NotFound   └── MailNotFound
    Invalid    └── InvalidRecipient
    MailError      a message was not sent
               ├── Undeliverable    and never will be
               └── NotSent          this time
"""

from __future__ import annotations

from weftline.features.errors import Invalid, NotFound


class MailNotFound(NotFound):
    """There is no message of this id."""

    code = "mail_not_found"
    title = "Message not found"

    def __init__(self) -> None:
        super().__init__("There is no message of this id.")


class InvalidRecipient(Invalid):
    """A text that is not one plain e-mail address."""

    code = "invalid_recipient"
    title = "Invalid recipient"

    def __init__(self) -> None:
        super().__init__("The recipient is not an e-mail address.")


class MailError(Exception):
    """A message was not sent."""


class Undeliverable(MailError):
    """The server refuses the message or its recipient for good."""


class NotSent(MailError):
    """The message was not sent this time: no connection, no sign-in, or a server that asks to come again."""
