"""The actions that every worker has: ``echo``, ``log`` and ``http``.

Importing this package registers them; it is named under the entry point group ``weftline.actions``.
"""

from weftline.authoring.builtin.echo import echo
from weftline.authoring.builtin.http import HttpSettings, configure_http, http
from weftline.authoring.builtin.log import log

__all__ = ["HttpSettings", "configure_http", "echo", "http", "log"]
