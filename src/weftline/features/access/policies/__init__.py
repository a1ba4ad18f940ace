"""Cedar policies: what a tenant allows or forbids beyond roles and grants."""
