"""Service accounts: programs that act in one tenant under their own name."""
