"""Pages for people who follow a link from a mail: what is asked, and what became of it. No scripts, nothing outside.

The form is sent to the page's own address. The page overrides the server's referrer policy for itself: without a
referrer a browser would send the form's origin as ``null``, which cannot be told from another site's.
"""

from __future__ import annotations

from html import escape
from string import Template

from weftline.features.tasks.links import Offer
from weftline.features.tasks.models import HumanTask
from weftline.model.status import TaskStatus

_PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="same-origin">
<meta name="robots" content="noindex">
<title>$title</title>
<style>
:root { color-scheme: light dark }
body { margin: 0 auto; max-width: 36rem; padding: 3rem 1.25rem; font: 16px/1.55 system-ui, sans-serif }
h1 { font-size: 1.5rem; margin: 0 0 .5rem }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem }
dt { opacity: .7 } dd { margin: 0 }
textarea { box-sizing: border-box; width: 100%; font: inherit; padding: .5rem }
button { font: inherit; margin: 1rem .5rem 0 0; padding: .6rem 1.2rem; cursor: pointer }
</style>
</head>
<body>
<main>
$body
</main>
</body>
</html>
""")

_OFFER = Template("""<h1>$name</h1>
<dl><dt>Workflow</dt><dd>$workflow</dd><dt>Due</dt><dd>$due</dd><dt>You are</dt><dd>$user</dd></dl>
$form""")

_FORM = Template("""<form method="post">
<p><label for="comment">Comment, if you like</label></p>
<textarea id="comment" name="comment" rows="3" maxlength="10000"></textarea>
<p>$buttons</p>
</form>
<p>The link works once, until $expires.</p>""")

_SIGN_IN = "<p>This task comes with a form to fill in: sign in to do it.</p>"


def offer_page(offer: Offer, outcome: str | None, *, needs_form: bool) -> str:
    """What a link asks.

    Args:
        offer: what it offers.
        outcome: the one that the button in the mail named.
        needs_form: there is a form to fill in, for which this page has no room.
    """
    task = offer.task
    outcomes = [offer.link.outcome] if offer.link.outcome is not None else list(task.outcomes or ())
    if outcome in outcomes:
        # what was chosen in the mail comes first
        outcomes.sort(key=lambda each: each != outcome)
    buttons = [_button(each) for each in outcomes] or ['<button type="submit">Done</button>']
    form = _FORM.substitute(buttons="\n".join(buttons), expires=f"{offer.link.expires_at:%Y-%m-%d %H:%M} UTC")
    body = _OFFER.substitute(
        name=escape(task.name),
        workflow=escape(task.workflow_id),
        due="–" if task.due_at is None else f"{task.due_at:%Y-%m-%d %H:%M} UTC",
        user=escape(offer.person.name),
        form=_SIGN_IN if needs_form else form,
    )
    return _PAGE.substitute(title=escape(task.name), body=body)


def decided_page(task: HumanTask, outcome: str | None) -> str:
    """That a decision was taken."""
    said = "Your answer" if outcome is None else f"Your decision, <strong>{escape(outcome)}</strong>,"
    rest = "" if task.status == TaskStatus.COMPLETED.value else " More people must agree before the task is done."
    return _PAGE.substitute(title="Thank you", body=f"<h1>Thank you</h1><p>{said} has been recorded.{rest}</p>")


def refused_page(title: str, detail: str) -> str:
    """That a link, or what was decided by it, is not accepted."""
    return _PAGE.substitute(title=escape(title), body=f"<h1>{escape(title)}</h1><p>{escape(detail)}</p>")


def _button(outcome: str) -> str:
    return f'<button type="submit" name="outcome" value="{escape(outcome)}">{escape(outcome)}</button>'
