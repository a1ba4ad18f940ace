"""What can be wrong with a request about keys and service accounts.

::

    Forbidden           ├── KeysMakeNoKeys
                        ├── MembersOnly
                        └── OwnAccount
    NotFound            ├── KeyNotFound
                        └── ServiceAccountNotFound
    Conflict            ├── ServiceAccountNameTaken
                        └── TooManyKeys
    PreconditionFailed  └── ServiceAccountChanged
    Invalid             └── InvalidExpiry
"""

from __future__ import annotations

from weftline.features.errors import Conflict, FieldError, Forbidden, Invalid, NotFound, PreconditionFailed


class KeysMakeNoKeys(Forbidden):
    """A key makes keys only where it may manage them."""

    code = "keys_make_no_keys"

    def __init__(self) -> None:
        super().__init__("An API key makes others only with the permission key:manage. Sign in as a person instead.")


class MembersOnly(Forbidden):
    """Only members have keys of their own."""

    code = "members_only"

    def __init__(self) -> None:
        super().__init__("Only members have keys of their own: say for which service account this one is.")


class OwnAccount(Forbidden):
    """A service account does not decide on itself."""

    code = "own_account"

    def __init__(self) -> None:
        super().__init__("A service account cannot change itself.")


class KeyNotFound(NotFound):
    """There is no such key, or it is somebody else's."""

    code = "key_not_found"
    title = "Key not found"

    def __init__(self) -> None:
        super().__init__("There is no API key of this id.")


class ServiceAccountNotFound(NotFound):
    """There is no such service account."""

    code = "service_account_not_found"
    title = "Service account not found"

    def __init__(self) -> None:
        super().__init__("There is no service account of this id.")


class ServiceAccountNameTaken(Conflict):
    """Another service account has this name."""

    code = "service_account_name_taken"
    title = "Name taken"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is a service account '{name}' already.")


class TooManyKeys(Conflict):
    """One owner has as many keys as anybody may."""

    code = "too_many_keys"
    title = "Too many keys"

    def __init__(self, limit: int) -> None:
        super().__init__(f"An owner has at most {limit} API keys that count: revoke one first.")


class ServiceAccountChanged(PreconditionFailed):
    """Somebody else changed it."""

    code = "service_account_changed"

    def __init__(self) -> None:
        super().__init__("The service account was changed since you read it. Read it again.")


class InvalidExpiry(Invalid):
    """A key cannot expire then."""

    code = "invalid_expiry"

    def __init__(self, message: str) -> None:
        super().__init__("The request is not valid; see 'errors'.", [FieldError("/expiresAt", message, self.code)])
