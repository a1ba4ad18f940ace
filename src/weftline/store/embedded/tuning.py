"""PostgreSQL settings fit for the machine and the load: many small durable transactions."""

from __future__ import annotations

import os
from pathlib import Path

_MIB = 1024 * 1024


def configuration(socket_directory: Path, memory: int) -> str:
    """The text of the generated configuration file.

    Args:
        socket_directory: where the server's unix socket goes.
        memory: what the machine, or this container, has, in bytes.
    """
    shared_buffers = min(max(memory // 8, 64 * _MIB), 1024 * _MIB)
    quoted = str(socket_directory).replace("'", "''")
    settings = {
        "listen_addresses": "''",
        "unix_socket_directories": f"'{quoted}'",
        "unix_socket_permissions": "0700",
        "port": "5432",
        "cluster_name": "'weftline'",
        "max_connections": "100",
        "shared_buffers": f"{shared_buffers // _MIB}MB",
        "effective_cache_size": f"{max(memory // 2, shared_buffers) // _MIB}MB",
        "work_mem": "16MB",
        "maintenance_work_mem": "128MB",
        # every commit is on disk before it is acknowledged
        "fsync": "on",
        "synchronous_commit": "on",
        "wal_level": "replica",
        "min_wal_size": "256MB",
        "max_wal_size": "4GB",
        "checkpoint_timeout": "15min",
        "checkpoint_completion_target": "0.9",
        # the statements are short and the same: compiling them costs more than it brings
        "jit": "off",
        "random_page_cost": "1.1",
        "autovacuum_naptime": "15s",
        "timezone": "'UTC'",
        "log_timezone": "'UTC'",
        "log_line_prefix": "'%m [%p] %u@%d '",
        "log_checkpoints": "off",
    }
    lines = (f"{name} = {value}\n" for name, value in settings.items())
    return "# Written by Weftline at every start. Settings of your own go into postgres.conf in WEFT_HOME.\n" + "".join(
        lines
    )


def available_memory() -> int:
    """The memory of this machine, or of this container where it has less, in bytes."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
    except OSError:
        return machine
    return min(machine, int(limit)) if limit.isdigit() else machine
