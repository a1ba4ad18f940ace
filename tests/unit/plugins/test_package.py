"""Packages of plugins: what is signed is installed, and what was tampered with never."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.plugin_packages import KEY, TRUSTED, facts_of, module_of, wheel_files, zipped
from tests.plugin_packages import packed as packed_at

from weftline.plugins import InstalledPackages, wheel
from weftline.plugins.facts import BadPackage
from weftline.plugins.installed import InstalledPackage
from weftline.plugins.package import PluginPackage, read_file, read_package
from weftline.plugins.project import BadProject, new_project

FACTS = facts_of("acme-bells", "0.1.0", asks=("network",))
MODULE = module_of("acme-bells")
WHEEL = wheel_files(FACTS, "")
INFO = "weftline_acme_bells-0.1.0.dist-info"


def packed(place: Path, key: Ed25519PrivateKey | None = KEY, more: dict[str, str] | None = None) -> Path:
    """A package of a wheel with more files."""
    return packed_at(place, FACTS, key=key, code="", more=more)


def changed(path: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """The package with something done to its files."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    path.write_bytes(zipped({**files}))
    return path


def installed(path: Path, place: Path) -> InstalledPackage:
    return InstalledPackages(place / "plugins").install(read_package(path.read_bytes(), TRUSTED))


def visible(place: Path) -> list[str]:
    return sorted(path.name for path in place.iterdir() if path.name[0] != ".")


def test_a_signed_package_is_installed_and_removed(tmp_path: Path) -> None:
    found = read_package(packed(tmp_path).read_bytes(), TRUSTED)
    assert (found.facts, found.signed_by) == (FACTS, TRUSTED[0])
    packages = InstalledPackages(tmp_path / "plugins")
    place = packages.install(found, ["network"]).path
    files = {path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file()}
    assert {name for name in files if "__pycache__" not in name} == {*WHEEL, ".weftline/plugin.json"}
    assert [(each.id, each.facts, each.missing) for each in packages.all()] == [("acme-bells", FACTS, ())]
    assert packages.remove("acme-bells")
    assert not packages.remove("acme-bells")
    assert packages.all() == [] and visible(tmp_path / "plugins") == []


def test_an_unsigned_package_is_refused_unless_somebody_says_so(tmp_path: Path) -> None:
    content = packed(tmp_path, None).read_bytes()
    with pytest.raises(BadPackage, match="nobody has signed it"):
        read_package(content, TRUSTED)
    assert read_package(content, TRUSTED, allow_unsigned=True).signed_by is None


@pytest.mark.parametrize("allow_unsigned", [False, True])
def test_who_is_not_trusted_signs_in_vain(tmp_path: Path, allow_unsigned: bool) -> None:
    path = packed(tmp_path, Ed25519PrivateKey.generate())
    with pytest.raises(BadPackage, match="none of the trusted keys"):
        read_package(path.read_bytes(), TRUSTED, allow_unsigned=allow_unsigned)


def _other_wheel(files: dict[str, bytes]) -> None:
    name = next(name for name in files if name.endswith(".whl"))
    files[name] = zipped({**WHEEL, f"{MODULE}/evil.py": "boom"})


def _other_facts(files: dict[str, bytes]) -> None:
    files["plugin.json"] = files["plugin.json"].replace(b"network", b"secrets")


def _one_file_more(files: dict[str, bytes]) -> None:
    files["extra.py"] = b""


def _no_wheel(files: dict[str, bytes]) -> None:
    del files[next(name for name in files if name.endswith(".whl"))]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_other_wheel, "it was changed"),
        (_other_facts, "or it was changed"),
        (_one_file_more, "other files"),
        (_no_wheel, "other files"),
    ],
)
def test_what_was_changed_after_it_was_signed_is_refused(
    tmp_path: Path, change: Callable[[dict[str, bytes]], None], told: str
) -> None:
    with pytest.raises(BadPackage, match=told):
        read_package(changed(packed(tmp_path), change).read_bytes(), TRUSTED)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("../evil.py", "outside of its directory"),
        ("packed_acme_bells/../../evil.py", "outside of its directory"),
        ("/tmp/evil.py", "outside of its directory"),
        ("..\\evil.py", "outside of its directory"),
        ("C:evil.py", "outside of its directory"),
        ("packed_acme_bells/fast.so", "more than pure Python"),
        ("sitecustomize.py", "not its own"),
        (".weftline/plugin.json", "not its own"),
        ("evil.pth", "more than pure Python"),
        ("weftline_acme_bells-0.1.0.data/scripts/evil", "more than pure Python"),
    ],
)
def test_a_wheel_that_would_reach_beyond_its_directory_is_not_unpacked(tmp_path: Path, name: str, told: str) -> None:
    with pytest.raises(BadPackage, match=told):
        installed(packed(tmp_path, more={name: "x"}), tmp_path)
    assert visible(tmp_path / "plugins") == [] and InstalledPackages(tmp_path / "plugins").all() == []
    assert list(tmp_path.rglob("evil.py")) == []


