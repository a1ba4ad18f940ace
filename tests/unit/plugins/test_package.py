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

from weftline.plugins import package as packages
from weftline.plugins.package import (
    BadPackage,
    PluginPackage,
    install_package,
    public_text,
    read_package,
    remove_package,
    write_package,
)
from weftline.plugins.project import BadProject, build_plugin, new_project

KEY = Ed25519PrivateKey.generate()
TRUSTED = (public_text(KEY),)
FACTS = {"id": "acme-bells", "name": "Bells", "version": "0.1.0", "capabilities": ["network"]}
INFO = "weftline_acme_bells-0.1.0.dist-info"
WHEEL = {
    "weftline_acme_bells/__init__.py": "",
    f"{INFO}/METADATA": "Metadata-Version: 2.1\nName: weftline-acme-bells\nVersion: 0.1.0\n",
    f"{INFO}/entry_points.txt": "[weftline.plugins]\nacme-bells = weftline_acme_bells:Bells\n",
}


def zipped(files: dict[str, str | bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return made.getvalue()


def packed(place: Path, key: Ed25519PrivateKey | None = KEY, more: dict[str, str] | None = None) -> Path:
    """A package of a wheel with more files."""
    wheel = place / "weftline_acme_bells-0.1.0-py3-none-any.whl"
    wheel.write_bytes(zipped({**WHEEL, **(more or {})}))
    path = place / "bells.weftplugin"
    path.write_bytes(write_package(FACTS, wheel, key))
    return path


def changed(path: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """The package with something done to its files."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    path.write_bytes(zipped({**files}))
    return path


def installed(path: Path, place: Path) -> Path:
    return install_package(read_package(path, TRUSTED), place / "plugins")


def test_a_signed_package_is_installed_and_removed(tmp_path: Path) -> None:
    found = read_package(packed(tmp_path), TRUSTED)
    assert (found.id, found.version, found.capabilities, found.signed_by) == (
        "acme-bells",
        "0.1.0",
        ("network",),
        TRUSTED[0],
    )
    place = install_package(found, tmp_path / "plugins")
    assert {path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file()} == set(WHEEL)
    assert [path.name for path in (tmp_path / "plugins").iterdir()] == ["acme-bells"]
    assert remove_package("acme-bells", tmp_path / "plugins")
    assert not remove_package("acme-bells", tmp_path / "plugins")


def test_another_version_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    installed(packed(tmp_path, more={"weftline_acme_bells/old.py": ""}), tmp_path)
    place = installed(packed(tmp_path, more={"weftline_acme_bells/new.py": ""}), tmp_path)
    assert (place / "weftline_acme_bells/new.py").exists() and not (place / "weftline_acme_bells/old.py").exists()
    assert [path.name for path in (tmp_path / "plugins").iterdir()] == ["acme-bells"]


def test_an_unsigned_package_is_refused_unless_somebody_says_so(tmp_path: Path) -> None:
    path = packed(tmp_path, None)
    with pytest.raises(BadPackage, match="nobody has signed it"):
        read_package(path, TRUSTED)
    assert read_package(path, TRUSTED, allow_unsigned=True).signed_by is None


@pytest.mark.parametrize("allow_unsigned", [False, True])
def test_who_is_not_trusted_signs_in_vain(tmp_path: Path, allow_unsigned: bool) -> None:
    path = packed(tmp_path, Ed25519PrivateKey.generate())
    with pytest.raises(BadPackage, match="none of the trusted keys"):
        read_package(path, TRUSTED, allow_unsigned=allow_unsigned)


def _other_wheel(files: dict[str, bytes]) -> None:
    name = next(name for name in files if name.endswith(".whl"))
    files[name] = zipped({**WHEEL, "weftline_acme_bells/evil.py": "boom"})


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
        read_package(changed(packed(tmp_path), change), TRUSTED)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("../evil.py", "outside of its directory"),
        ("weftline_acme_bells/../../evil.py", "outside of its directory"),
        ("/tmp/evil.py", "outside of its directory"),
        ("..\\evil.py", "outside of its directory"),
        ("C:evil.py", "outside of its directory"),
        ("weftline_acme_bells/fast.so", "more than pure Python"),
        ("evil.pth", "more than pure Python"),
        ("weftline_acme_bells-0.1.0.data/scripts/evil", "more than pure Python"),
    ],
)
def test_a_wheel_that_would_reach_beyond_its_directory_is_not_unpacked(tmp_path: Path, name: str, told: str) -> None:
    with pytest.raises(BadPackage, match=told):
        installed(packed(tmp_path, more={name: "x"}), tmp_path)
    assert list((tmp_path / "plugins").iterdir()) == []
    assert not (tmp_path / "evil.py").exists()


def test_a_link_in_a_wheel_is_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("weftline_acme_bells/link")
    link.external_attr = 0o120777 << 16
    content = io.BytesIO(zipped({**WHEEL}))
    with zipfile.ZipFile(content, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    package = PluginPackage("acme-bells", "Bells", "0.1.0", (), None, content.getvalue())
    with pytest.raises(BadPackage, match="a link"):
        install_package(package, tmp_path / "plugins")


def test_a_wheel_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "MAX_UNPACKED", 1_000)
    with pytest.raises(BadPackage, match="larger than"):
        installed(packed(tmp_path, more={"weftline_acme_bells/big.txt": "x" * 2_000}), tmp_path)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    needs = WHEEL[f"{INFO}/METADATA"] + "Requires-Dist: no-such-thing>=2\nRequires-Dist: pydantic>=2\n"
    with pytest.raises(BadPackage, match=r"not installed here: no-such-thing>=2$"):
        installed(packed(tmp_path, more={f"{INFO}/METADATA": needs}), tmp_path)


def test_a_wheel_of_another_plugin_is_refused(tmp_path: Path) -> None:
    other = "[weftline.plugins]\nanother = weftline_acme_bells:Bells\n"
    with pytest.raises(BadPackage, match="has to name the plugin 'acme-bells'"):
        installed(packed(tmp_path, more={f"{INFO}/entry_points.txt": other}), tmp_path)


def test_junk_is_no_package(tmp_path: Path) -> None:
    path = tmp_path / "junk.weftplugin"
    path.write_bytes(b"junk")
    with pytest.raises(BadPackage, match="no zip file"):
        read_package(path, TRUSTED)
    with pytest.raises(BadPackage, match="cannot read"):
        read_package(tmp_path / "nothing", TRUSTED)


def test_a_new_project_passes_its_test_is_packed_installed_and_found(tmp_path: Path) -> None:
    project = tmp_path / "acme-chimes"
    new_project("acme-chimes", project)
    environment = {**os.environ, "PYTHONPATH": str(project / "src")}
    run = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(project / "tests")]
    tested = subprocess.run(run, cwd=project, env=environment, capture_output=True, text=True, check=False)
    assert tested.returncode == 0, tested.stdout
    built = build_plugin(project, tmp_path)
    facts = {**FACTS, "id": built.plugin.id, "name": built.plugin.name}
    path = tmp_path / "chimes.weftplugin"
    path.write_bytes(write_package(facts, built.wheel, KEY))
    place = installed(path, tmp_path)
    look = (
        "from pathlib import Path; from weftline.plugins import discover; import sys;"
        "print([(each.id, each.version, each.error) for each in discover([Path(sys.argv[1])])])"
    )
    found = subprocess.run([sys.executable, "-c", look, str(place)], capture_output=True, text=True, check=True)
    assert "('acme-chimes', '0.1.0', None)" in found.stdout


def test_a_project_is_not_written_over_another_one(tmp_path: Path) -> None:
    new_project("acme-chimes", tmp_path / "chimes")
    with pytest.raises(BadProject, match="there already"):
        new_project("acme-chimes", tmp_path / "chimes")
    with pytest.raises(BadProject, match="cannot be an id"):
        new_project("Acme", tmp_path / "other")
