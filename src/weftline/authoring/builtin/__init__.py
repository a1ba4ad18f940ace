"""The actions that every worker has: ``echo``, ``log`` and ``http``.

Importing this package registers them; it is named under the entry point group ``weftline.actions``.
"""

from weftline.authoring.builtin.echo import echo
from weftline.authoring.builtin.http import HttpSettings, close_http, configure_http, exchange, http
from weftline.authoring.builtin.log import log

__all__ = ["HttpSettings", "close_http", "configure_http", "echo", "exchange", "http", "log"]
