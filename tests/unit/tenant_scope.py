"""Finds queries on tenants' tables that do not restrict themselves to a tenant.

Row-level security would stop such a query of the API's role, but not one of the roles that serve every tenant. So every
query names its tenant. The few that may look across tenants say so, and why, in a comment within the query or right
above it::

    -- scope: all tenants, because workers serve every tenant

In Python the same with ``#``. It reads SQL (named queries, and strings that begin like a statement) block by block, a
block being what stands between a pair of parentheses, and SQLAlchemy's ``select``, ``update`` and ``delete`` with the
calls chained to them. Each tenant-owned table that a block names must be tied to something from outside, directly or
by way of another: ``tenant_id = $1``, or ``a.tenant_id = b.tenant_id AND b.tenant_id = :tenant``.

It reads the words, not their meaning: it is there to catch what was forgotten.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

KEY = "tenant_id"
TENANTS, TENANT_KEYS = "tenants", frozenset({"id", "slug", "domain"})
"""The table of tenants, and its columns each of which names one. It may be read as a whole, but a row that is tied to
it is tied to a tenant only where it is."""

MARKER = re.compile(r"(?:--|#)\s*scope: all tenants, because \S")

_STATEMENT = re.compile(r"\s*(?:--[^\n]*\n\s*)*(?:SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH)\s")
_BLOCK = re.compile(r"\s*(?:SELECT|INSERT|UPDATE|DELETE|WITH)\b", re.IGNORECASE)
_UNION = re.compile(r"\b(?:UNION|INTERSECT|EXCEPT)(?:\s+ALL)?\b", re.IGNORECASE)
_NOISE = re.compile(r"--[^\n]*|'(?:[^']|'')*'|::\s*\w+(?:\[\])?")
_SET = re.compile(r"\bSET\b.*?(?=\bFROM\b|\bWHERE\b|\bRETURNING\b|$)", re.IGNORECASE | re.DOTALL)
_FROM = re.compile(
    r"\b(?:FROM|USING)\b(.*?)(?=\b(?:FROM|WHERE|GROUP|ORDER|LIMIT|RETURNING|FOR|SET)\b|$)", re.IGNORECASE | re.DOTALL
)
_ITEM = re.compile(r",|\bJOIN\b", re.IGNORECASE)
_NAMED = re.compile(r"\s*(?:ONLY\s+|LATERAL\s+)?(\w+)(?:\s+AS\b)?(?:\s+(\w+))?", re.IGNORECASE)
_UPDATE = re.compile(r"(?<!FOR )(?<!KEY )(?<!DO )\bUPDATE\s+(\w+)(?:\s+AS\b)?(?:\s+(\w+))?", re.IGNORECASE)
_INSERT = re.compile(r"\bINTO\s+(\w+)\s*\(([^()]*)\)", re.IGNORECASE)
_EQUALITY = re.compile(r"([\w.$:]+)\s*(?:=|\bIN\b)\s*([\w.$:(]+)", re.IGNORECASE)
_BY_PLACE = re.compile(r"\bctid\s*=\s*ANY\s*\(\s*ARRAY\(\)\s*\)", re.IGNORECASE)
_KEYWORD = re.compile(
    r"as|cross|for|full|group|inner|join|left|limit|on|order|returning|right|set|using|where", re.IGNORECASE
)
"""What may follow a table's name that is no alias."""


@dataclass(frozen=True)
class Finding:
    """A query that skips its scope, or has a marker that it does not need.

    Attributes:
        line: of the query, where it stands in Python; else 0.
        problem: for people.
    """

    line: int
    problem: str


# --- SQL -------------------------------------------------------------------------------------------------------------


def check_sql(sql: str, tables: Collection[str], *, line: int = 0, is_marked: bool | None = None) -> list[Finding]:
    """What is wrong with one statement.

    Args:
        sql: with its comments.
        tables: those that belong to tenants.
        line: where it stands.
        is_marked: whether it may look across tenants; None: as its comments say.
    """
    plain = _NOISE.sub(" '' ", sql)
    unscoped = sorted({table for block in _blocks(plain) for table in _unscoped_in_block(block, tables)})
    return _findings(line, unscoped, bool(MARKER.search(sql)) if is_marked is None else is_marked)


