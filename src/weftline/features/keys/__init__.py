"""API keys and service accounts: how programs come in."""
