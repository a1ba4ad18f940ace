"""Definitions in other dialects: read on their way in, written on their way out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from typing import Any, TypeVar

from weftline.features.workflows.errors import InvalidDefinition, NotConvertible, UnknownDialect
from weftline.features.workflows.schemas import ConversionOut, DialectNote, ProblemOut, WorkflowDetail
from weftline.language import DefinitionError, Problem, dialects
from weftline.language.dialects import Note, Reading

T = TypeVar("T")


async def read_dialect(document: dict[str, Any], dialect: str | None) -> Reading:
    """The definition that a document in a dialect is; None for one that is ours.

    Raises:
        UnknownDialect: there is no such dialect.
        InvalidDefinition: the document is not well formed, or no valid workflow.
        NotConvertible: it says what we cannot.
    """
    if dialect is None:
        return Reading(document)
    try:
        # in a thread, for a large document takes its time
        return await asyncio.to_thread(dialects.read_document, document, dialect)
    except dialects.UnknownDialect as error:
        raise UnknownDialect(str(error)) from None
    except dialects.NotConvertible as error:
        raise NotConvertible(error) from None
    except DefinitionError as error:
        raise InvalidDefinition(error.problems) from None


async def converted(document: dict[str, Any], source: str, target: str, *, partial: bool) -> ConversionOut:
    """A document of one dialect in another.

    Raises:
        UnknownDialect: there is no such dialect, or the document shows none.
        InvalidDefinition: the document is not well formed; or no valid workflow, and not into ours in part.
        NotConvertible: it says what cannot be said there, and all of it was wanted.
    """
    try:
        conversion = await asyncio.to_thread(dialects.convert, document, source, target, partial=partial)
    except dialects.UnknownDialect as error:
        raise UnknownDialect(str(error)) from None
    except dialects.NotConvertible as error:
        raise NotConvertible(error) from None
    except DefinitionError as error:
        raise InvalidDefinition(error.problems) from None
    return ConversionOut(
        source=conversion.source,
        target=conversion.target,
        definition=conversion.document,
        notes=[DialectNote.model_validate(note) for note in conversion.notes],
        problems=[ProblemOut.model_validate(problem) for problem in conversion.problems],
    )


async def in_terms_of(reading: Reading, answer: Awaitable[T]) -> T:
    """What ``answer`` gives; if the definition is not valid, its problems' places are those of the source."""
    try:
        return await answer
    except InvalidDefinition as invalid:
        found = [Problem(error.pointer, error.message, error.hint, error.code) for error in invalid.errors]
        raise InvalidDefinition(dialects.located(found, reading)) from None


async def shown(detail: WorkflowDetail, dialect: str | None) -> WorkflowDetail:
    """A workflow's detail with its definition in a dialect; None for ours.

    Raises:
        UnknownDialect: there is no such dialect.
        NotConvertible: the definition says what it cannot.
    """
    if dialect is None:
        return detail
    try:
        writing = await asyncio.to_thread(dialects.write_document, detail.definition, dialect)
    except dialects.UnknownDialect as error:
        raise UnknownDialect(str(error)) from None
    except dialects.NotConvertible as error:
        raise NotConvertible(error) from None
    return with_notes(detail.model_copy(update={"definition": writing.document}), writing.notes)


def with_notes(detail: WorkflowDetail, notes: Iterable[Note]) -> WorkflowDetail:
    """A workflow's detail that tells what a dialect says differently."""
    return detail.model_copy(update={"dialect_notes": [DialectNote.model_validate(note) for note in notes]})
