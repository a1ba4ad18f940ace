"""Telling people that an execution failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from weftline.language.program import ExpressionError, Scope, Template
from weftline.machine.command import NO_STEP, Command, CommandKind, NoticeSpec
from weftline.machine.values import Failure, names
from weftline.model.stepkey import ROOT

if TYPE_CHECKING:
    from weftline.machine.tokens import Tokens


def notices(tokens: Tokens, error: dict[str, Any]) -> list[Command]:
    """What the error handling wants to be told to whom.

    Words that cannot be rendered are left to the built-in ones; a notice to nobody is none.

    Args:
        tokens: of the turn in which the execution has ended.
        error: a WorkflowError's JSON.
    """
    visible = tokens.scope(ROOT, {"error": error})
    commands: list[Command] = []
    for notice in tokens.program.on_failure.notices:
        try:
            recipients = names(notice.recipients.render(visible), "recipients")
        except (Failure, ExpressionError):
            continue
        if recipients:
            spec = NoticeSpec(
                notice.channel,
                recipients,
                notice.template,
                _text(notice.subject, visible),
                _text(notice.message, visible),
                error,
            )
            commands.append(Command(CommandKind.NOTIFY, NO_STEP, spec))
    return commands


def _text(template: Template | None, visible: Scope) -> str | None:
    if template is None:
        return None
    try:
        value = template.render(visible)
    except ExpressionError:
        return None
    return value if isinstance(value, str) else None
