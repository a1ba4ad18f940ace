"""Packages that are installed: one version counts, wholly; and what a plugin asks for has to be granted."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.plugin_packages import code_of, facts_of, opened, packed

from weftline.plugins import FoundPlugin, InstalledPackages, discover
from weftline.plugins.facts import BadPackage
from weftline.plugins.modules import unload

BELLS, NEWER = facts_of("acme-bells"), facts_of("acme-bells", "1.1")

INSTALL = """
import sys
from pathlib import Path
from weftline.plugins import InstalledPackages
from weftline.plugins.package import read_package
package = read_package(Path(sys.argv[1]).read_bytes(), (), allow_unsigned=True)
for _ in range(5):
    InstalledPackages(Path(sys.argv[2])).install(package, allow_older=True)
"""

LIMIT = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
"""


@pytest.fixture
def packages(tmp_path: Path) -> Iterator[InstalledPackages]:
    packages = InstalledPackages(tmp_path / "plugins")
    yield packages
    for each in packages.all():
        unload(each.path)


def found(packages: InstalledPackages, id: str) -> FoundPlugin:
    return next(each for each in discover(packages) if each.id == id)


def version(packages: InstalledPackages, id: str = "acme-bells") -> str | None:
    package = packages.find(id)
    return None if package is None or package.facts is None else package.facts.version


def everything(directory: Path) -> dict[str, bytes]:
    """Every file of the directory that counts."""
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


def test_another_version_counts_and_the_one_before_stays_for_those_who_run_it(
    packages: InstalledPackages, tmp_path: Path
) -> None:
    first = packages.install(opened(packed(tmp_path, BELLS)))
    second = packages.install(opened(packed(tmp_path, NEWER)))
    assert version(packages) == "1.1"
    assert first.path.is_dir() and second.path.is_dir()
    third = packages.install(opened(packed(tmp_path, facts_of("acme-bells", "1.2"))))
    assert not first.path.exists() and second.path.is_dir() and third.path.is_dir()


def test_an_older_version_is_installed_only_where_somebody_says_so(packages: InstalledPackages, tmp_path: Path) -> None:
    packages.install(opened(packed(tmp_path, NEWER)))
    with pytest.raises(BadPackage, match=r"it is version 1\.0, and 1\.1 is installed, which is newer"):
        packages.install(opened(packed(tmp_path, BELLS)))
    assert version(packages) == "1.1"
    packages.install(opened(packed(tmp_path, BELLS)), allow_older=True)
    assert version(packages) == "1.0"


def test_an_installation_that_cannot_be_finished_changes_nothing(packages: InstalledPackages, tmp_path: Path) -> None:
    packages.install(opened(packed(tmp_path, BELLS)))
    before = everything(packages.directory)
    # a file where the directory of others has to be: the second of them cannot be written
    broken = {"weftline_acme/notes": "a file", "weftline_acme/notes/more.txt": "below a file"}
    asking = facts_of("acme-bells", "1.1", asks=("network",))
    package = opened(packed(tmp_path, asking, more=broken))
    with pytest.raises(BadPackage, match=r"'acme-bells' cannot be installed in .*: (Not a directory|File exists)"):
        packages.install(package, ["network"])
    assert everything(packages.directory) == before
    found = packages.find("acme-bells")
    assert found is not None and found.granted == frozenset()


def test_a_full_disk_is_told_and_leaves_everything_as_it_was(packages: InstalledPackages, tmp_path: Path) -> None:
    packages.install(opened(packed(tmp_path, BELLS)))
    before = everything(packages.directory)
    file = packed(tmp_path, NEWER, key=None, more={"weftline_acme/large.txt": "x" * 400_000})
    # the kernel lets this process write no file of more than 100 kB, as a quota would
    run = [sys.executable, "-c", LIMIT + INSTALL, str(file), str(packages.directory)]
    ended = subprocess.run(run, capture_output=True, text=True, check=False)
    assert ended.returncode != 0 and "BadPackage: 'acme-bells' cannot be installed" in ended.stderr
    assert "File too large" in ended.stderr
    assert everything(packages.directory) == before


def test_a_directory_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("no directory")
    with pytest.raises(BadPackage, match=r"cannot be installed in .*: Not a directory"):
        InstalledPackages(tmp_path / "home" / "plugins").install(opened(packed(tmp_path, BELLS)))


