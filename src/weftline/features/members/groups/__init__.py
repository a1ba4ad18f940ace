"""Groups of members: roles and grants for many at once, and names that tasks are assigned to."""
