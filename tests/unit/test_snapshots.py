"""When snapshots are written, and what that costs."""

from __future__ import annotations

from weftline.engine.snapshots import EVERY, GROWTH, SMALL, Snapshots


def test_a_run_whose_state_grows_with_its_log_writes_less_in_snapshots_than_in_events() -> None:
    snapshots = Snapshots(0, 0, 0)
    log = written = state = 0
    for number in range(1, 200_001):
        # every event adds half of its bytes to the state
        log += 200
        state += 100
        snapshots.grow(1, 200)
        if snapshots.is_due:
            written += state
            snapshots.taken(number, state)
    assert 0 < written <= log + state
    # and whoever takes the run over has no more to fold than so many times what he reads in the snapshot
    assert 200 * (200_000 - snapshots.seq) <= max(GROWTH * state, 200 * EVERY)


def test_a_small_snapshot_is_written_at_every_rest_and_a_large_one_when_the_log_has_grown_as_much() -> None:
    small, large = Snapshots(50, SMALL, 50), Snapshots(50, SMALL + 1, 50)
    for snapshots in (small, large):
        snapshots.grow(1, 300)
    assert small.is_due_at_rest
    assert not large.is_due_at_rest
    large.grow(300, SMALL)
    assert large.is_due_at_rest


def test_a_short_run_that_never_rested_ends_without_a_snapshot() -> None:
    short, long, rested = Snapshots(0, 0, 0), Snapshots(0, 0, 0), Snapshots(5, 900, 5)
    short.grow(100, 10_000)
    long.grow(101, 10_000)
    rested.grow(2, 200)
    assert not short.is_due_at_end
    assert long.is_due_at_end
    assert rested.is_due_at_end