def test_a_link_in_a_wheel_is_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo(f"{MODULE}/link")
    link.external_attr = 0o120777 << 16
    content = io.BytesIO(zipped({**WHEEL}))
    with zipfile.ZipFile(content, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(BadPackage, match="a link"):
        InstalledPackages(tmp_path / "plugins").install(PluginPackage(FACTS, None, content.getvalue()))


def test_a_wheel_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wheel, "MAX_UNPACKED", 1_000)
    with pytest.raises(BadPackage, match="larger than"):
        installed(packed(tmp_path, more={f"{MODULE}/big.txt": "x" * 2_000}), tmp_path)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    needs = f"{WHEEL[f'{INFO}/METADATA']}" + "Requires-Dist: no-such-thing>=2\nRequires-Dist: pydantic>=2\n"
    with pytest.raises(BadPackage, match=r"not installed here: no-such-thing>=2$"):
        installed(packed(tmp_path, more={f"{INFO}/METADATA": needs}), tmp_path)


def test_a_wheel_of_another_plugin_is_refused(tmp_path: Path) -> None:
    other = "[weftline.plugins]\nanother = packed_acme_bells:Made\n"
    with pytest.raises(BadPackage, match="has to name the plugin 'acme-bells'"):
        installed(packed(tmp_path, more={f"{INFO}/entry_points.txt": other}), tmp_path)


def test_junk_is_no_package() -> None:
    with pytest.raises(BadPackage, match="no zip file"):
        read_package(b"junk", TRUSTED)


def test_a_file_that_is_not_there_or_too_large_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadPackage, match=r"cannot read .*nothing: No such file"):
        read_file(tmp_path / "nothing")
    path = packed(tmp_path)
    with pytest.raises(BadPackage, match="larger than"):
        read_file(path, 10)


def weft(*arguments: str, place: Path) -> str:
    """What a command prints; it ends well."""
    environment = {**os.environ, "WEFT_HOME": str(place / "home")}
    run = [sys.executable, "-m", "weftline.cli.main", "plugin", *arguments]
    ended = subprocess.run(run, cwd=place, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_a_new_project_passes_its_test_is_packed_installed_and_found(tmp_path: Path) -> None:
    project = tmp_path / "acme-chimes"
    new_project("acme-chimes", project)
    environment = {**os.environ, "PYTHONPATH": str(project / "src")}
    run = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(project / "tests")]
    tested = subprocess.run(run, cwd=project, env=environment, capture_output=True, text=True, check=False)
    assert tested.returncode == 0, tested.stdout
    file = weft("pack", "acme-chimes", place=tmp_path).strip()
    packages = InstalledPackages(tmp_path / "plugins")
    packages.install(read_package((tmp_path / file).read_bytes(), (), allow_unsigned=True))
    look = (
        "from pathlib import Path; from weftline.plugins import InstalledPackages, discover; import sys;"
        "print([(each.id, each.version, each.error) for each in discover(InstalledPackages(Path(sys.argv[1])))])"
    )
    run = [sys.executable, "-c", look, str(packages.directory)]
    found = subprocess.run(run, capture_output=True, text=True, check=True)
    assert "('acme-chimes', '0.1.0', None)" in found.stdout


def test_a_project_is_not_written_over_another_one(tmp_path: Path) -> None:
    new_project("acme-chimes", tmp_path / "chimes")
    with pytest.raises(BadProject, match="there already"):
        new_project("acme-chimes", tmp_path / "chimes")
    with pytest.raises(BadProject, match="cannot be an id"):
        new_project("Acme", tmp_path / "other")
