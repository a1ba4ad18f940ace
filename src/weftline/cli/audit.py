"""``weft audit``: who did what, and whether the record of it is whole. Works on the database itself."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, TypeVar
from uuid import UUID

import typer

from weftline.cli.failures import FAILED, INVALID, CommandFailed
from weftline.cli.options import AsJson, Limit, Sort
from weftline.cli.output import local_time, print_json, print_table
from weftline.features.audit.export import ExportFormat

if TYPE_CHECKING:
    from weftline.features.access.caller import Caller
    from weftline.features.audit.chain import Anchor
    from weftline.features.audit.repository import Chain, Filter
    from weftline.features.audit.verify import Verification
    from weftline.features.database import Database

T = TypeVar("T")

app = typer.Typer(help="Who did what, and whether the record of it is whole.", no_args_is_help=True)

Tenant = Annotated[
    str | None, typer.Option("--tenant", help="Whose log, by slug or id; else the one that commands work in.")
]
Platform = Annotated[bool, typer.Option("--platform", help="The platform's own log.")]
Actor = Annotated[str | None, typer.Option("--actor", help="An id, or a name: of a person, the e-mail address.")]
Action = Annotated[str | None, typer.Option("--action", help="An action, or how actions begin: 'task.'.")]
ResourceType = Annotated[str | None, typer.Option("--resource-type", help="On things of this kind.")]
ResourceId = Annotated[str | None, typer.Option("--resource-id", help="On this thing.")]
Since = Annotated[datetime | None, typer.Option("--from", help="At this time or later, in the terminal's time zone.")]
Until = Annotated[datetime | None, typer.Option("--to", help="Before this time.")]
RequestId = Annotated[str | None, typer.Option("--request", help="Under the request with this id.")]


@app.command("list")
def list_entries(
    tenant: Tenant = None,
    platform: Platform = False,
    actor: Actor = None,
    action: Action = None,
    resource_type: ResourceType = None,
    resource_id: ResourceId = None,
    since: Since = None,
    until: Until = None,
    request: RequestId = None,
    sort: Sort = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List entries, the newest first unless sorted otherwise."""
    from weftline.cli.sorting import window_of
    from weftline.features.audit.repository import ORDER
    from weftline.features.audit.service import AuditService

    wanted = _filter(actor, action, resource_type, resource_id, since, until, request)
    window = window_of(ORDER, sort, limit)

    async def find(database: Database):
        caller = await _console(database, tenant, platform)
        return window.cut(await AuditService(database).list(caller, wanted, window))

    found = _on_database(find)
    if as_json:
        print_json([entry.model_dump(mode="json", by_alias=True) for entry in found])
        return
    print_table(
        ["SEQ", "TIME", "WHO", "ACTION", "ON", "FROM", "REASON"],
        [
            (
                entry.seq,
                local_time(entry.occurred_at),
                entry.actor_name or entry.actor_type,
                entry.action,
                " ".join(filter(None, (entry.resource_type, entry.resource_id))),
                entry.address,
                entry.reason,
            )
            for entry in found
        ],
    )


@app.command()
def export(
    tenant: Tenant = None,
    platform: Platform = False,
    format: Annotated[ExportFormat, typer.Option("--format", "-f", help="What to write.")] = ExportFormat.NDJSON,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file; standard output otherwise.")] = None,
    actor: Actor = None,
    action: Action = None,
    resource_type: ResourceType = None,
    resource_id: ResourceId = None,
    since: Since = None,
    until: Until = None,
    request: RequestId = None,
) -> None:
    """Write entries to a file, the oldest first. The log keeps that they were exported."""
    from weftline.features.audit.service import AuditService

    wanted = _filter(actor, action, resource_type, resource_id, since, until, request)

    async def copy(database: Database) -> None:
        caller = await _console(database, tenant, platform)
        with _opened(output) as file:
            async for piece in await AuditService(database).export(caller, wanted, format):
                file.write(piece)

    _on_database(copy)


