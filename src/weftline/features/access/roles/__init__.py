"""Custom roles, and the rule that nobody gives what they do not have."""
