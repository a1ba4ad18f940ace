"""Why following comes to an end, or cannot begin."""

from __future__ import annotations

from weftline.features.errors import Conflict, Malformed, TooLarge


class InvalidPositionGiven(Malformed):
    """The position to go on from was not handed out by this platform."""

    code = "invalid_position"
    title = "Invalid position"

    def __init__(self) -> None:
        super().__init__("The position to go on from was not handed out by this platform. Follow without one.")


class PositionGone(Conflict):
    """The position to go on from is older than what is kept."""

    code = "position_expired"
    title = "Position expired"

    def __init__(self) -> None:
        super().__init__(
            "What happened since that position is not kept any more: a day is. Read what you need anew, and follow from"
            " now on, without a position."
        )


class FellBehind(Conflict):
    """A follower took what happened more slowly than it happened."""

    code = "fell_behind"
    title = "Fell behind"

    def __init__(self) -> None:
        super().__init__(
            "More has happened than was taken. Follow again from the last position that came; ask for fewer kinds if"
            " this happens again."
        )


class Stopping(Conflict):
    """The server is about to stop."""

    code = "server_stopping"
    title = "Server stopping"

    def __init__(self) -> None:
        super().__init__("The server is about to stop. Follow again from the last position that came.")


class SubscriptionKnown(Conflict):
    """A subscription of this id exists on the connection."""

    code = "subscription_exists"
    title = "Subscription exists"

    def __init__(self, id: str) -> None:
        super().__init__(
            f"The connection has a subscription '{id}' already. Unsubscribe it first, or choose another id."
        )


class TooManySubscriptions(Conflict):
    """A connection can carry no more."""

    code = "too_many_subscriptions"
    title = "Too many subscriptions"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"A connection carries at most {limit} subscriptions. Open another, or follow a whole workflow."
        )


class MessageTooLong(TooLarge):
    """A message over the WebSocket is too long."""

    code = "message_too_long"
    title = "Message too long"

    def __init__(self, limit: int) -> None:
        super().__init__(f"A message may have at most {limit} characters.")
