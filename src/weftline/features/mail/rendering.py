"""Messages from templates.

A template is two files in ``templates/``: ``<name>.txt``, whose first line is the subject, and ``<name>.html``. Both
are set into a shared layout. ``$name`` stands for a value. Values may come from anybody, so none can carry markup or a
control character; but for prose, none can carry a line break, or is longer than a line should be.

==================  ===============================================================
template            values
==================  ===============================================================
verify_email        name, link, valid_for
account_exists      name, occurred_at, address
email_changed       name, new_email, occurred_at, address
second_factor       name, change, occurred_at, address
reset_password      name, link, valid_for
password_changed    name, occurred_at, address
invitation          tenant, inviter, link, valid_for
new_sign_in         name, occurred_at, address, user_agent
account_locked      name, occurred_at, address
task_assigned       name, task, workflow, due_at, link
task_escalated      name, task, workflow, due_at, link
task_overdue        name, task, workflow, due_at, link
task_link           name, task, workflow, due_at, choices, valid_for
notification        subject, message
execution_failed    subject, message, link
webhook_disabled    name, webhook, tenant, reason, error, link
connection_refused  name, connection, integration, tenant, reason, link
==================  ===============================================================

``occurred_at`` and ``due_at`` are moments, ``valid_for`` a duration, ``link`` an address, ``choices`` some
:class:`Choice`, ``message`` a :class:`Prose`; everything else is text. None is shown as a dash.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from string import Template
from typing import Literal

from weftline.features.mail.text import lines, one_line

TemplateName = Literal[
    "verify_email",
    "account_exists",
    "email_changed",
    "second_factor",
    "reset_password",
    "password_changed",
    "invitation",
    "new_sign_in",
    "account_locked",
    "task_assigned",
    "task_escalated",
    "task_overdue",
    "task_link",
    "notification",
    "execution_failed",
    "webhook_disabled",
    "connection_refused",
]

MAX_TEXT = 200
"""Characters of a text value; what is longer ends in an ellipsis."""

MAX_PROSE = 50_000
"""Characters of a text of several lines; what is longer ends in an ellipsis."""

_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


@dataclass(frozen=True, slots=True)
class Choice:
    """A button: what it says, and the address it leads to."""

    label: str
    link: str


@dataclass(frozen=True, slots=True)
class Prose:
    """A text of several lines, which stay what they are."""

    text: str


Value = str | Prose | datetime | timedelta | Sequence[Choice] | None


@dataclass(frozen=True, slots=True)
class Content:
    """A message as people read it."""

    subject: str
    text: str
    html: str


def render(template: TemplateName, values: Mapping[str, Value]) -> Content:
    """The message that a template makes of values.

    Args:
        template: its name.
        values: what it needs, see the table above; others are ignored.

    Raises:
        KeyError: a value is missing.
        ValueError: a link is not an address of the web.
    """
    source = _source(template)
    plain = {name: _plain(name, value) for name, value in values.items()}
    marked_up = {name: _marked_up(name, value) for name, value in values.items()}
    subject = source.subject.substitute(plain)
    layout = _source("layout")
    return Content(
        subject,
        layout.text.substitute(subject=subject, body=source.text.substitute(plain).strip()),
        layout.html.substitute(subject=html.escape(subject), body=source.html.substitute(marked_up).strip()),
    )


@dataclass(frozen=True, slots=True)
class _Source:
    subject: Template
    text: Template
    html: Template


@cache
def _source(name: str) -> _Source:
    folder = files("weftline.features.mail").joinpath("templates")
    subject, _, text = folder.joinpath(f"{name}.txt").read_text("utf-8").partition("\n")
    markup = folder.joinpath(f"{name}.html").read_text("utf-8")
    return _Source(Template(subject), Template(text), Template(markup))


@cache
def _button() -> Template:
    return Template(files("weftline.features.mail").joinpath("templates/button.html").read_text("utf-8").strip())


def _plain(name: str, value: Value) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "\n".join(f"{one_line(choice.label, MAX_TEXT)}:\n{_address(choice.link)}\n" for choice in value).strip()
    return _address(value) if name == "link" else _shown(value)


def _marked_up(name: str, value: Value) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "\n".join(_buttons(value))
    escaped = html.escape(_plain(name, value))
    return escaped.replace("\n", "<br>\n") if isinstance(value, Prose) else escaped


def _buttons(choices: Sequence[Choice]) -> Iterable[str]:
    for choice in choices:
        yield _button().substitute(
            label=html.escape(one_line(choice.label, MAX_TEXT)), link=html.escape(_address(choice.link))
        )


def _shown(value: str | Prose | datetime | timedelta | None) -> str:
    match value:
        case None:
            return "–"
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
        case timedelta():
            return _span(value)
        case Prose():
            return lines(value.text, MAX_PROSE)
        case str():
            return one_line(value, MAX_TEXT)


def _span(duration: timedelta) -> str:
    """A duration in the largest unit that it is a whole number of."""
    seconds = round(duration.total_seconds())
    unit, count = next((unit, seconds // length) for unit, length in _UNITS if seconds % length == 0)
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def _address(link: Value) -> str:
    if not isinstance(link, str) or not link.startswith(("http://", "https://")) or not _is_unbroken(link):
        raise ValueError("a link in a message must be an http:// or https:// address")
    return link


def _is_unbroken(text: str) -> bool:
    return text.isprintable() and " " not in text
