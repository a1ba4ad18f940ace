"""Who is at the console, for the audit log."""

from __future__ import annotations

import getpass
import os


def console_user() -> str:
    """The name of the account that runs this process."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # a container may run under an id that has no name
        return f"uid {os.getuid()}"
