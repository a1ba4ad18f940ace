"""``weft convert``: definitions in files, from one dialect into another. Nothing but the files is needed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from weftline.cli.failures import FAILED, INVALID, CommandFailed, field_line
from weftline.cli.options import DefinitionFile
from weftline.cli.output import note, print_json, printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from weftline.language.dialects import Note

_YAML = (".yaml", ".yml")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("convert")(convert)


def convert(
    file: DefinitionFile,
    source: Annotated[str, typer.Option("--from", "-f", metavar="DIALECT", help="What FILE is written in.")] = "auto",
    target: Annotated[str, typer.Option("--to", "-t", metavar="DIALECT", help="What to write.")] = "native",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Where to; YAML where it ends in .yaml. Else stdout."),
    ] = None,
    partial: Annotated[
        bool, typer.Option("--partial", help="Convert the rest where something is unsupported: it is marked.")
    ] = False,
) -> None:
    """Convert a definition from one dialect into another. Dialects: native, nodes, designer, steps, market.

    What is not the same afterwards is told on standard error. Exits with 1 where something is unsupported, and writes
    nothing; with 2 where FILE is not valid.
    """
    from weftline.cli.values import read_definition

    converted, notes = _converted(read_definition(file), file, source, target, partial=partial)
    tell_notes(notes)
    if output is None:
        print_json(converted)
        return
    try:
        output.write_bytes(_encoded(converted, as_yaml=output.suffix.lower() in _YAML))
    except OSError as error:
        raise CommandFailed(f"cannot write {output}: {error.strerror}") from None


def read_foreign(document: dict[str, Any], path: Path, dialect: str) -> dict[str, Any]:
    """The definition that the document in a file says in another dialect; tells what is not the same.

    Raises:
        CommandFailed: it is not valid, or says what is unsupported.
    """
    definition, notes = _converted(document, path, dialect, "native", partial=False)
    tell_notes(notes)
    return definition


def tell_notes(notes: Iterable[Note]) -> None:
    """Tell what a conversion changed, kept and could not convert."""
    for each in notes:
        note(printable(str(each)))


def _converted(
    document: dict[str, Any], path: Path, source: str, target: str, *, partial: bool
) -> tuple[dict[str, Any], list[Note]]:
    from weftline.language import DefinitionError
    from weftline.language.dialects import NotConvertible, UnknownDialect
    from weftline.language.dialects import convert as convert_document

    try:
        conversion = convert_document(document, source, target, partial=partial)
        if conversion.problems:
            raise DefinitionError(conversion.problems)
    except UnknownDialect as error:
        raise CommandFailed(f"{path}: {error}", exit_code=INVALID) from None
    except DefinitionError as error:
        lines = [field_line(each.pointer, each.message, each.hint) for each in error.problems]
        raise CommandFailed(f"{path} is not valid", lines, exit_code=INVALID) from None
    except NotConvertible as error:
        raise CommandFailed(f"{path}: {error}", [str(each) for each in error.notes], exit_code=FAILED) from None
    return conversion.document, conversion.notes


def _encoded(document: dict[str, Any], *, as_yaml: bool) -> bytes:
    if not as_yaml:
        import orjson

        return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    import yaml

    class Dumper(yaml.SafeDumper):
        """Writes equal values out instead of referring to the first, which our reader refuses."""

        def ignore_aliases(self, data: Any) -> bool:
            return True

    return yaml.dump(document, Dumper=Dumper, sort_keys=False, allow_unicode=True, encoding="utf-8", width=120)
