"""No query skips its tenant, but for those that say why; and the check for that catches what it is there for."""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path

import pytest
from tests.conftest import Connect
from tests.unit.tenant_scope import check_python, check_sql

import weftline
from weftline import features
from weftline.features.database import Row
from weftline.store.queries import queries, tables

SOURCE = Path(weftline.__file__).parent

TABLES = {"executions", "inbox", "memberships", "human_tasks", "roles"}
MODELS = {"Execution": "executions", "Message": "inbox", "Tenant": "tenants", "Person": "users"}


@pytest.fixture
async def tenant_tables(connect: Connect) -> set[str]:
    """Every table with a ``tenant_id``, from the live catalogue."""
    columns = "SELECT table_name FROM information_schema.columns WHERE table_schema = $1 AND column_name = $2"
    return {row[0] for row in await (await connect()).fetch(columns, "public", "tenant_id")}


def mapped_classes() -> dict[str, str]:
    """Every mapped class of the features, with its table."""
    for module in pkgutil.walk_packages(features.__path__, f"{features.__name__}."):
        if module.name.endswith(".models"):
            importlib.import_module(module.name)
    return {mapper.class_.__name__: str(mapper.local_table.name) for mapper in Row.registry.mappers}


# --- ours ------------------------------------------------------------------------------------------------------------


async def test_every_named_query_names_its_tenant_or_says_why_not(tenant_tables: set[str]) -> None:
    problems = {
        f"{table}.{name}: {finding.problem}"
        for table in tables()
        for name, query in queries(table).items()
        for finding in check_sql(query, tenant_tables)
    }
    assert problems == set()


async def test_every_query_in_python_names_its_tenant_or_says_why_not(tenant_tables: set[str]) -> None:
    models = mapped_classes()
    assert tenant_tables & set(models.values()), "no mapped class was found"
    problems = {
        f"{path.relative_to(SOURCE)}:{finding.line}: {finding.problem}"
        for path in SOURCE.rglob("*.py")
        if "migrations" not in path.parts
        for finding in check_python(path.read_text("utf-8"), tenant_tables, models)
    }
    assert problems == set()


async def test_each_named_query_would_be_caught_without_its_tenant(tenant_tables: set[str]) -> None:
    tie = re.compile(r"\b(?:\w+\.)?tenant_id = (?:\$\d+|\w+\.tenant_id)")
    scoped = {
        f"{table}.{name}": query
        for table in tables()
        for name, query in queries(table).items()
        if "scope:" not in query and tie.search(query)
    }
    assert len(scoped) > 10
    for name, query in scoped.items():
        assert check_sql(tie.sub("true", query), tenant_tables), name


# --- SQL -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT id FROM executions WHERE status = 'failed'",
        "SELECT id FROM executions",
        "SELECT id FROM executions WHERE tenant_id <> $1",
        "SELECT id FROM executions WHERE tenant_id = tenant_id",
        "SELECT id FROM executions -- tenant_id = $1",
        "SELECT 'tenant_id = $1' FROM executions",
        "UPDATE executions SET status = 'failed' WHERE id = $1",
        "UPDATE executions SET tenant_id = $1 WHERE id = $2",
        "DELETE FROM inbox i WHERE i.seq < $1",
        "INSERT INTO inbox (execution_id, seq) VALUES ($1, $2)",
        # tied to each other, and to no tenant
        "SELECT FROM executions e JOIN inbox i ON i.tenant_id = e.tenant_id AND i.execution_id = e.id",
        "SELECT FROM executions e JOIN inbox i ON i.execution_id = e.id WHERE e.tenant_id = $1",
        "SELECT FROM executions e, inbox i WHERE e.tenant_id = $1 AND i.execution_id = e.id",
        "SELECT FROM memberships m JOIN tenants t ON t.id = m.tenant_id WHERE m.user_id = :user",
        # in a subquery, in a common table expression, in the second half of a union
        "SELECT (SELECT max(seq) FROM inbox) FROM executions WHERE tenant_id = $1",
        "WITH late AS (SELECT id FROM executions) SELECT id FROM late",
        "SELECT id FROM executions WHERE tenant_id = $1 UNION ALL SELECT id FROM executions",
        "UPDATE executions SET owner = $1 WHERE ctid = ANY (ARRAY(SELECT ctid FROM executions LIMIT 1))",
    ],
)
def test_sql_without_a_tenant_is_caught(sql: str) -> None:
    assert check_sql(sql, TABLES)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT id FROM executions WHERE tenant_id = $1",
        "SELECT id FROM executions WHERE tenant_id = :tenant AND id = :id FOR UPDATE",
        "SELECT id FROM executions WHERE tenant_id = ANY ($1::uuid[])",
        "SELECT id FROM executions AS e WHERE $1 = e.tenant_id",
        "UPDATE executions SET status = 'failed' WHERE tenant_id = $1 AND id = $2",
        "DELETE FROM inbox i USING unnest($1::uuid[]) AS c(tenant_id) WHERE i.tenant_id = c.tenant_id",
        "INSERT INTO inbox (tenant_id, seq) VALUES ($1, $2) ON CONFLICT (tenant_id, seq) DO UPDATE SET seq = $2",
        "SELECT FROM executions e JOIN inbox i ON i.tenant_id = e.tenant_id WHERE e.tenant_id = $1",
        "SELECT FROM memberships m JOIN tenants t ON t.id = m.tenant_id WHERE t.slug = :slug",
        "SELECT (SELECT seq FROM inbox i WHERE i.tenant_id = e.tenant_id) FROM executions e WHERE e.tenant_id = $1",
        "SELECT m.user_id, m.roles FROM memberships m WHERE m.tenant_id = :tenant",
        "SELECT id, roles FROM users",
        "UPDATE executions SET owner = NULL WHERE ctid = ANY (ARRAY(SELECT ctid FROM executions WHERE tenant_id = $1))",
        "SELECT count(*) FROM workers",
    ],
)
def test_sql_with_a_tenant_or_without_tenants_rows_passes(sql: str) -> None:
    assert check_sql(sql, TABLES) == []


