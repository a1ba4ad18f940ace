"""Finding the point of an execution's log to go back to."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.database import driver
from weftline.features.executions.errors import NotNow, UnknownStep
from weftline.features.executions.programs import Run
from weftline.machine.calls import is_node, nodes_of
from weftline.machine.rewinding import NoSuchPoint, Point, Search, Target
from weftline.store.log import PAGE, events_page


async def find_point(
    session: AsyncSession,
    tenant_id: UUID,
    run: Run,
    target: Target,
    node_id: str | None = None,
    *,
    pointer: str = "",
    keeps_amendments: bool = False,
) -> Point:
    """The point of an execution's log that ``target`` names.

    Args:
        session: bound to the tenant.
        tenant_id: whose execution it is.
        run: the execution.
        target: what to go back to.
        node_id: the step's node, where it is one.
        pointer: where the request names it.
        keeps_amendments: what people have corrected since in the steps before the point stays corrected.

    Raises:
        UnknownStep: the workflow has no such node.
        NotNow: there is no such point in the log.
    """
    row, state = run.snapshot
    if node_id is not None and not is_node(run.program, state, node_id):
        raise UnknownStep(pointer, node_id, nodes_of(run.program, state))
    search = Search(run.program, row.input, target, node_id, keeps_amendments=keeps_amendments)
    connection = await driver(session)
    seq, is_whole = 0, False
    while not is_whole:
        page = await events_page(connection, tenant_id, row.id, seq, PAGE)
        search.scan(page)
        seq, is_whole = seq + len(page), len(page) < PAGE
    try:
        to_seq = search.locate()
    except NoSuchPoint as none:
        raise NotNow(none.code, none.message) from none
    # the execution refuses these as well; whoever only asks what would happen is to know, too
    if state.undoing is not None:
        raise NotNow("being_undone", "the execution is being undone already")
    if 0 < to_seq < state.migrated_at:
        raise NotNow("migrated_since", "it has been migrated to another version since that point")
    seq, is_enough = 0, False
    while not is_enough:
        page = await events_page(connection, tenant_id, row.id, seq, PAGE)
        is_enough = search.fold(page) or len(page) < PAGE
        seq += len(page)
    return search.point()
