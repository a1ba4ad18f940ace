"""E-mail addresses, in the one form in which they are stored and compared."""

from __future__ import annotations

import email_validator
from email_validator import EmailNotValidError, validate_email

from weftline.features.errors import FieldError, Invalid

# names that only an own network knows (.local, .internal, localhost) have mailboxes there
email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()


class InvalidAddress(Invalid):
    """This is no e-mail address."""

    code = "invalid_email"
    title = "E-mail address not valid"

    def __init__(self, message: str) -> None:
        super().__init__("The e-mail address is not valid.", [FieldError("/email", message, self.code)])


def checked_address(address: str) -> str:
    """An e-mail address that is to be stored, in lower case and normal form.

    Raises:
        InvalidAddress: it is none.
    """
    try:
        # whether the domain exists is not asked: the network may be away, and mail will tell
        checked = validate_email(address, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError as error:
        raise InvalidAddress(str(error)) from None
    return checked.normalized.lower()


def normal_address(address: str) -> str:
    """An address to look for, in the form in which it would be stored; whatever it is, it is not refused."""
    try:
        return checked_address(address)
    except InvalidAddress:
        return address.strip().lower()
