"""Who may do what: permissions, roles, grants, policies, and the gate in front of every route."""
