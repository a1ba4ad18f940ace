"""Process maps on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, Field

from weftline.features.http.paging import MAX_NUMBER, ShapeQuery
from weftline.features.http.wire import Wire
from weftline.features.process_map.folding import NodeFlow, WayFlow, milliseconds
from weftline.features.process_map.service import ProcessMap
from weftline.features.process_map.ways import Way

MEDIAN, P95 = 0.5, 0.95
MAX_EXECUTIONS = 5_000


class ProcessMapQuery(ShapeQuery):
    """Of which executions."""

    from_: Annotated[
        AwareDatetime | None, Field(alias="from", description="Made from then on; absent: all that are kept.")
    ] = None
    to: Annotated[AwareDatetime | None, Field(description="Made before then; absent: now.")] = None
    version: Annotated[
        int | None,
        Field(ge=1, le=MAX_NUMBER, description="Of this version; absent: the published one, or the latest."),
    ] = None
    limit: Annotated[int, Field(ge=1, le=MAX_EXECUTIONS, description="The latest executions, so many at most.")] = 1_000


class MapNodeOut(Wire):
    """What became of a node."""

    node_id: str
    visits: Annotated[int, Field(description="How often it was begun, iterations and repetitions included.")]
    failures: Annotated[int, Field(description="How often it failed for good.")]
    timeouts: Annotated[int, Field(description="How often what it waited for did not come in time.")]
    retries: int
    skips: Annotated[int, Field(description="How often it was passed over.")]
    duration_median_ms: int | None
    duration_p95_ms: int | None
    waiting_median_ms: Annotated[
        int | None, Field(description="From when a token came to its beginning: a pause, or what it is joined with.")
    ]
    waiting_p95_ms: int | None

    @classmethod
    def of(cls, node_id: str, flow: NodeFlow) -> MapNodeOut:
        """A node's figures."""
        return cls(
            node_id=node_id,
            visits=flow.visits,
            failures=flow.failures,
            timeouts=flow.timeouts,
            retries=flow.retries,
            skips=flow.skips,
            duration_median_ms=milliseconds(flow.durations, MEDIAN),
            duration_p95_ms=milliseconds(flow.durations, P95),
            waiting_median_ms=milliseconds(flow.waits, MEDIAN),
            waiting_p95_ms=milliseconds(flow.waits, P95),
        )


class MapEdgeOut(Wire):
    """What went along a way from one node to another."""

    from_: Annotated[str, Field(alias="from")]
    to: str
    kind: Annotated[str, Field(description="`next`, `branch` or `dependency`.")]
    label: Annotated[str | None, Field(description="The case, outcome or branch; null for the way straight on.")]
    count: int
    median_ms: Annotated[
        int | None, Field(description="Between the end of one and the beginning of the other; null for iterations.")
    ]

    @classmethod
    def of(cls, way: Way, flow: WayFlow) -> MapEdgeOut:
        """A way's figures."""
        return cls(
            from_=way.source,
            to=way.target,
            kind=way.kind.value,
            label=way.label,
            count=flow.count,
            median_ms=milliseconds(flow.gaps, MEDIAN),
        )


class ProcessMapOut(Wire):
    """How executions went through a workflow."""

    version_number: int
    from_: Annotated[datetime | None, Field(alias="from")]
    to: datetime
    executions: Annotated[int, Field(description="How many it tells of.")]
    is_partial: Annotated[bool, Field(description="Older ones were left out, for their logs are too long.")]
    nodes: Annotated[list[MapNodeOut], Field(description="Every node, in the definition's order.")]
    edges: Annotated[list[MapEdgeOut], Field(description="Every way, in the definition's order.")]

    @classmethod
    def of(cls, found: ProcessMap) -> ProcessMapOut:
        """A map as it goes over the wire."""
        return cls(
            version_number=found.version_number,
            from_=found.since,
            to=found.until,
            executions=found.executions,
            is_partial=found.is_partial,
            nodes=[MapNodeOut.of(node, flow) for node, flow in found.flow.nodes.items()],
            edges=[MapEdgeOut.of(way, flow) for way, flow in found.flow.ways.items()],
        )
