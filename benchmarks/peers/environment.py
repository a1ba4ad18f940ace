"""Installs the peers under build/peers/ on demand, apart from the project's own environment."""

import asyncio
import sys
from pathlib import Path

_HERE = Path(__file__).parent
_ROOT = _HERE.parent.parent / "build" / "peers"
_REQUIREMENTS = _HERE / "requirements.txt"
_RESTATE_SERVER = "@restatedev/restate-server@1.7.12"


class PeerUnavailable(RuntimeError):
    """A peer could not be installed or started here; its figures are missing, ours are not affected."""


async def python() -> Path:
    """Return the interpreter that has the peers' Python packages, installing them first if needed.

    Raises:
        PeerUnavailable: the packages could not be installed.
    """
    venv = _ROOT / "venv"
    wanted = _REQUIREMENTS.read_text()
    if not _is_current(venv, wanted):
        await _command(sys.executable, "-m", "venv", "--clear", str(venv))
        await _command(str(venv / "bin" / "pip"), "install", "--quiet", "--requirement", str(_REQUIREMENTS))
        _mark_current(venv, wanted)
    return venv / "bin" / "python"


async def restate_server() -> Path:
    """Return the Restate server's binary, installing its npm package first if needed.

    Raises:
        PeerUnavailable: npm is missing, or has no server for this platform.
    """
    prefix = _ROOT / "restate-server"
    if not _is_current(prefix, _RESTATE_SERVER):
        prefix.mkdir(parents=True, exist_ok=True)
        # Without --ignore-scripts a dependency reports the installation to its makers.
        quiet = ("--no-save", "--no-audit", "--no-fund", "--ignore-scripts")
        await _command("npm", "install", "--prefix", str(prefix), *quiet, _RESTATE_SERVER)
        _mark_current(prefix, _RESTATE_SERVER)
    binaries = list(prefix.glob("node_modules/@restatedev/restate-server-*/bin/restate-server"))
    if not binaries:
        raise PeerUnavailable("npm offers no Restate server for this platform")
    return binaries[0]


def _is_current(directory: Path, wanted: str) -> bool:
    stamp = directory / "installed.txt"
    return stamp.exists() and stamp.read_text() == wanted


def _mark_current(directory: Path, wanted: str) -> None:
    (directory / "installed.txt").write_text(wanted)


async def _command(*arguments: str) -> None:
    try:
        process = await asyncio.create_subprocess_exec(
            *arguments, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
        )
    except FileNotFoundError as error:
        raise PeerUnavailable(f"{arguments[0]} is not installed") from error
    _, errors = await process.communicate()
    if process.returncode:
        raise PeerUnavailable(f"{' '.join(arguments)} failed: {errors.decode(errors='replace').strip()}")