def test_sql_that_says_why_may_look_across_tenants() -> None:
    sql = "-- scope: all tenants, because workers serve every tenant\nSELECT id FROM executions"
    assert check_sql(sql, TABLES) == []


def test_a_marker_without_a_reason_counts_for_nothing() -> None:
    assert check_sql("-- scope: all tenants\nSELECT id FROM executions", TABLES)


def test_a_marker_that_is_not_needed_is_caught() -> None:
    sql = "-- scope: all tenants, because it was so once\nSELECT id FROM executions WHERE tenant_id = $1"
    assert [finding.problem for finding in check_sql(sql, TABLES)] == [
        "is marked as looking across tenants, and does not"
    ]


# --- Python ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        "select(Execution)",
        "select(Execution).where(Execution.id == id)",
        "select(Execution.id).where(Execution.tenant_id != tenant_id)",
        "select(func.count()).select_from(Execution)",
        "select(func.count()).where(Execution.status == 'failed')",
        "update(Execution).where(Execution.id == id).values(tenant_id=tenant_id)",
        "delete(Execution).where(Execution.id.in_(ids))",
        "select(Execution).join(Message, Message.execution_id == Execution.id).where(Execution.tenant_id == tenant_id)",
        "select(Execution).join(Tenant, Tenant.id == Execution.tenant_id)",
        "select(Person).where(Person.id.in_(select(Execution.started_by)))",
        "select(Execution).where(*conditions)",
        "text('SELECT id FROM executions')",
        "text('-- those that failed\\nSELECT id FROM executions')",
        "text(f'DELETE FROM executions WHERE {condition}')",
    ],
)
def test_a_query_in_python_without_a_tenant_is_caught(source: str) -> None:
    within_a_function = f"def find():\n    return run({source})\n"
    assert [finding.line for finding in check_python(within_a_function, TABLES, MODELS)] == [2]


@pytest.mark.parametrize(
    "source",
    [
        "select(Execution).where(Execution.tenant_id == tenant_id, *conditions)",
        "select(Execution).where(Execution.tenant_id.in_(tenants)).order_by(Execution.id).limit(1)",
        "update(Execution).where(Execution.tenant_id == tenant_id).values(status='failed').returning(Execution)",
        "select(Execution).join(Message, Message.tenant_id == Execution.tenant_id).where(Message.tenant_id == t)",
        "select(Execution).join(Tenant, Tenant.id == Execution.tenant_id).where(Tenant.slug == slug)",
        "select(Execution).where(Execution.tenant_id == t, exists(select(Message).where(Message.tenant_id == t)))",
        "select(Person).where(Person.id == id)",
        "text('SELECT id FROM executions WHERE tenant_id = :tenant')",
        "log.info('update executions as you like')",
    ],
)
def test_a_query_in_python_with_a_tenant_passes(source: str) -> None:
    assert check_python(f"def find():\n    return run({source})\n", TABLES, MODELS) == []


def test_a_query_in_python_that_says_why_may_look_across_tenants_and_no_other_beside_it() -> None:
    source = """
for column in columns:
    # scope: all tenants, because one loop serves them all
    first = select(Execution).where(column < now)
    second = select(Execution).where(column < now)
    third = text(
        # scope: all tenants, because the list is the operator's
        "SELECT id FROM executions"
    )
"""
    assert [finding.line for finding in check_python(source, TABLES, MODELS)] == [5]


def test_a_marker_in_python_that_is_not_needed_is_caught() -> None:
    source = (
        "# scope: all tenants, because it was so once\nrows = select(Execution).where(Execution.tenant_id == tenant)"
    )
    assert [finding.line for finding in check_python(source, TABLES, MODELS)] == [2]
