"""What can be wrong with a question about statistics.

::

    Invalid ├── InvalidPeriod
            ├── InvalidGroups
            └── UnknownTimeZone
"""

from __future__ import annotations

from weftline.features.errors import FieldError, Invalid


class InvalidPeriod(Invalid):
    """It ends before it begins."""

    code = "invalid_period"
    title = "Not a period"

    def __init__(self) -> None:
        detail = "'from' must be earlier than 'to', which is now where it is not given."
        super().__init__(detail, [FieldError("/from", "is not before 'to'", "invalid_period")])


class InvalidGroups(Invalid):
    """Figures cannot be told apart by hours and by days at once."""

    code = "invalid_groups"
    title = "Not a way to group"

    def __init__(self) -> None:
        super().__init__(
            "Group by 'hour' or by 'day', not by both.", [FieldError("/groupBy", "has both hour and day", "invalid")]
        )


class UnknownTimeZone(Invalid):
    """There is no such time zone."""

    code = "unknown_time_zone"
    title = "Unknown time zone"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"There is no time zone '{name}'.",
            [FieldError("/timezone", "is no name of the IANA database", "unknown_time_zone", "such as Europe/Berlin")],
        )