def _findings(line: int, unscoped: list[str], is_marked: bool) -> list[Finding]:
    if is_marked:
        return [] if unscoped else [Finding(line, "is marked as looking across tenants, and does not")]
    return [Finding(line, f"looks at '{table}' of all tenants") for table in unscoped]


def _blocks(sql: str) -> Iterator[str]:
    """The statement and every subquery in it, each without those within it."""
    stack: list[str] = [""]
    for character in sql:
        if character == "(":
            stack.append("")
        elif character == ")" and len(stack) > 1:
            inner = stack.pop()
            if _BLOCK.match(inner):
                yield from _UNION.split(inner)
                stack[-1] += "()"
            else:
                stack[-1] += f"({inner})"
        else:
            stack[-1] += character
    yield from _UNION.split("(".join(stack))


def _unscoped_in_block(block: str, tables: Collection[str]) -> Iterator[str]:
    names = dict(_references(block, tables))
    ties = _Ties(names)
    conditions = _SET.sub(" ", block)
    for left, right in _EQUALITY.findall(conditions):
        ties.tie(_owner(left, names), _owner(right, names))
    if _BY_PLACE.search(conditions):
        # the rows were found by a subquery, which is a block of its own
        ties.tie(next(iter(names), None), None)
    yield from (names[name] for name in ties.loose() if names[name] != TENANTS)
    for table, columns in _INSERT.findall(block):
        if table in tables and KEY not in columns.split(",")[0]:
            yield table


def _references(block: str, tables: Collection[str]) -> Iterator[tuple[str, str]]:
    """The names under which a block reads or changes tenants' tables or the table of tenants, each with its table."""
    found = [_UPDATE.match(match[0]) for match in _UPDATE.finditer(block)]
    found += [_NAMED.match(item) for clause in _FROM.findall(block) for item in _ITEM.split(clause)]
    for match in found:
        if match is not None and (match[1] in tables or match[1] == TENANTS):
            alias = match[2]
            yield (match[1] if alias is None or _KEYWORD.fullmatch(alias) else alias), match[1]


def _owner(term: str, names: Mapping[str, str]) -> str | None:
    """Which of the names a term is the tenant of; None where it is something from outside."""
    name, _, column = term.rpartition(".")
    candidates = [name] if name else names
    return next((each for each in candidates if each in names and _is_key(names[each], column)), None)


def _is_key(table: str, column: str) -> bool:
    return column in TENANT_KEYS if table == TENANTS else column == KEY


class _Ties:
    """Which names are tied to something from outside, directly or by way of each other."""

    def __init__(self, names: Iterable[str]) -> None:
        self._groups: dict[str | None, set[str | None]] = {name: {name} for name in (None, *names)}

    def tie(self, left: str | None, right: str | None) -> None:
        """The tenants of both are the same; None is the outside."""
        merged = self._groups[left] | self._groups[right]
        for name in merged:
            self._groups[name] = merged

    def loose(self) -> list[str]:
        """The names that are not tied."""
        return [name for name in self._groups if name is not None and name not in self._groups[None]]


# --- Python ----------------------------------------------------------------------------------------------------------


def check_python(source: str, tables: Collection[str], models: Mapping[str, str]) -> list[Finding]:
    """What is wrong with the queries in a module.

    Args:
        source: its text.
        tables: those that belong to tenants.
        models: the mapped classes, with their tables.
    """
    lines = source.splitlines()
    findings: list[Finding] = []
    for statement, nodes in _statements(ast.parse(source)):
        line = statement.lineno
        is_marked = _is_marked(lines, statement)
        unscoped: set[str] = set()
        for node in nodes:
            text = _text(node)
            if text is not None and _STATEMENT.match(text):
                unscoped |= {finding.problem for finding in check_sql(text, tables, is_marked=False)}
        for chain in _chains(nodes):
            watched = {name: table for name, table in models.items() if table in tables or table == TENANTS}
            unscoped |= {
                f"looks at '{watched[name]}' of all tenants"
                for name in _unscoped_in_chain(chain, watched)
                if watched[name] != TENANTS
            }
        if not is_marked:
            findings += [Finding(line, problem) for problem in sorted(unscoped)]
        elif not unscoped:
            findings.append(Finding(line, "is marked as looking across tenants, and does not"))
    return findings


