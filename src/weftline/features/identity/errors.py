"""Why somebody cannot sign in, stay signed in, or change how they do.

::

    Unauthenticated ├── WrongCredentials
                    ├── WrongCode
                    └── SessionOver
    Forbidden       ├── CsrfRefused
                    ├── NoMembership
                    ├── RegistrationClosed
                    └── PeopleOnly
    NotFound        └── SessionNotFound
    Conflict        ├── FactorExists
                    └── NoFactor
    PreconditionFailed ── ProfileChanged
    Invalid         ├── NoRefreshToken
                    ├── TokenNotValid
                    ├── WeakPassword
                    ├── ProofRefused
                    └── PasswordNotExpected
    TooManyRequests └── TooManyTries
    DomainError     └── SignInUnavailable
"""

from __future__ import annotations

from weftline.features.errors import (
    Conflict,
    DomainError,
    FieldError,
    Forbidden,
    Invalid,
    NotFound,
    PreconditionFailed,
    TooManyRequests,
    Unauthenticated,
)


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


class CsrfRefused(Forbidden):
    """A request came with cookies, and it is not plain that a page of ours meant it."""

    code = "csrf_refused"
    title = "Cross-site request forgery"


class NoRefreshToken(Invalid):
    """There is none to refresh with, neither in the body nor in a cookie."""

    code = "invalid_request"
    title = "Request not valid"

    def __init__(self) -> None:
        missing = FieldError("/refreshToken", "Field required, where there is no cookie", "missing")
        super().__init__("The request is not valid; see 'errors'.", [missing])


class NoMembership(Forbidden):
    """The person does not belong to the tenant they want to sign in to."""

    code = "no_membership"
    title = "No member of this tenant"

    def __init__(self) -> None:
        super().__init__("You are no member of this tenant, or it does not exist.")


class WrongCode(Unauthenticated):
    """The code of the second factor is wrong, or was used before."""

    code = "wrong_code"
    title = "Wrong code"

    def __init__(self) -> None:
        super().__init__("The code is wrong, has expired, or was used before: wait for the next one.")


class RegistrationClosed(Forbidden):
    """Nobody may make an account by themselves, or not in that tenant."""

    code = "registration_closed"
    title = "Registration is closed"

    def __init__(self) -> None:
        super().__init__("You cannot register here by yourself: ask an administrator to invite you.")


class PeopleOnly(Forbidden):
    """What belongs to a person is changed by that person, signed in."""

    code = "people_only"
    title = "For people only"

    def __init__(self) -> None:
        super().__init__("Only people can do this, for themselves, after signing in: API keys and visitors cannot.")


class SessionNotFound(NotFound):
    """The person has no such session, or it has ended."""

    code = "session_not_found"
    title = "Session not found"

    def __init__(self) -> None:
        super().__init__("You have no session of this id.")


class FactorExists(Conflict):
    """There is a second factor already."""

    code = "second_factor_exists"
    title = "Second factor exists"

    def __init__(self) -> None:
        super().__init__("You have a second factor already: remove it before you set up another.")


class NoFactor(Conflict):
    """There is no second factor, or none that waits to be confirmed."""

    code = "no_second_factor"
    title = "No second factor"

    def __init__(self) -> None:
        super().__init__("You have no second factor, or have not begun to set one up.")


class ProfileChanged(PreconditionFailed):
    """Somebody changed the profile meanwhile."""

    def __init__(self) -> None:
        super().__init__("Your profile was changed meanwhile: read it again.")


class TokenNotValid(Invalid):
    """A token from a mail, or of a sign-in's second step, does not count (any more)."""

    code = "token_not_valid"
    title = "Token not valid"

    def __init__(self) -> None:
        message = "was used already, has expired, or never was"
        super().__init__(
            "The token does not count (any more): ask for a new one.", [FieldError("/token", message, self.code)]
        )


class WeakPassword(Invalid):
    """A new password is too easy to guess.

    Args:
        pointer: where it stands in the request.
        message: why.
        hint: what would be better.
    """

    code = "weak_password"
    title = "Password too weak"

    def __init__(self, pointer: str, message: str, hint: str | None = None) -> None:
        super().__init__("The new password is too easy to guess.", [FieldError(pointer, message, self.code, hint)])


class ProofRefused(Invalid):
    """Somebody who is signed in did not prove anew who they are.

    Args:
        pointer: where the wrong password or code stands in the request.
    """

    code = "proof_refused"
    title = "Wrong password or code"

    def __init__(self, pointer: str) -> None:
        super().__init__("Your password, or the code, is wrong.", [FieldError(pointer, "is wrong", self.code)])


class PasswordNotExpected(Invalid):
    """A password is missing, or is given where there is one already."""

    code = "password_not_expected"
    title = "Password missing, or not expected"

    def __init__(self, message: str) -> None:
        super().__init__(message, [FieldError("/password", message, self.code)])


class TooManyTries(TooManyRequests):
    """Too many failed tries to sign in; ``retry_after`` says when the next is looked at."""

    code = "too_many_tries"
    title = "Too many failed tries"

    def __init__(self, retry_after: float) -> None:
        super().__init__("Too many failed tries: wait before the next one.", retry_after)


class SignInUnavailable(DomainError):
    """A way to sign in that a plugin adds does not answer. People who are not known are told the same."""

    status = 503
    code = "sign_in_unavailable"
    title = "Sign-in not available"

    def __init__(self) -> None:
        super().__init__(
            "The password is none of this platform's own, and the service that may know it does not answer now. Try "
            "again later."
        )