@app.command()
def verify(
    tenant: Tenant = None,
    platform: Platform = False,
    everything: Annotated[bool, typer.Option("--all", help="Every tenant's log, and the platform's.")] = False,
    expect: Annotated[
        str | None, typer.Option("--expect", metavar="SEQ:HASH", help="A head that an earlier verification printed.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Find entries that were changed, removed, put in or moved behind Weftline's back. Exits with 1 where any were.

    Keep the heads that it prints somewhere else, and compare with one of them now and then: only that tells whether
    the end of a log, or all of it, was written anew.
    """
    if everything and (tenant or platform or expect):
        raise CommandFailed("--all goes with none of --tenant, --platform and --expect", exit_code=INVALID)
    expected = None if expect is None else _anchor(expect)

    async def check(database: Database) -> list[tuple[Chain, Verification]]:
        from weftline.features.audit.verify import verify_chain

        chains = await _chains(database) if everything else [await _chain(database, tenant, platform)]
        return [(chain, await verify_chain(database, chain.tenant_id, expected)) for chain in chains]

    found = _on_database(check)
    if as_json:
        from weftline.features.audit.schemas import VerificationOut

        print_json(
            [
                {"tenantId": str(chain.tenant_id), "tenant": chain.slug}
                | VerificationOut.of(verification).model_dump(mode="json", by_alias=True)
                for chain, verification in found
            ]
        )
    else:
        for chain, verification in found:
            _tell(_name(chain), verification)
    if not all(verification.is_whole for _, verification in found):
        raise typer.Exit(FAILED)


def _tell(name: str, found: Verification) -> None:
    verdict = "whole" if found.is_whole else "TAMPERED WITH"
    entries = "1 entry" if found.entries == 1 else f"{found.entries:,} entries"
    speed = f"{found.entries / found.seconds:,.0f} a second"
    typer.echo(f"{name}: {verdict}; {entries} in {found.seconds:.2f} s ({speed})")
    for fault in found.faults:
        typer.echo(f"  {fault.kind.value}: {fault.message}")
    if not found.is_complete:
        typer.echo("  So much is broken that the rest was not read.")
    if found.head is not None:
        typer.echo(f"  head {found.head.seq}:{found.head.hash.hex()}")


def _on_database(use: Callable[[Database], Awaitable[T]]) -> T:
    from weftline.cli import loop, session

    with session.database(session.load_settings()) as url:
        return loop.run(_use(url, use))


async def _use(url: str, use: Callable[[Database], Awaitable[T]]) -> T:
    from weftline.features.database import Database

    database = Database(url, "weft_operator", size=1)
    try:
        return await use(database)
    finally:
        await database.close()


async def _console(database: Database, tenant: str | None, platform: bool) -> Caller:
    from weftline.features.access.caller import almighty, console_name

    chain = await _chain(database, tenant, platform)
    return almighty(chain.tenant_id, "console", console_name())


async def _chain(database: Database, tenant: str | None, platform: bool) -> Chain:
    from weftline.cli.connection import DEFAULT_TENANT
    from weftline.cli.target import current_target
    from weftline.features.audit import repository
    from weftline.features.audit.repository import Chain
    from weftline.features.audit.trail import PLATFORM

    if platform:
        return Chain(PLATFORM, None)
    name = tenant or current_target().tenant or DEFAULT_TENANT
    try:
        return Chain(UUID(name), None)
    except ValueError:
        pass
    async with database.unbound() as session:
        tenant_id = await repository.tenant_of(session, name)
    if tenant_id is None:
        raise CommandFailed(f"there is no tenant '{name}'", exit_code=INVALID)
    return Chain(tenant_id, name)


async def _chains(database: Database) -> Sequence[Chain]:
    from weftline.features.audit import repository

    async with database.unbound() as session:
        return await repository.chains(session)


def _name(chain: Chain) -> str:
    from weftline.features.audit.trail import PLATFORM

    if chain.tenant_id == PLATFORM:
        return "the platform"
    return chain.slug or str(chain.tenant_id)


def _filter(
    actor: str | None,
    action: str | None,
    resource_type: str | None,
    resource_id: str | None,
    since: datetime | None,
    until: datetime | None,
    request: str | None,
) -> Filter:
    from weftline.features.audit.repository import Filter
    from weftline.features.audit.schemas import id_or_name

    return Filter(
        None if actor is None else id_or_name(actor),
        action,
        resource_type,
        resource_id,
        None if since is None else since.astimezone(),
        None if until is None else until.astimezone(),
        request,
    )


def _anchor(text: str) -> Anchor:
    from weftline.features.audit.chain import Anchor

    if re.fullmatch(r"[1-9][0-9]{0,18}:[0-9a-f]{64}", text) is None:
        raise CommandFailed("--expect: it must be a number, a colon and a hash, as printed", exit_code=INVALID)
    seq, _, hash = text.partition(":")
    return Anchor(int(seq), bytes.fromhex(hash))


@contextmanager
def _opened(path: Path | None) -> Generator[BinaryIO]:
    if path is None:
        yield typer.get_binary_stream("stdout")
        return
    try:
        file = path.open("wb")
    except OSError as error:
        raise CommandFailed(f"cannot write {path}: {error.strerror}", exit_code=INVALID) from None
    with file:
        yield file
