"""Converting documents between dialects: always by way of our own definitions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from weftline.language.dialects.base import Dialect, Document, Fate, Note, Reading, Writing
from weftline.language.dialects.errors import NotConvertible, UnknownDialect
from weftline.language.dialects.native import NAME as NATIVE
from weftline.language.dialects.registry import detect, get_dialect
from weftline.language.errors import DefinitionError, Problem
from weftline.language.json_values import find_flaw, pointer
from weftline.language.validate import validate

AUTO = "auto"
"""Stands for the dialect that a document shows."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """A document in another dialect.

    Attributes:
        source: the name of the dialect that it was written in.
        target: the name of its own.
        document: the new one.
        notes: everything that is not the same, of reading and then of writing.
        problems: what is wrong with it; empty unless it was converted in part. Their places are in the source.
    """

    source: str
    target: str
    document: Document
    notes: list[Note]
    problems: list[Problem] = field(default_factory=list[Problem])


def read_document(document: Mapping[str, Any], dialect: str = AUTO, *, partial: bool = False) -> Reading:
    """The definition that says what ``document`` says.

    Parameters:
        document: plain JSON values.
        dialect: the name of the dialect that it is written in, or ``auto``.
        partial: convert the rest where something is unsupported; a placeholder stands for that.

    Raises:
        UnknownDialect: there is no such dialect, or the document shows none.
        DefinitionError: it is not well formed, or no valid workflow. The problems' places are in ``document``.
        NotConvertible: something in it is unsupported.
    """
    reading = _read(document, _reader_of(document, dialect), partial=partial)
    problems = _problems_of(reading)
    if problems:
        raise DefinitionError(problems)
    return reading


def write_document(definition: Mapping[str, Any], dialect: str, *, partial: bool = False) -> Writing:
    """A definition in another dialect.

    Parameters:
        definition: ours.
        dialect: the name of the dialect to write.
        partial: write the rest where something is unsupported.

    Raises:
        UnknownDialect: there is no such dialect.
        DefinitionError: the definition is not valid.
        NotConvertible: something in it is unsupported.
    """
    writer = get_dialect(dialect)
    problems = validate(definition).problems
    if problems:
        raise DefinitionError(problems)
    writing = writer.write(dict(definition))
    if not partial:
        _refuse_unsupported(writer, writing.notes)
    return writing


def convert(document: Mapping[str, Any], source: str, target: str, *, partial: bool = False) -> Conversion:
    """``document`` of the dialect ``source`` in the dialect ``target``; raises as :func:`read_document`.

    Every note's place is in ``document``. In part, what becomes one of our definitions need not be a valid workflow
    yet: the conversion tells its problems.
    """
    reader, writer = _reader_of(document, source), get_dialect(target)
    reading = _read(document, reader, partial=partial)
    problems = _problems_of(reading)
    if problems and not (partial and writer.name == NATIVE):
        raise DefinitionError(problems)
    writing = writer.write(reading.definition)
    notes = [replace(note, pointer=reading.origin_of(note.pointer)) for note in writing.notes]
    if not partial:
        _refuse_unsupported(writer, notes)
    return Conversion(reader.name, writer.name, writing.document, [*reading.notes, *notes], problems)


def located(problems: Iterable[Problem], reading: Reading) -> list[Problem]:
    """Problems of what was read, with their places in the document that it was read from."""
    return [
        Problem(reading.origin_of(problem.pointer), problem.message, problem.hint, problem.code) for problem in problems
    ]


def explained(document: Mapping[str, Any], problems: Sequence[Problem]) -> Sequence[Problem]:
    """The problems of a definition, and before them the likely reason where it is one of another dialect."""
    if not problems:
        return problems
    try:
        name = detect(document).name
    except UnknownDialect:
        return problems
    if name == NATIVE:
        return problems
    message = f"this looks like a workflow in the dialect `{name}`"
    hint = f"say so: `?dialect={name}` in a call, `--from {name}` in a command"
    return [Problem("", message, hint, "foreign_dialect"), *problems]


def _reader_of(document: Mapping[str, Any], dialect: str) -> Dialect:
    flaw = find_flaw(dict(document))
    if flaw is not None:
        raise DefinitionError([Problem(pointer(flaw.path), flaw.message, None, flaw.code)])
    return detect(document) if dialect == AUTO else get_dialect(dialect)


def _read(document: Mapping[str, Any], reader: Dialect, *, partial: bool) -> Reading:
    reading = reader.read(dict(document))
    if not partial:
        _refuse_unsupported(reader, reading.notes)
    return reading


def _problems_of(reading: Reading) -> list[Problem]:
    return located(validate(reading.definition).problems, reading)


def _refuse_unsupported(dialect: Dialect, notes: Iterable[Note]) -> None:
    found = list(notes)
    if any(note.fate is Fate.UNSUPPORTED for note in found):
        raise NotConvertible(dialect.name, found)
