"""Why somebody is not let through.

::

    Unauthenticated ── NotSignedIn
    Forbidden       ├── PermissionDenied
                    ├── SecondFactorRequired
                    ├── TenantMismatch
                    ├── TenantInactive
                    └── OperatorsOnly
"""

from __future__ import annotations

from weftline.features.errors import Forbidden, Unauthenticated


class NotSignedIn(Unauthenticated):
    """There is no token, or one that does not count (any more)."""

    def __init__(self, detail: str = "Sign in first: send 'Authorization: Bearer <access token or API key>'.") -> None:
        super().__init__(detail)


class PermissionDenied(Forbidden):
    """The caller may not do this."""

    code = "permission_denied"

    def __init__(self, permission: str) -> None:
        super().__init__(f"You need the permission {permission} for this.")


class SecondFactorRequired(Forbidden):
    """The tenant or a role of the caller's asks for a second factor, and none was given."""

    code = "second_factor_required"
    title = "Second factor required"

    def __init__(self) -> None:
        super().__init__(
            "Your tenant or one of your roles requires a second factor: set one up under /auth/mfa, then sign in anew."
        )


class TenantMismatch(Forbidden):
    """The request names another tenant than the one signed in to."""

    code = "tenant_mismatch"
    title = "Not signed in to this tenant"

    def __init__(self) -> None:
        super().__init__("You are not signed in to the tenant that this request names: sign in to that one.")


class TenantInactive(Forbidden):
    """The tenant is suspended or archived."""

    code = "tenant_inactive"
    title = "Tenant is not active"

    def __init__(self, status: str) -> None:
        super().__init__(f"Your tenant is {status}. Ask the operators of this platform.")


class OperatorsOnly(Forbidden):
    """The route is for operators of the platform."""

    code = "operators_only"

    def __init__(self) -> None:
        super().__init__("Only operators of the platform may do this.")