def test_what_a_broken_off_installation_has_left_is_tidied(packages: InstalledPackages, tmp_path: Path) -> None:
    current = packages.install(opened(packed(tmp_path, BELLS)))
    left = current.path.with_name("1.1-half")
    left.mkdir()
    (left / "module.py").write_text("half of")
    assert version(packages) == "1.0", "it does not count"
    packages.install(opened(packed(tmp_path, NEWER)))
    assert not left.exists()


def test_two_installations_at_once_leave_one_of_the_two_whole(packages: InstalledPackages, tmp_path: Path) -> None:
    files = [packed(tmp_path, facts, key=None) for facts in (BELLS, NEWER)]
    run = [sys.executable, "-c", INSTALL]
    running = [subprocess.Popen([*run, str(file), str(packages.directory)], stderr=subprocess.PIPE) for file in files]
    for process in running:
        _, errors = process.communicate()
        assert process.returncode == 0, errors.decode()
    each = found(packages, "acme-bells")
    assert each.error is None and each.version in ("1.0", "1.1") and version(packages) == each.version


def test_what_was_not_granted_is_not_imported_and_says_what_is_missing(
    packages: InstalledPackages, tmp_path: Path
) -> None:
    asking = facts_of("acme-bells", asks=("network", "secrets"))
    code = f"from pathlib import Path\nPath({str(tmp_path / 'imported')!r}).touch()\n" + code_of(asking)
    packages.install(opened(packed(tmp_path, asking, code=code)), ["network"])
    each = found(packages, "acme-bells")
    assert each.plugin is None
    assert each.error == "it asks for secrets, which it was not granted: weft plugin grant acme-bells secrets"
    assert not (tmp_path / "imported").exists()
    packages.grant("acme-bells", ["secrets"])
    each = found(packages, "acme-bells")
    assert each.error is None and each.plugin is not None
    assert (tmp_path / "imported").exists()


def test_a_new_version_that_asks_for_more_does_not_start(packages: InstalledPackages, tmp_path: Path) -> None:
    packages.install(opened(packed(tmp_path, facts_of("acme-bells", asks=("network",)))), ["network"])
    assert found(packages, "acme-bells").error is None
    unload(packages.all()[0].path)
    packages.install(opened(packed(tmp_path, facts_of("acme-bells", "1.1", asks=("network", "files")))))
    each = found(packages, "acme-bells")
    assert each.plugin is None and each.error is not None and "weft plugin grant acme-bells files" in each.error


def test_a_plugin_that_asks_for_more_than_its_package_says_does_not_start(
    packages: InstalledPackages, tmp_path: Path
) -> None:
    code = code_of(facts_of("acme-bells", asks=("processes",)))
    packages.install(opened(packed(tmp_path, BELLS, code=code)))
    each = found(packages, "acme-bells")
    assert each.plugin is None and each.error is not None and "it asks for processes" in each.error


def test_who_removes_a_plugin_takes_back_what_it_was_granted(packages: InstalledPackages, tmp_path: Path) -> None:
    path = packed(tmp_path, facts_of("acme-bells", asks=("network",)))
    packages.install(opened(path), ["network"])
    assert packages.remove("acme-bells")
    packages.install(opened(path))
    assert packages.all()[0].missing == ("network",)


@pytest.mark.parametrize("name", ["json", "httpx"])
def test_a_module_of_a_name_that_is_taken_is_refused(packages: InstalledPackages, tmp_path: Path, name: str) -> None:
    with pytest.raises(BadPackage, match=f"its module '{name}' has the name of one that is installed here already"):
        packages.install(opened(packed(tmp_path, BELLS, more={f"{name}/__init__.py": ""})))
    assert packages.all() == []


def test_two_plugins_cannot_bring_a_module_of_one_name(packages: InstalledPackages, tmp_path: Path) -> None:
    shared = {"acme_shared.py": ""}
    packages.install(opened(packed(tmp_path, BELLS, more=shared)))
    with pytest.raises(BadPackage, match="'acme_shared' has the name of one of the plugin 'acme-bells'"):
        packages.install(opened(packed(tmp_path, facts_of("acme-chimes"), more=shared)))
    assert [each.id for each in packages.all()] == ["acme-bells"]


def test_what_a_package_says_cannot_be_read_any_more(packages: InstalledPackages, tmp_path: Path) -> None:
    package = packages.install(opened(packed(tmp_path, BELLS)))
    (package.path / ".weftline/plugin.json").write_text("junk")
    each = found(packages, "acme-bells")
    assert each.error == "what its package says of it cannot be read: install it again"
