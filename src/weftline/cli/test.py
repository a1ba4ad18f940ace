"""``weft test``: the tests of workflows that lie in files beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from weftline.cli.failures import FAILED, INVALID, CommandFailed
from weftline.cli.options import Actions
from weftline.cli.output import note, print_json, print_table, printable

if TYPE_CHECKING:
    from weftline.authoring import ActionRegistry
    from weftline.testing import Coverage
    from weftline.testing.installed_plugins import InstalledPlugins
    from weftline.testing.suite import Suite
    from weftline.testing.suite_run import CaseResult, FindDefinition
    from weftline.testing.workflow_test import Definition


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("test")(test)


def test(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[PATH]...", help="Files of tests, or folders that hold some.")
    ] = None,
    actions: Actions = [],  # noqa: B006
    keyword: Annotated[str, typer.Option("-k", metavar="TEXT", help="Only tests with this text in the name.")] = "",
    cover: Annotated[bool, typer.Option("--cover", help="Show what of each workflow was gone through.")] = False,
    fail_under: Annotated[
        float | None, typer.Option("--fail-under", min=0, max=100, metavar="PERCENT", help="Fail where less was.")
    ] = None,
    junit: Annotated[Path | None, typer.Option("--junit", metavar="FILE", help="Write JUnit's XML.")] = None,
    twice: Annotated[
        bool, typer.Option("--twice", help="Run each test twice; fail where not the same happens.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print results and coverage as JSON.")] = False,
) -> None:
    """Run the tests of workflows: every *.test.yaml below the given folders, or below this one.

    Nothing but what a test allows runs for real, and no database is needed. Exits with 0 where all passed, 1 where one
    failed or too little was gone through, 2 where a file is not valid or there are no tests.
    """
    from weftline.cli import session
    from weftline.testing import Coverage

    files = _files(paths or [Path()])
    suites = _suites(files)
    settings = session.load_settings(actions)
    registry = session.load_registry(settings)
    coverage = Coverage()
    with session.installed_plugins(settings) as plugins:
        finder = partial(_finder, plugins)
        wanted = partial(_is_wanted, keyword.casefold())
        results = _run_all(suites, finder, registry, coverage, wanted, twice=twice)
    if not any(results.values()):
        raise CommandFailed(f"no test has '{keyword}' in its name", exit_code=INVALID)
    if junit is not None:
        _write_junit(junit, results)
    if as_json:
        print_json({"tests": _as_json(results), "coverage": coverage.to_json()})
    else:
        _show(results)
        if cover or fail_under is not None:
            _show_coverage(coverage)
    is_too_little = fail_under is not None and coverage.percent < fail_under
    if is_too_little:
        note(f"{coverage.percent:.1f} % is covered; {fail_under:g} % is asked for")
    if is_too_little or any(each.failure is not None for cases in results.values() for each in cases):
        raise typer.Exit(FAILED)


def _files(paths: Sequence[Path]) -> list[Path]:
    """The files of tests that are meant, each once, in order.

    Raises:
        CommandFailed: there is no such file, or there are none.
    """
    from weftline.testing.suite_reader import ENDINGS

    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            below = (each for ending in ENDINGS for each in path.rglob(f"*{ending}"))
            # what lies in hidden folders is not the author's own
            found |= dict.fromkeys(sorted(each for each in below if not _is_hidden(each.relative_to(path))))
        elif path.is_file():
            found[path] = None
        else:
            raise CommandFailed(f"there is no {path}", exit_code=INVALID)
    if not found:
        named = ", ".join(f"*{ending}" for ending in ENDINGS)
        raise CommandFailed(f"there are no tests here: no file is called {named}", exit_code=INVALID)
    return list(found)


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") or part == "node_modules" for part in path.parts)


def _suites(files: Sequence[Path]) -> dict[Path, Suite]:
    """The tests in files.

    Raises:
        CommandFailed: some hold none that are valid; every mistake is told.
    """
    from weftline.testing.suite_reader import InvalidSuite, read_suite

    suites: dict[Path, Suite] = {}
    mistakes: list[str] = []
    for file in files:
        try:
            suites[file] = read_suite(file.read_bytes())
        except OSError as error:
            mistakes.append(f"{file}: {error.strerror}")
        except InvalidSuite as invalid:
            mistakes += [f"{file}:{mistake}" for mistake in invalid.mistakes]
    if mistakes:
        raise CommandFailed("not all files hold valid tests", mistakes, exit_code=INVALID)
    return suites


def _run_all(
    suites: dict[Path, Suite],
    finder: Callable[[Path], FindDefinition],
    registry: ActionRegistry,
    coverage: Coverage,
    wanted: Callable[[str], bool],
    *,
    twice: bool,
) -> dict[str, list[CaseResult]]:
    from weftline.testing.suite_run import run_suite

    return {
        str(file): list(run_suite(suite, finder(file), registry, coverage, wanted, twice=twice))
        for file, suite in suites.items()
    }


def _is_wanted(text: str, name: str) -> bool:
    return text in name.casefold()


def _finder(plugins: InstalledPlugins, file: Path) -> FindDefinition:
    """Finds what a file of tests names: files from where it lies, and workflows in code."""
    from weftline.cli.code import is_reference
    from weftline.cli.values import read_definition

    def find(name: str) -> Definition:
        return _InCode(name) if is_reference(name) else plugins.complete(read_definition(file.parent / name))

    return find


class _InCode:
    """A workflow in code, by its reference."""

    def __init__(self, reference: str) -> None:
        self._reference = reference

    def definition(self) -> dict[str, Any]:
        """What is published of it."""
        from weftline.cli.code import read_code

        return read_code(self._reference)


def _write_junit(path: Path, results: dict[str, list[CaseResult]]) -> None:
    from weftline.testing.junit import junit_xml

    try:
        path.write_text(junit_xml(results), "utf-8")
    except OSError as error:
        raise CommandFailed(f"cannot write {path}: {error.strerror}", exit_code=INVALID) from None


def _as_json(results: dict[str, list[CaseResult]]) -> list[dict[str, Any]]:
    return [
        {
            "file": file,
            "name": case.name,
            "passed": case.failure is None,
            "failure": case.failure,
            "seconds": round(case.seconds, 6),
        }
        for file, cases in results.items()
        for case in cases
    ]


def _show(results: dict[str, list[CaseResult]]) -> None:
    for file, cases in results.items():
        if cases:
            typer.echo(printable(file))
        for case in cases:
            mark = "✓" if case.failure is None else "✗"
            typer.echo(f"  {mark} {printable(case.name)} ({case.seconds * 1000:.0f} ms)")
            for line in (case.failure or "").splitlines():
                typer.echo(f"      {printable(line)}")
    total = sum(map(len, results.values()))
    failed = sum(case.failure is not None for cases in results.values() for case in cases)
    typer.echo(f"\n{total - failed} passed" + (f", {failed} failed" if failed else ""))


def _show_coverage(coverage: Coverage) -> None:
    typer.echo()
    print_table(
        ["WORKFLOW", "COVERED", "OF", "%", "NOT GONE THROUGH"],
        [
            (each.workflow, each.covered, len(each.targets), f"{each.percent:.1f}", ", ".join(each.missing))
            for each in coverage
        ],
    )
