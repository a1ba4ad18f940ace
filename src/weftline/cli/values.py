"""JSON values and definitions as they are given on the command line."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, NoReturn, cast

from weftline.cli.failures import INVALID, CommandFailed


def read_value(text: str, option: str) -> Any:
    """The JSON value of an option: JSON itself, ``@file``, or ``-`` for standard input.

    Args:
        text: as given.
        option: its name, for messages.

    Raises:
        CommandFailed: it cannot be read, or is no JSON that can be stored.
    """
    from weftline.language.json_values import find_flaw, pointer

    source = _source(text, option)
    try:
        value: Any = json.loads(source, parse_constant=lambda name: _refuse(option, f"{name} is not JSON"))
    except RecursionError:
        _refuse(option, "it nests too deep")
    except ValueError as error:
        _refuse(option, f"it is not JSON: {error}")
    flaw = find_flaw(value)
    if flaw is not None:
        _refuse(option, f"{pointer(flaw.path) or '/'}: {flaw.message}")
    return value


def read_object(text: str, option: str) -> dict[str, Any]:
    """Like :func:`read_value`, for an option that takes an object."""
    value = read_value(text, option)
    if not isinstance(value, dict):
        _refuse(option, "it must be an object")
    return cast("dict[str, Any]", value)


def read_definition(path: Path, dialect: str | None = None) -> dict[str, Any]:
    """The document in a definition's file, JSON or YAML, or of a workflow in code; ``-`` is standard input.

    Args:
        path: the file's, or ``module:Object``.
        dialect: what it is written in; None for our own, which is not looked at any further.

    Raises:
        CommandFailed: the file cannot be read, holds no document, or none that is valid in its dialect; the code cannot
            be imported, or is no workflow.
    """
    document = _read_document(path)
    if dialect is None:
        return document
    from weftline.cli.convert import read_foreign

    return read_foreign(document, path, dialect)


def _read_document(path: Path) -> dict[str, Any]:
    from weftline.cli.code import is_reference, read_code
    from weftline.language.errors import ParseError
    from weftline.language.parse import parse_definition

    if is_reference(str(path)):
        return read_code(str(path))
    if path.suffix == ".py":
        problem = f"{path} is Python: name the workflow in it as module:Object"
        raise CommandFailed(problem, [f"{path.stem}:MyWorkflow"], exit_code=INVALID)
    try:
        source = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        raise CommandFailed(f"cannot read {path}: {error.strerror}", exit_code=INVALID) from None
    try:
        return parse_definition(source)
    except ParseError as error:
        raise CommandFailed(f"{path}: {error}", exit_code=INVALID) from None


def _source(text: str, option: str) -> str:
    try:
        if text == "-":
            return sys.stdin.read()
        return Path(text[1:]).read_text("utf-8") if text.startswith("@") else text
    except OSError as error:
        _refuse(option, f"cannot read {text[1:]}: {error.strerror}")
    except UnicodeDecodeError:
        _refuse(option, f"{text[1:]} is not UTF-8")


def _refuse(option: str, problem: str) -> NoReturn:
    raise CommandFailed(f"{option}: {problem}", exit_code=INVALID)
