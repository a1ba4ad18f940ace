"""What can be wrong with a request about groups.

::

    NotFound            ├── GroupNotFound
                        └── NotInGroup
    Conflict            └── GroupNameTaken
    PreconditionFailed  └── GroupChanged
"""

from __future__ import annotations

from weftline.features.errors import Conflict, NotFound, PreconditionFailed


class GroupNotFound(NotFound):
    """There is no group of this id."""

    code = "group_not_found"
    title = "Group not found"

    def __init__(self) -> None:
        super().__init__("There is no group of this id.")


class NotInGroup(NotFound):
    """The member is not in the group."""

    code = "not_in_group"
    title = "Not in the group"

    def __init__(self) -> None:
        super().__init__("There is no member of this id in the group.")


class GroupNameTaken(Conflict):
    """Another group has this name."""

    code = "group_name_taken"
    title = "Name taken"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is a group '{name}' already.")


class GroupChanged(PreconditionFailed):
    """Somebody else changed it."""

    code = "group_changed"

    def __init__(self) -> None:
        super().__init__("The group was changed since you read it. Read it again.")
