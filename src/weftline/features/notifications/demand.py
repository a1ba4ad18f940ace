"""What a ``notify`` step asks for, checked before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from weftline.authoring import ActionError
from weftline.features.mail.addresses import is_address
from weftline.features.notifications.channel import Channel

MAX_RECIPIENTS = 50

_FIELDS = frozenset({"channel", "to", "subject", "message", "template", "data"})


@dataclass(frozen=True, slots=True)
class Demand:
    """One message.

    Attributes:
        channel: the way it goes.
        to: addresses or URLs, each once.
        subject: a line; it comes before the template's.
        message: what it says; None where a template does, or a webhook's data.
        template: name of the message template that has the words.
        data: what the template sees as ``data``, and a webhook is told; None where nothing was said.
    """

    channel: Channel
    to: tuple[str, ...]
    subject: str | None
    message: str | None
    template: str | None
    data: Any


def read_demand(input: Mapping[str, Any]) -> Demand:
    """Read the action's input.

    Raises:
        ActionError: not retryable, code ``invalid_input``; the message names the field.
    """
    unknown = sorted(input.keys() - _FIELDS)
    if unknown:
        raise _invalid(f"has no field '{unknown[0]}'; it takes {', '.join(sorted(_FIELDS))}")
    channel = _channel(input.get("channel", Channel.EMAIL))
    demand = Demand(
        channel,
        _recipients(input.get("to"), channel),
        _text(input, "subject"),
        _text(input, "message"),
        _text(input, "template"),
        input.get("data"),
    )
    if demand.message is not None and demand.template is not None:
        raise _invalid("takes a 'message' or a 'template', not both")
    if demand.message is None and demand.template is None and (channel is Channel.EMAIL or demand.data is None):
        raise _invalid("has nothing to say: it takes a 'message' or a 'template'")
    return demand


def _invalid(problem: str) -> ActionError:
    return ActionError(f"notify: {problem}", code="invalid_input", retryable=False)


def _channel(value: Any) -> Channel:
    try:
        return Channel(value)
    except ValueError:
        raise _invalid(f"'channel' must be one of {', '.join(Channel)}") from None


def _recipients(value: Any, channel: Channel) -> tuple[str, ...]:
    """The recipients; those of webhooks are looked at where the requests to them are made."""
    listed: list[Any] = cast("list[Any]", value) if isinstance(value, list) else [value]
    if not 0 < len(listed) <= MAX_RECIPIENTS:
        raise _invalid(f"'to' must name one to {MAX_RECIPIENTS} recipients")
    for position, recipient in enumerate(listed):
        place = f"to[{position}]" if isinstance(value, list) else "to"
        if not isinstance(recipient, str):
            raise _invalid(f"'{place}' must be a string")
        if channel is Channel.EMAIL and not is_address(recipient):
            raise _invalid(f"'{place}' is not an e-mail address")
    return tuple(dict.fromkeys(listed))


def _text(input: Mapping[str, Any], field: str) -> str | None:
    value = input.get(field)
    if value is not None and not isinstance(value, str):
        raise _invalid(f"'{field}' must be a string")
    return value
