"""What one may be allowed to do with human tasks.

A task that is assigned to somebody is theirs alone, whatever else these permissions say: ``task:complete`` lets one do
one's own tasks and those that are nobody's in particular, ``task:manage`` any.
"""

from __future__ import annotations

from weftline.features.access.permissions import permission

READ = permission("task:read", "See the tasks that one may do.", "viewer", "author", "operator", "approver")
READ_ALL = permission("task:read-all", "See everybody's tasks.", "viewer", "author", "operator")
COMPLETE = permission("task:complete", "Claim, complete and comment on tasks.", "author", "operator", "approver")
DELEGATE = permission("task:delegate", "Hand one's task to another member.", "author", "operator", "approver")
MANAGE = permission("task:manage", "Do, reassign and send out anybody's tasks.", "operator")
