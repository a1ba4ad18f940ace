"""Why somebody cannot sign in, or stay signed in.

::

    Unauthenticated ├── WrongCredentials
                    └── SessionOver
    Forbidden       └── NoMembership
"""

from __future__ import annotations

from weftline.features.errors import Forbidden, Unauthenticated


class WrongCredentials(Unauthenticated):
    """E-mail address and password do not belong together. Whether the address is known is not told."""

    code = "wrong_credentials"
    title = "Wrong credentials"

    def __init__(self) -> None:
        super().__init__("The e-mail address or the password is wrong.")


class SessionOver(Unauthenticated):
    """The refresh token does not count (any more)."""

    code = "session_over"
    title = "Session is over"

    def __init__(self) -> None:
        super().__init__("This session is over: sign in again.")


class NoMembership(Forbidden):
    """The person does not belong to the tenant they want to sign in to."""

    code = "no_membership"
    title = "No member of this tenant"

    def __init__(self) -> None:
        super().__init__("You are no member of this tenant, or it does not exist.")
