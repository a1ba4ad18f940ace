"""Pages for people who come back from an authorization server. No scripts, nothing from outside."""

from __future__ import annotations

from html import escape
from string import Template

from weftline.features.integrations.authorizing import CALLBACK, Arrival

_PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>$title</title>
<style>
:root { color-scheme: light dark }
body { margin: 0 auto; max-width: 36rem; padding: 3rem 1.25rem; font: 16px/1.55 system-ui, sans-serif }
h1 { font-size: 1.5rem; margin: 0 0 .5rem }
button { font: inherit; margin: 1rem 0 0; padding: .6rem 1.2rem; cursor: pointer }
</style>
</head>
<body>
<main>
<h1>$title</h1>
$body
</main>
</body>
</html>
""")

_CONFIRM = Template("""<p><strong>$person</strong> asked for access to $integration, for the connection
<strong>$name</strong> in Weftline. Workflows will act there with what you have just allowed.</p>
<p>Go on only if you are $person, or do this on their behalf. Otherwise close this page: nothing was stored.</p>
<form method="post" action="$action">
$fields
<button type="submit">Connect</button>
</form>""")

_LOST = Template("""<p>$detail</p>
<p><a href="$home">To Weftline</a></p>""")


def confirm_page(arrival: Arrival, state: str, code: str | None, error: str | None) -> str:
    """Asks somebody who came back in another browser than the one in which it was begun.

    Args:
        arrival: who has come back, and for what.
        state, code, error: what the authorization server gave.
    """
    given = {"state": state, "code": code, "error": error}
    fields = "\n".join(
        f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in given.items() if value
    )
    body = _CONFIRM.substitute(
        person=escape(arrival.person),
        integration=escape(arrival.integration),
        name=escape(arrival.connection.name),
        action=CALLBACK,
        fields=fields,
    )
    return _PAGE.substitute(title="Connect to this account?", body=body)


def lost_page(detail: str, home: str) -> str:
    """Says why nothing was connected.

    Args:
        detail: a sentence.
        home: where the platform is.
    """
    return _PAGE.substitute(title="Not connected", body=_LOST.substitute(detail=escape(detail), home=escape(home)))
