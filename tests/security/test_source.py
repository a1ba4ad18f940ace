"""What the source does without, so that whole classes of attacks have nothing to aim at."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import weftline

SOURCE = Path(weftline.__file__).parent

NEVER_IMPORTED = {
    "dill",
    "jinja2",
    "ldap3",
    "lxml",
    "mako",
    "marshal",
    "memcache",
    "pickle",
    "pymemcache",
    "shelve",
    "telnetlib",
    "xml",
}
"""Deserialisers that run what they read, template engines, and interpreters that nothing here feeds."""

READS_XML = "connectors/xml_text.py"
"""Feeds expat alone, and refuses whatever would define entities."""

NEVER_CALLED = {"eval", "exec", "compile", "__import__"}
WEAK_HASHES = {"md5", "sha1", "blake2s", "new"}


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Every module of the program, read."""
    for path in sorted(SOURCE.rglob("*.py")):
        yield str(path.relative_to(SOURCE)), ast.parse(path.read_text())


def imported(module: ast.Module) -> set[str]:
    """The top-level packages that a module imports."""
    names: set[str] = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


def calls(module: ast.Module) -> Iterator[ast.Call]:
    """Every call in a module."""
    return (node for node in ast.walk(module) if isinstance(node, ast.Call))


def attribute(call: ast.Call) -> tuple[str, str] | None:
    """``("os", "system")`` of ``os.system(…)``."""
    function = call.func
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        return function.value.id, function.attr
    return None


def is_escaped(pattern: ast.expr) -> bool:
    """Whether whatever a pattern is made of, besides constants, goes through ``re.escape``, each text or one by one."""
    match pattern:
        case ast.Call(ast.Attribute(ast.Constant(), "join"), [ast.Call(ast.Name("map"), [ast.Attribute() as each, _])]):
            return isinstance(each.value, ast.Name) and (each.value.id, each.attr) == ("re", "escape")
        case _:
            pass
    parts = pattern.values if isinstance(pattern, ast.JoinedStr) else [pattern]
    made = [part.value for part in parts if isinstance(part, ast.FormattedValue)]
    others = [part for part in parts if not isinstance(part, (ast.FormattedValue, ast.Constant))]
    return not others and all(isinstance(each, ast.Call) and attribute(each) == ("re", "escape") for each in made)


def test_no_text_is_run_as_code() -> None:
    for name, module in modules():
        assert not imported(module) & NEVER_IMPORTED - ({"xml"} if name == READS_XML else set()), name
        called = {call.func.id for call in calls(module) if isinstance(call.func, ast.Name)}
        assert not called & NEVER_CALLED, name


def test_no_shell_is_asked() -> None:
    for name, module in modules():
        for call in calls(module):
            assert attribute(call) not in {("os", "system"), ("os", "popen"), ("asyncio", "create_subprocess_shell")}
            assert not [each for each in call.keywords if each.arg == "shell"], name


def test_yaml_is_read_by_the_safe_loader_only() -> None:
    for name, module in modules():
        for call in calls(module):
            if attribute(call) in {("yaml", "load"), ("yaml", "load_all"), ("yaml", "unsafe_load")}:
                raise AssertionError(f"{name} reads YAML that may make objects")


def test_no_hash_is_weak() -> None:
    for name, module in modules():
        used = {found[1] for call in calls(module) if (found := attribute(call)) is not None and found[0] == "hashlib"}
        # git calls a content by it, and its servers compare
        assert not used & WEAK_HASHES - ({"sha1"} if name == "connectors/github/contents.py" else set()), name


def test_randomness_that_can_be_guessed_serves_nothing_that_must_not_be() -> None:
    # the jitter of retries, of queues and of looks: nothing is kept secret by it
    jittery = {
        "engine/sources.py",
        "engine/executor.py",
        "engine/guard.py",
        "authoring/remote/client.py",
        "client/session.py",
        "client/watching.py",
        "features/webhooks/schedule.py",
    }
    users = {name for name, module in modules() if "random" in imported(module)}
    assert users == jittery


def test_no_certificate_goes_unchecked() -> None:
    for name, module in modules():
        for call in calls(module):
            for keyword in call.keywords:
                if keyword.arg in {"verify", "validate_certs"} and isinstance(keyword.value, ast.Constant):
                    assert keyword.value.value is True, name
            assert attribute(call) != ("ssl", "_create_unverified_context"), name


def test_no_secret_stands_in_the_source() -> None:
    for path in SOURCE.rglob("*"):
        if path.is_file() and path.suffix != ".pyc":
            assert b"PRIVATE KEY-----" not in path.read_bytes(), path


def test_no_pattern_and_no_format_is_made_of_a_text_that_is_not_escaped() -> None:
    for name, module in modules():
        functions = [node for node in ast.walk(module) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
        for call in (call for function in functions for call in calls(function)):
            found = attribute(call)
            if found is not None and found[0] == "re" and found[1] != "escape":
                assert is_escaped(call.args[0]), f"{name} makes a pattern of a text that is not escaped"
            if found is not None and found[1] in {"format", "format_map"}:
                assert found[0].isupper(), f"{name} formats a text that is no constant"


def test_sql_is_made_of_texts_of_ours() -> None:
    """ruff refuses SQL that is put together (S608), save where a line says why it may be."""
    lints = tomllib.loads((SOURCE.parents[1] / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]
    assert "S" in lints["select"] and not {"S", "S608"} & set(lints["ignore"])
    assert "src" not in str(lints["per-file-ignores"].get("S608", ""))
    excused = [name for name, _ in modules() if "S608" in (SOURCE / name).read_text()]
    assert not [name for name in excused if "/rest" in name or name.startswith("api/")]
