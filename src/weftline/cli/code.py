"""Workflows in code, as the command line names them: ``module:Object``."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn, cast

from weftline.cli.failures import INVALID, CommandFailed

_REFERENCE = re.compile(r"([A-Za-z_][\w.]*):([A-Za-z_][\w.]*)")


def is_reference(text: str) -> bool:
    """Whether a text names something in a module; a file of that name comes first."""
    return _REFERENCE.fullmatch(text) is not None and not Path(text).exists()


def see_current_directory() -> None:
    """Let modules be imported that lie in the current directory."""
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)


def read_code(reference: str) -> dict[str, Any]:
    """The definition of a workflow in code: of a class, or of whatever else has a ``definition()``.

    Its module is imported, which registers its actions.

    Args:
        reference: ``module:Object``.

    Raises:
        CommandFailed: there is no such thing, or it has no definition.
    """
    module_name, _, path = reference.partition(":")
    see_current_directory()
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        _refuse(reference, f"cannot import '{module_name}': {error}", error, [f"it is looked for below {Path.cwd()}"])
    except Exception as error:
        # whatever the module raises is its author's business, and the last line says it
        _refuse(reference, f"cannot import '{module_name}': {type(error).__name__}: {error}", error)
    for name in path.split("."):
        try:
            found = getattr(found, name)
        except AttributeError as error:
            near = get_close_matches(name, dir(found), 1)
            hint = f"; did you mean '{near[0]}'?" if near else ""
            _refuse(reference, f"there is no '{name}' in it{hint}", error)
    define = getattr(found, "definition", None)
    if not callable(define):
        _refuse(reference, "it is no workflow: it has no definition()")
    try:
        return cast("dict[str, Any]", define())
    except Exception as error:
        _refuse(reference, f"{type(error).__name__}: {error}", error)


def _refuse(reference: str, problem: str, cause: Exception | None = None, details: Sequence[str] = ()) -> NoReturn:
    raise CommandFailed(f"{reference}: {problem}", details, exit_code=INVALID) from cause
