"""What the kernel says of processes. Without ``/proc`` (macOS), nothing is found out and nothing is concluded."""

from __future__ import annotations

from pathlib import Path

_PROCESSES = Path("/proc")


def is_alive(pid: int) -> bool:
    """Whether the process runs: false once it has ended, also while its parent has yet to notice (a zombie)."""
    if not (_PROCESSES / "self").exists():
        return True
    try:
        fields = (_PROCESSES / str(pid) / "stat").read_text().rpartition(")")[2]
    except OSError:
        return False
    return fields.split()[0] not in ("Z", "X")


def processes_in(directory: Path) -> list[int]:
    """The processes whose working directory this is, as far as this user may know."""
    found: list[int] = []
    for process in _PROCESSES.glob("[0-9]*"):
        try:
            if (process / "cwd").readlink() == directory:
                found.append(int(process.name))
        except OSError:  # it has ended, or belongs to somebody else
            continue
    return found
