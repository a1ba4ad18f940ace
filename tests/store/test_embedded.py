"""The embedded server's life, with real processes."""

from __future__ import annotations

import os
import select
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest
from tests.conftest import memory_disk, throwaway_home

import weftline
from weftline.store.embedded import (
    DataVersionError,
    EmbeddedServer,
    HomeInUseError,
    Ownership,
    ServerFailedError,
)
from weftline.store.embedded.processes import processes_in

NOBODY = 65534
SOURCE = Path(weftline.__file__).parent.parent
linux_only = pytest.mark.skipif(not Path("/proc/self").exists(), reason="finds processes in /proc")
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="is about what happens as root")


@pytest.fixture(scope="module")
def pattern() -> Iterator[Path]:
    """A home whose server has been made and stopped, to copy: making one takes most of a second."""
    with throwaway_home(memory_disk()) as home:
        with EmbeddedServer(home):
            pass
        yield home


@pytest.fixture
def made_home(pattern: Path, server_home: Path) -> Path:
    subprocess.run(["cp", "--archive", f"{pattern}/.", server_home], check=True)
    return server_home


async def query(url: str, statement: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


def kill_server(home: Path) -> None:
    """What the end of the machine does to the server: every process of it dies at once."""
    pids = processes_in(home / "postgres")
    assert pids
    ends = [os.pidfd_open(pid) for pid in pids]
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    for end in ends:
        select.select([end], [], [])  # readable when the process has ended
        os.close(end)


def run_as_nobody(program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs a program with the system's Python, since the tests' own may be in root's home."""
    packages = Path(asyncpg.__file__).parent.parent
    return subprocess.run(
        ["/usr/bin/env", "python3", "-c", program, *arguments],
        env={"PYTHONPATH": f"{SOURCE}:{packages}", "PATH": "/usr/bin:/usr/local/bin"},
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )


@contextmanager
def another_process(program: str, *arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
    """A process that has done its work when this is entered (it prints a line) and waits for its end."""
    process = subprocess.Popen(
        [sys.executable, "-c", f"{program}\nprint('done', flush=True)\ninput()", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "done\n"
        yield process
    finally:
        process.communicate("\n")


START = """
import sys
from pathlib import Path
from weftline.store.embedded import EmbeddedServer

server = EmbeddedServer(Path(sys.argv[1]))
server.start()
"""

OWN = """
import sys
from pathlib import Path
from weftline.store.embedded import Ownership

ownership = Ownership(Path(sys.argv[1]))
ownership.acquire()
"""


async def test_the_first_start_makes_a_server_with_a_database(server_home: Path) -> None:
    with EmbeddedServer(server_home) as server:
        assert await query(server.url, "SELECT current_database()") == "weftline"


async def test_the_role_of_the_url_is_no_superuser(made_home: Path) -> None:
    with EmbeddedServer(made_home) as server:
        assert await query(server.url, "SHOW is_superuser") == "off"


async def test_commits_are_flushed_to_disk(made_home: Path) -> None:
    with EmbeddedServer(made_home) as server:
        assert await query(server.url, "SHOW fsync") == "on"
        assert await query(server.url, "SHOW synchronous_commit") == "on"


async def test_the_server_listens_on_no_network_address(made_home: Path) -> None:
    with EmbeddedServer(made_home) as server:
        assert await query(server.url, "SHOW listen_addresses") == ""


def test_nobody_else_can_enter_the_sockets_directory(made_home: Path) -> None:
    with EmbeddedServer(made_home) as server:
        assert stat.S_IMODE(server.socket_directory.stat().st_mode) == 0o700


@linux_only
def test_stopping_leaves_no_process(made_home: Path) -> None:
    server = EmbeddedServer(made_home)
    server.start()
    assert server.status().pid in processes_in(made_home / "postgres")
    server.stop()
    assert processes_in(made_home / "postgres") == []
    assert not server.status().running


def test_stopping_twice_or_before_a_start_does_nothing(made_home: Path) -> None:
    server = EmbeddedServer(made_home)
    server.stop()
    server.start()
    server.stop()
    server.stop()
    assert not server.status().running


async def test_what_was_written_is_there_after_a_restart(made_home: Path) -> None:
    with EmbeddedServer(made_home) as server:
        await query(server.url, "CREATE TABLE kept AS SELECT 1 AS x")
    with EmbeddedServer(made_home) as server:
        assert await query(server.url, "SELECT x FROM kept") == 1


def test_a_second_user_joins_the_running_server(made_home: Path) -> None:
    with EmbeddedServer(made_home) as first, EmbeddedServer(made_home) as second:
        assert first.url == second.url
        assert first.status().pid == second.status().pid


def test_the_last_user_to_leave_stops_the_server(made_home: Path) -> None:
    first, second = EmbeddedServer(made_home), EmbeddedServer(made_home)
    first.start()
    second.start()
    first.stop()
    assert second.status().running
    second.stop()
    assert not second.status().running


def test_a_server_whose_only_user_was_killed_is_used_and_stopped_by_the_next(made_home: Path) -> None:
    with another_process(START, made_home) as user:
        user.kill()
    server = EmbeddedServer(made_home)
    orphan = server.status().pid
    assert orphan is not None
    server.start()
    assert server.status().pid == orphan
    server.stop()
    assert not server.status().running


def test_a_server_that_shall_keep_running_does_until_it_is_shut_down(made_home: Path) -> None:
    server = EmbeddedServer(made_home)
    server.start()
    server.keep_running()
    server.stop()
    assert server.status().running
    EmbeddedServer(made_home).shut_down()
    assert not server.status().running


@linux_only
async def test_after_a_hard_kill_of_everything_the_next_start_recovers(made_home: Path) -> None:
    server = EmbeddedServer(made_home)
    server.start()
    await query(server.url, "CREATE TABLE kept AS SELECT 1 AS x")
    kill_server(made_home)
    assert (server.data / "postmaster.pid").exists()
    with EmbeddedServer(made_home) as next_one:
        assert await query(next_one.url, "SELECT x FROM kept") == 1
    server.stop()


async def test_several_processes_may_make_the_first_start_at_once(server_home: Path) -> None:
    with another_process(START, server_home), another_process(START, server_home), EmbeddedServer(server_home) as me:
        assert await query(me.url, "SELECT 1") == 1


async def test_what_an_interrupted_first_start_left_is_replaced(server_home: Path) -> None:
    unfinished = server_home / "postgres.unfinished"
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("18\n")
    with EmbeddedServer(server_home) as server:
        assert await query(server.url, "SELECT 1") == 1
    assert not unfinished.exists()


async def test_a_first_start_waits_for_the_programs_of_one_that_was_killed(server_home: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", START, server_home]) as killed:
        while not (server_home / "postgres.unfinished" / "PG_VERSION").exists():
            assert killed.poll() is None
        killed.kill()
    with EmbeddedServer(server_home) as server:
        assert await query(server.url, "SELECT 1") == 1


@linux_only
@pytest.mark.parametrize("milliseconds", [20, 200, 500, 800, 1000])
def test_an_interrupt_during_the_start_leaves_nothing_running(server_home: Path, milliseconds: int) -> None:
    program = f"""
import signal, sys
from pathlib import Path
from weftline.store.embedded import EmbeddedServer

def interrupt(*_):
    raise KeyboardInterrupt

server = EmbeddedServer(Path(sys.argv[1]))
signal.signal(signal.SIGALRM, interrupt)
signal.setitimer(signal.ITIMER_REAL, {milliseconds / 1000})
try:
    server.start()
except KeyboardInterrupt:
    pass
finally:
    signal.setitimer(signal.ITIMER_REAL, 0)
    server.stop()
"""
    interrupted = subprocess.run(
        [sys.executable, "-c", program, server_home], capture_output=True, text=True, check=False
    )
    assert interrupted.returncode == 0, interrupted.stderr
    assert processes_in(server_home / "postgres") == []
    with EmbeddedServer(server_home) as server:
        assert server.status().running


async def test_settings_of_the_users_own_win(made_home: Path) -> None:
    (made_home / "postgres.conf").write_text("max_connections = 33\n")
    with EmbeddedServer(made_home) as server:
        assert await query(server.url, "SHOW max_connections") == "33"


def test_a_setting_that_postgresql_refuses_is_shown_and_can_be_mended(made_home: Path) -> None:
    with EmbeddedServer(made_home):
        pass
    overrides = made_home / "postgres.conf"
    overrides.write_text("max_connections = many\n")
    with pytest.raises(ServerFailedError, match='invalid value for parameter "max_connections"'):
        EmbeddedServer(made_home).start()
    overrides.write_text("")
    with EmbeddedServer(made_home) as server:
        assert server.status().running


def test_data_of_another_major_version_is_refused(made_home: Path) -> None:
    with EmbeddedServer(made_home) as server:
        version = server.data / "PG_VERSION"
    version.write_text("16\n")
    with pytest.raises(DataVersionError, match="written by PostgreSQL 16, this is PostgreSQL 18"):
        EmbeddedServer(made_home).start()
    version.write_text("18\n")


async def test_a_home_too_deep_for_a_socket_has_its_socket_elsewhere(server_home: Path) -> None:
    deep = server_home / ("deep" * 30)
    server = EmbeddedServer(deep)
    try:
        server.start()
        assert not server.socket_directory.is_relative_to(deep)
        assert await query(server.url, "SELECT 1") == 1
    finally:
        server.stop()
        server.socket_directory.rmdir()


async def test_a_home_with_spaces_and_signs_in_its_path_works(server_home: Path) -> None:
    with EmbeddedServer(server_home / "it's 100% & mine?") as server:
        assert await query(server.url, "SELECT 1") == 1


@root_only
def test_a_closed_directory_above_is_opened_for_passing_through_only(server_home: Path) -> None:
    server_home.chmod(0o700)
    with EmbeddedServer(server_home) as server:
        assert server.status().running
    assert stat.S_IMODE(server_home.stat().st_mode) == 0o701


@root_only
def test_root_runs_the_server_as_another_user(made_home: Path) -> None:
    with EmbeddedServer(made_home) as server:
        assert server.data.stat().st_uid != 0


@root_only
def test_an_ordinary_user_runs_the_server_as_themselves(server_home: Path) -> None:
    home = server_home / "of-nobody"
    server_home.chmod(0o711)
    home.mkdir()
    os.chown(home, NOBODY, NOBODY)
    if run_as_nobody("import weftline.store.embedded").returncode != 0:
        pytest.skip("this clone, or a Python new enough, is closed to other users")
    started = run_as_nobody(f"{START}\nserver.stop()", home)
    assert started.returncode == 0, started.stderr
    assert (home / "postgres").stat().st_uid == NOBODY


def test_without_the_binaries_the_error_names_the_way_out(server_home: Path) -> None:
    failed = subprocess.run(
        [sys.executable, "-S", "-c", START, server_home],  # -S: without the installed packages
        env={"PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "BinariesMissingError" in failed.stderr
    assert "WEFT_DATABASE_URL" in failed.stderr


def test_a_home_has_one_owner_and_the_refusal_names_its_process(server_home: Path) -> None:
    with another_process(OWN, server_home) as owner:
        with pytest.raises(HomeInUseError, match=f"in use by process {owner.pid}") as refusal:
            Ownership(server_home).acquire()
        assert refusal.value.pid == owner.pid


def test_a_home_is_free_again_when_its_owner_was_killed(server_home: Path) -> None:
    with another_process(OWN, server_home) as owner:
        owner.kill()
    with Ownership(server_home):
        pass


def test_ownership_can_be_released_and_taken_again(server_home: Path) -> None:
    with Ownership(server_home):
        pass
    with Ownership(server_home), pytest.raises(HomeInUseError):
        Ownership(server_home).acquire()


def test_owning_a_home_does_not_keep_others_from_its_server(made_home: Path) -> None:
    with Ownership(made_home), EmbeddedServer(made_home), EmbeddedServer(made_home) as visitor:
        assert visitor.status().running
