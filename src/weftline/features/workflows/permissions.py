"""What one may be allowed to do with workflows."""

from __future__ import annotations

from weftline.features.access.permissions import permission

READ = permission("workflow:read", "See workflows and their versions.", "viewer", "author", "operator")
CREATE = permission("workflow:create", "Store new workflows.", "author")
WRITE = permission("workflow:write", "Change workflows.", "author")
PUBLISH = permission("workflow:publish", "Publish versions, which new executions then run.", "author")
RETIRE = permission("workflow:retire", "Deprecate and archive workflows, and bring them back.", "author")
