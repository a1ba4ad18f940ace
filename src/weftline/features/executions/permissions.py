"""What one may be allowed to do with executions."""

from __future__ import annotations

from weftline.features.access.permissions import permission

START = permission("execution:start", "Start executions.", "author", "operator")
READ = permission("execution:read", "See executions, their data, steps and events.", "viewer", "author", "operator")
CANCEL = permission("execution:cancel", "End executions before their time.", "operator")
PAUSE = permission("execution:pause", "Pause executions, and let them go on.", "operator")
SIGNAL = permission("execution:signal", "Send signals to executions.", "author", "operator")
DELIVER = permission("event:deliver", "Deliver events to whichever executions wait for them.", "author", "operator")
