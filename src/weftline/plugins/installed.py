"""The packages of plugins that are installed in one directory, and what each was granted.

::

    plugins/
        acme-seals                  → .packages/acme-seals/1.1.0-x7k2   (what counts)
        acme-seals.grants.json      what it was granted, by whoever installed it
        .packages/acme-seals/       the version that counts, and the one before, which may run still
        .lock                       held by whoever changes anything

A version is unpacked beside the others, and counts from the moment at which the link leads to it. So an installation
that fails half-way, for want of room or as the machine is switched off, changes nothing.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from packaging.version import Version

from weftline.authoring.plugin import PLUGIN_ID
from weftline.plugins.facts import BadPackage, PluginFacts, read_facts
from weftline.plugins.names import refuse_taken_names
from weftline.plugins.package import PluginPackage
from weftline.plugins.wheel import KEPT, unpack_wheel

_FACTS = f"{KEPT}/plugin.json"
_PACKAGES, _LOCK, _GRANTS = ".packages", ".lock", ".grants.json"


@dataclass(frozen=True, slots=True)
class InstalledPackage:
    """A package that is installed.

    Attributes:
        id: the plugin's.
        path: where this version of it is; another version has another.
        facts: what it says of itself; None where that cannot be read.
        granted: capabilities that it was granted.
    """

    id: str
    path: Path
    facts: PluginFacts | None
    granted: frozenset[str]

    @property
    def missing(self) -> tuple[str, ...]:
        """Capabilities that it asks for and was not granted."""
        return () if self.facts is None else tuple(each for each in self.facts.capabilities if each not in self.granted)


class InstalledPackages:
    """Installs and removes packages, one at a time among all processes.

    Args:
        directory: of all plugins; made when the first is installed.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def all(self) -> list[InstalledPackage]:
        """Every package by id."""
        try:
            names = sorted(each.name for each in os.scandir(self.directory) if each.is_dir() and each.name[0] != ".")
        except FileNotFoundError:
            return []
        return [found for name in names if (found := self.find(name)) is not None]

    def find(self, plugin_id: str) -> InstalledPackage | None:
        """A package by its plugin's id."""
        if PLUGIN_ID.fullmatch(plugin_id) is None or not (self.directory / plugin_id).is_dir():
            return None
        path = (self.directory / plugin_id).resolve()
        try:
            facts = read_facts(orjson.loads((path / _FACTS).read_bytes()))
        except (OSError, ValueError, AttributeError, BadPackage):
            facts = None
        return InstalledPackage(plugin_id, path, facts, self._granted(plugin_id))

    def install(
        self, package: PluginPackage, grants: Iterable[str] = (), *, allow_older: bool = False
    ) -> InstalledPackage:
        """Install a package in the place of another version of it; nothing of it is run.

        Args:
            package: which.
            grants: capabilities that it is granted, beside those that it was granted before.
            allow_older: also where a newer version is installed.

        Raises:
            BadPackage: it cannot be installed; everything is as it was.
        """
        id = package.facts.id
        with self._changing(f"'{id}' cannot be installed in {self.directory}"):
            before = self.find(id)
            if not allow_older:
                refuse_older(package.facts, before)
            versions = self.directory / _PACKAGES / id
            versions.mkdir(parents=True, exist_ok=True)
            # every process may read it, whoever installs it
            place = Path(tempfile.mkdtemp(prefix=f"{package.facts.version}-", dir=versions))
            granted = self._granted(id)
            try:
                place.chmod(0o755)
                unpack_wheel(package.wheel, id, place)
                refuse_taken_names(place, id, {each.id: each.path for each in self.all()}, self.directory)
                (place / KEPT).mkdir()
                (place / _FACTS).write_bytes(orjson.dumps(package.facts.as_json(), option=orjson.OPT_INDENT_2))
                self._keep_grants(id, granted | set(grants))
                self._lead_to(id, place)
            except BaseException:
                shutil.rmtree(place, ignore_errors=True)
                self._restore_grants(id, granted, is_known=before is not None)
                raise
            _tidy(versions, {place} | ({before.path} if before is not None else set()))
            found = self.find(id)
            assert found is not None
            return found

    def grant(self, plugin_id: str, capabilities: Iterable[str]) -> InstalledPackage | None:
        """Grant an installed package capabilities, beside those that it has; None where it is not installed.

        Raises:
            BadPackage: that cannot be kept.
        """
        with self._changing(f"grants of '{plugin_id}' cannot be kept in {self.directory}"):
            if self.find(plugin_id) is None:
                return None
            self._keep_grants(plugin_id, self._granted(plugin_id) | set(capabilities))
            return self.find(plugin_id)

    def remove(self, plugin_id: str) -> bool:
        """Remove a package and what it was granted; False where it is not installed.

        Raises:
            BadPackage: it cannot be removed.
        """
        if not self.directory.is_dir():
            return False
        with self._changing(f"'{plugin_id}' cannot be removed from {self.directory}"):
            if self.find(plugin_id) is None:
                return False
            goal = self.directory / plugin_id
            if goal.is_symlink():
                goal.unlink()
            else:
                shutil.rmtree(goal)
            self._grants_file(plugin_id).unlink(missing_ok=True)
            shutil.rmtree(self.directory / _PACKAGES / plugin_id, ignore_errors=True)
            return True

    def _lead_to(self, plugin_id: str, place: Path) -> None:
        """Let a version count, from one moment to the next."""
        goal = self.directory / plugin_id
        if goal.is_dir() and not goal.is_symlink():
            # put here by hand
            goal.rename(place.with_name(f"{place.name}.before"))
        link = place.with_name(f"{place.name}.link")
        link.symlink_to(place.relative_to(self.directory))
        link.replace(goal)

    def _grants_file(self, plugin_id: str) -> Path:
        return self.directory / f"{plugin_id}{_GRANTS}"

    def _granted(self, plugin_id: str) -> frozenset[str]:
        try:
            told: Any = orjson.loads(self._grants_file(plugin_id).read_bytes())
            return frozenset(str(each) for each in told["capabilities"])
        except (OSError, ValueError, KeyError, TypeError):
            return frozenset()

    def _keep_grants(self, plugin_id: str, capabilities: Iterable[str]) -> None:
        file = self._grants_file(plugin_id)
        new = file.with_name(f".{file.name}")
        new.write_bytes(orjson.dumps({"capabilities": sorted(capabilities)}))
        new.replace(file)

    def _restore_grants(self, plugin_id: str, granted: frozenset[str], *, is_known: bool) -> None:
        """Take back what was granted to what could not be installed."""
        if self._granted(plugin_id) == granted:
            return
        if is_known:
            self._keep_grants(plugin_id, granted)
        else:
            self._grants_file(plugin_id).unlink(missing_ok=True)

    @contextmanager
    def _changing(self, what: str) -> Generator[None]:
        """Alone among all processes; waits for whoever changes something now, which takes moments."""
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.directory / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                yield
            finally:
                os.close(descriptor)
        except OSError as error:
            raise BadPackage(f"{what}: {error.strerror or error}") from None


def refuse_older(facts: PluginFacts, before: InstalledPackage | None) -> None:
    """See that a version is not older than the one that is installed.

    Raises:
        BadPackage: it is.
    """
    if before is not None and before.facts is not None and Version(facts.version) < Version(before.facts.version):
        raise BadPackage(f"it is version {facts.version}, and {before.facts.version} is installed, which is newer")


def _tidy(versions: Path, kept: Iterable[Path]) -> None:
    """Remove what counts no more, and what an installation that was broken off has left."""
    names = {path.name for path in kept}
    for path in versions.iterdir():
        if path.name in names:
            continue
        if path.is_symlink():
            path.unlink(missing_ok=True)
        else:
            shutil.rmtree(path, ignore_errors=True)
