"""What one may be allowed to do with executions."""

from __future__ import annotations

from weftline.features.access.permissions import permission

START = permission("execution:start", "Start executions.", "author", "operator")
READ = permission("execution:read", "See executions, their data, steps and events.", "viewer", "author", "operator")
CANCEL = permission("execution:cancel", "End executions before their time.", "operator")
PAUSE = permission("execution:pause", "Pause executions, and let them go on.", "operator")
EDIT = permission("execution:edit", "Change executions' tags, search attributes and priority.", "operator")
BULK = permission("execution:bulk", "Do to many executions at once what one may do to each.", "operator")
SIGNAL = permission("execution:signal", "Send signals to executions.", "author", "operator")
DELIVER = permission("event:deliver", "Deliver events to whichever executions wait for them.", "author", "operator")
OPERATE = permission("execution:operate", "Skip executions' steps, and change their data.", "operator")
RETRY = permission("execution:retry", "Retry executions and their steps, and start executions anew.", "operator")
ROLL_BACK = permission("execution:rollback", "Undo what executions did.", "operator")
MIGRATE = permission("execution:migrate", "Let executions go on with another version.", "operator")
SUBMIT = permission("execution:submit", "Start drafts, fill in their steps, and submit them.", "author", "operator")
APPROVE = permission("execution:approve", "Approve or reject what was submitted.", "operator", "approver")
