"""What a command says when it cannot do what was asked, and the exit code it ends with.

==== ==============================================================
code meaning
==== ==============================================================
0    done; for ``weft run``: the execution completed
1    it failed, was refused, or nobody answered
2    what was given is not valid: a definition, an input, an option
130  interrupted
==== ==============================================================
"""

from __future__ import annotations

from collections.abc import Sequence

FAILED = 1
INVALID = 2
INTERRUPTED = 130


class CommandFailed(Exception):
    """A command cannot do what was asked.

    Args:
        message: a sentence for the person at the terminal.
        details: further lines.
        exit_code: what the command ends with.
    """

    def __init__(self, message: str, details: Sequence[str] = (), *, exit_code: int = FAILED) -> None:
        super().__init__(message)
        self.message = message
        self.details = tuple(details)
        self.exit_code = exit_code


def explain(error: Exception) -> CommandFailed | None:
    """The failure to report for an error that the layers below raised; None where it is a bug of ours."""
    if isinstance(error, CommandFailed):
        return error
    # imported here: only a command that fails needs to know every layer's errors
    from weftline.authoring.errors import DuplicateAction, DuplicateIntegration
    from weftline.authoring.steps import InvalidWorkflow
    from weftline.features.errors import DomainError
    from weftline.migrations import UnsupportedServerError
    from weftline.store.embedded.errors import EmbeddedServerError
    from weftline.store.errors import StoreError, StoreUnavailable
    from weftline.store.roles import RoleSetupError
    from weftline.store.vault import MasterKeyError

    match error:
        case DomainError():
            return CommandFailed(
                error.detail,
                [field_line(each.pointer, each.message, each.hint) for each in error.errors],
                exit_code=exit_code_of(error.status),
            )
        case DuplicateAction() | DuplicateIntegration() | InvalidWorkflow():
            return CommandFailed(str(error), exit_code=INVALID)
        case StoreUnavailable():
            return CommandFailed(f"the database cannot be reached: {error}")
        case StoreError() | EmbeddedServerError() | RoleSetupError() | UnsupportedServerError() | MasterKeyError():
            return CommandFailed(str(error))
        case _:
            return None


def exit_code_of(status: int) -> int:
    """The exit code for an HTTP status that is no success: was what was given not valid, or did it fail?"""
    return INVALID if status in (400, 413, 422) else FAILED


def field_line(pointer: str, message: str, hint: str | None) -> str:
    """One thing that is wrong with a request, as a line."""
    return f"{pointer or '/'}: {message}" + (f" ({hint})" if hint else "")