def _statements(tree: ast.Module) -> Iterator[tuple[ast.stmt, list[ast.AST]]]:
    """Every statement, with the nodes that are no part of a statement within it."""
    for statement in ast.walk(tree):
        if isinstance(statement, ast.stmt):
            nodes: list[ast.AST] = []
            waiting: list[ast.AST] = [statement]
            while waiting:
                node = waiting.pop()
                nodes.append(node)
                waiting += [child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.stmt)]
            yield statement, nodes


def _is_marked(lines: list[str], statement: ast.stmt) -> bool:
    """Whether a comment in the statement, or right above it, lets it look across tenants."""
    if getattr(statement, "body", None):
        # of a compound statement the head alone
        parts = (part for part in ast.iter_child_nodes(statement) if isinstance(part, ast.expr))
        last = max((part.end_lineno or 0 for part in parts), default=statement.lineno)
    else:
        last = statement.end_lineno or statement.lineno
    first = statement.lineno - 1
    while first > 0 and lines[first - 1].lstrip().startswith("#"):
        first -= 1
    return any(MARKER.search(line) for line in lines[first:last])


def _text(node: ast.AST) -> str | None:
    """A string, with a word in place of each value that is formatted into it."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values)
    return None


def _chains(nodes: list[ast.AST]) -> Iterator[ast.expr]:
    """The outermost calls of chains that begin with ``select``, ``update`` or ``delete``."""
    inner = {
        id(node.func.value) for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    for node in nodes:
        if isinstance(node, ast.Call) and id(node) not in inner and _first(node) is not None:
            yield node


def _first(call: ast.Call) -> ast.Call | None:
    """The call that a chain of calls begins with, where that makes a query."""
    node: ast.expr = call
    while isinstance(node, ast.Call):
        if isinstance(node.func, ast.Name):
            return node if node.func.id in ("select", "update", "delete") else None
        node = node.func.value if isinstance(node.func, ast.Attribute) else node.func
    return None


def _unscoped_in_chain(chain: ast.expr, models: Mapping[str, str]) -> list[str]:
    """The models that a chain reads or changes without naming their tenant."""
    nodes = list(_without_subqueries(chain))
    read = {
        name
        for node in nodes
        if isinstance(node, ast.Call)
        and _called(node) in ("select", "update", "delete", "select_from", "join", "outerjoin")
        for argument in (node.args if _called(node) not in ("join", "outerjoin") else node.args[:1])
        for name in _named(argument, models)
    }
    names = read or {name for node in nodes for name in _named(node, models)}
    own = {name: models[name] for name in sorted(names)}
    ties = _Ties(own)
    for node in nodes:
        if isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], ast.Eq):
            ties.tie(_tenant_of(node.left, own), _tenant_of(node.comparators[0], own))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "in_":
            ties.tie(_tenant_of(node.func.value, own), None)
    return ties.loose()


def _without_subqueries(chain: ast.expr) -> Iterator[ast.AST]:
    waiting: list[ast.AST] = [chain]
    first = _first(chain) if isinstance(chain, ast.Call) else None
    while waiting:
        node = waiting.pop()
        yield node
        for child in ast.iter_child_nodes(node):
            if not (isinstance(child, ast.Call) and _first(child) not in (None, first)):
                waiting.append(child)


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _named(node: ast.AST, models: Collection[str]) -> Iterator[str]:
    for part in _without_subqueries(node) if isinstance(node, ast.expr) else ():
        if isinstance(part, ast.Name) and part.id in models:
            yield part.id


def _tenant_of(node: ast.expr, own: Mapping[str, str]) -> str | None:
    """The model whose tenant an expression is; None where it is something from outside."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        table = own.get(node.value.id)
        return node.value.id if table is not None and _is_key(table, node.attr) else None
    return None
