"""Templates that come within a record of the other system's database: a version, an entry in a library."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import cast

from weftline.language.dialects.base import Document, Fate, Path
from weftline.language.dialects.reading import Reader

_KEPT_AS = "record"


def take_out(
    document: Document, names: Sequence[str], reader: Reader, known: Collection[str] = ()
) -> tuple[Document, Path, Document]:
    """The template in ``document``, where it stands, and what is to be kept of the record around it.

    Parameters:
        document: a record, or a template itself.
        names: the fields that a template may stand in.
        reader: gets a note for each of the record's other fields.
        known: those of them that mean something.
    """
    name = next((name for name in names if isinstance(document.get(name), dict)), None)
    if name is None:
        return document, (), {}
    around = {field: value for field, value in document.items() if field != name}
    for field in around:
        if field not in known:
            reader.note(Fate.KEPT, (field,), field, "is about the record around the template")
    return cast("Document", document[name]), (name,), {_KEPT_AS: {"field": name, "around": around}}


def put_back(template: Document) -> Document:
    """``template`` in the record that it was taken out of, if it was."""
    record = cast("object", template.pop(_KEPT_AS, None))
    kept = cast("Document", record) if isinstance(record, dict) else {}
    name, around = kept.get("field"), kept.get("around")
    if not isinstance(name, str) or not isinstance(around, dict):
        # somebody has changed what was kept
        return template
    return {**cast("Document", around), name: template}
