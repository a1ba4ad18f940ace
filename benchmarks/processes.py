"""``weft`` processes to measure: started as an operator starts them, and gone when their benchmark ends."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figure import BenchmarkFailed
from benchmarks.peers.children import child

REPOSITORY = Path(__file__).parent.parent
WEFT = "weftline.cli.main"
"""The module behind the ``weft`` command."""

GRACE_SECONDS = 30.0
"""To stop in order; longer than ``weft up`` gives its worker."""


@dataclass(frozen=True, slots=True)
class WeftProcess:
    """A running ``weft`` command.

    Attributes:
        process: the operating system's.
        log: where its standard error goes.
    """

    process: asyncio.subprocess.Process
    log: Path

    def check(self) -> None:
        """See that it still runs.

        Raises:
            BenchmarkFailed: it ended; the message quotes its log.
        """
        if self.process.returncode is not None:
            raise BenchmarkFailed(f"weft ended early: {self.log.read_text(errors='replace')[-2000:].strip()}")

    def resident_mb(self) -> float:
        """Its resident memory now, in MB (Linux only)."""
        return self._memory_mb("VmRSS")

    def peak_resident_mb(self) -> float:
        """The most resident memory it ever had, in MB (Linux only)."""
        return self._memory_mb("VmHWM")

    def cpu_seconds(self) -> float:
        """The processor time that it has taken so far (Linux only)."""
        # the command's name, in parentheses, may hold anything
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _memory_mb(self, field: str) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(rf"^{field}:\s+(\d+) kB$", status, re.MULTILINE)
        assert found is not None
        return int(found[1]) * 1024 / 1e6


@asynccontextmanager
async def weft(
    command: str, log: Path, settings: Mapping[str, str], *, program: str = WEFT
) -> AsyncIterator[WeftProcess]:
    """Run ``weft COMMAND`` with the benchmarks' actions, until the context ends.

    Args:
        command: ``worker``, ``server`` or ``up``.
        log: for its standard error.
        settings: ``WEFT_*`` variables; all others keep their defaults.
        program: the module to run in place of ``weft``'s own.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("WEFT_")}
    environment = {**inherited, "WEFT_ACTIONS": "benchmarks.actions", "WEFT_LOG_LEVEL": "warning", **settings}
    start = [sys.executable, "-m", program, command]
    async with child(start, log, REPOSITORY, environment=environment, grace=GRACE_SECONDS) as process:
        yield WeftProcess(process, log)
