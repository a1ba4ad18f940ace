"""How soon ``weft up`` can be used."""

from statistics import median

from benchmarks.figure import Figure
from benchmarks.lab import Lab
from benchmarks.site import open_site

RUNS = 3


async def up(lab: Lab) -> list[Figure]:
    """``weft up`` where nothing was before.

    Timed: from starting the process to the first good answer of ``/health/ready``, with making the database and its
    schema; everything is installed already.
    """
    seconds: list[float] = []
    for _ in range(1 if lab.is_quick else RUNS):
        async with open_site(lab.directory / "up") as site:
            seconds.append(site.seconds_to_ready)
    return [Figure("up.ready", median(seconds), "s", 10, "lower")]
