"""What can be wrong with a request about members.

::

    Forbidden           ├── OwnMembership
                        └── PasswordNotAllowed
    NotFound            └── MemberNotFound
    Conflict            ├── MemberExists
                        ├── LastAdministrator
                        ├── InvitationPending
                        └── NoInvitation
    PreconditionFailed  └── MemberChanged
    TooManyRequests     └── TooManyInvitations
"""

from __future__ import annotations

from weftline.features.errors import Conflict, Forbidden, NotFound, PreconditionFailed, TooManyRequests


class OwnMembership(Forbidden):
    """Nobody decides on their own standing."""

    code = "own_membership"

    def __init__(self) -> None:
        super().__init__("Ask another administrator: you cannot change your own roles, status or standing.")


class PasswordNotAllowed(Forbidden):
    """Members choose their own passwords: an account is not one tenant's alone."""

    code = "password_not_allowed"

    def __init__(self) -> None:
        super().__init__("Only operators of the platform give passwords. Leave it out: the member is invited by mail.")


class MemberNotFound(NotFound):
    """The tenant has no such member."""

    code = "member_not_found"
    title = "Member not found"

    def __init__(self) -> None:
        super().__init__("There is no member of this id.")


class MemberExists(Conflict):
    """They belong to the tenant already, or are invited."""

    code = "member_exists"
    title = "Member exists"

    def __init__(self) -> None:
        super().__init__("This address belongs to a member already, or to somebody who is invited.")


class LastAdministrator(Conflict):
    """A tenant keeps an administrator."""

    code = "last_administrator"
    title = "Last administrator"

    def __init__(self) -> None:
        super().__init__("This is the tenant's last active administrator: make another one first.")


class InvitationPending(Conflict):
    """Whoever is invited becomes active by accepting, and no other way."""

    code = "invitation_pending"
    title = "Invitation pending"

    def __init__(self) -> None:
        super().__init__(
            "The invitation is not accepted yet. It can be sent anew, or withdrawn by removing the member."
        )


class NoInvitation(Conflict):
    """There is no invitation to send anew."""

    code = "no_invitation"
    title = "No invitation"

    def __init__(self) -> None:
        super().__init__("The member has accepted already.")


class MemberChanged(PreconditionFailed):
    """Somebody else changed it."""

    code = "member_changed"

    def __init__(self) -> None:
        super().__init__("The member was changed since you read it. Read it again.")


class TooManyInvitations(TooManyRequests):
    """One mailbox is sent so many invitations and no more."""

    code = "too_many_invitations"

    def __init__(self) -> None:
        super().__init__("This address was sent several invitations within the hour.", retry_after=3600)
