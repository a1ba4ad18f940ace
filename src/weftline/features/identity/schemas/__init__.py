"""People and their accounts, on the wire."""
