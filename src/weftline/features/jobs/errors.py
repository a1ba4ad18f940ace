"""What can be wrong with a request about jobs.

::

    NotFound ── JobNotFound
    Conflict ├── LockLost
             └── JobClosed
    Invalid  ── RepeatedJob
"""

from __future__ import annotations

from weftline.features.errors import Conflict, FieldError, Invalid, NotFound


class JobNotFound(NotFound):
    """There is no open job of this id."""

    code = "job_not_found"
    title = "Job not found"

    def __init__(self) -> None:
        super().__init__("There is no open job of this id: it was answered or withdrawn, or there never was one.")


class LockLost(Conflict):
    """The job is not, or no longer, the one's who answers."""

    code = "lock_lost"
    title = "Lock lost"

    def __init__(self) -> None:
        super().__init__("The token is not the job's: its lock ran out, and somebody else has fetched it.")


class JobClosed(Conflict):
    """Nobody waits for the job any more."""

    code = "job_closed"
    title = "Job closed"

    def __init__(self, why: str = "its step is no longer wanted") -> None:
        super().__init__(f"The job is closed: {why}.")


class RepeatedJob(Invalid):
    """A batch answers one job more than once."""

    code = "repeated_job"
    title = "Job answered twice"

    def __init__(self, positions: list[int]) -> None:
        errors = [FieldError(f"/items/{at}/id", "this job is answered above already", "repeated") for at in positions]
        super().__init__("A batch can answer each job once.", errors)
