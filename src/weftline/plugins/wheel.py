"""Wheels of plugins: what may be in one, and unpacking it. Nothing of it is run."""

from __future__ import annotations

import compileall
import os
import stat
import zipfile
from collections.abc import Iterable
from configparser import ConfigParser
from configparser import Error as BadConfiguration
from email.parser import Parser
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path, PurePosixPath

from packaging.requirements import InvalidRequirement, Requirement

from weftline.authoring.plugin import ENTRY_POINT_GROUP
from weftline.plugins.facts import BadPackage
from weftline.plugins.package import MAX_FACTS, MAX_PACKAGE, open_archive, read_member

MAX_UNPACKED, MAX_FILES = 200 * 1024 * 1024, 10_000
"""Bytes and files of a wheel, once it is unpacked."""

KEPT = ".weftline"
"""Directory beside what was unpacked, with what the platform keeps of the package."""

_COMPILED = (".so", ".pyd", ".dll", ".dylib", ".pth")
"""Ends of names that no package may have: it brings pure Python, and changes nothing of Python itself."""

_NO_CUSTOM = {"sitecustomize", "usercustomize"}
"""Modules that Python runs by itself."""


def unpack_wheel(wheel: bytes, plugin_id: str, place: Path) -> None:
    """Unpack a wheel that is a plugin's, and compile its modules.

    Args:
        wheel: its bytes.
        plugin_id: the plugin that it has to name, and no other.
        place: an empty directory.

    Raises:
        BadPackage: the wheel cannot be installed; some of its files may be there.
        OSError: files cannot be written.
    """
    with open_archive(wheel, "its wheel") as archive:
        files = _checked_files(archive)
        _check_plugin(archive, plugin_id)
        left = MAX_UNPACKED
        for each in files:
            # what a header says of a size need not be so
            content = read_member(archive, each.filename, left)
            left -= len(content)
            goal = place.joinpath(*PurePosixPath(each.filename).parts)
            goal.parent.mkdir(parents=True, exist_ok=True)
            goal.write_bytes(content)
    # here, once: processes of other users may not write beside it; what does not compile is told when it is imported
    compileall.compile_dir(os.fspath(place), quiet=2)


def module_names(place: Path) -> frozenset[str]:
    """Top-level modules that a directory brings."""
    return frozenset(
        path.stem if path.is_file() else path.name
        for path in place.iterdir()
        if (path.suffix == ".py" or (path.is_dir() and path.name.isidentifier())) and path.name != "__pycache__"
    )


def _checked_files(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The wheel's files, none of which would come to lie anywhere else than in the plugin's own directory."""
    files = [each for each in archive.infolist() if not each.is_dir()]
    if len(files) > MAX_FILES:
        raise BadPackage(f"its wheel has more than {MAX_FILES} files")
    if sum(each.file_size for each in files) > MAX_UNPACKED:
        raise BadPackage(f"its wheel is larger than {MAX_UNPACKED >> 20} MB when it is unpacked")
    for each in files:
        name = each.filename
        path = PurePosixPath(name)
        if "\\" in name or ":" in name or "\0" in name or path.is_absolute() or ".." in path.parts or not path.parts:
            raise BadPackage(f"its wheel has a file outside of its directory: {name!r}")
        if stat.S_ISLNK(each.external_attr >> 16):
            raise BadPackage(f"its wheel has a link: {name!r}")
        if path.suffix.lower() in _COMPILED or path.parts[0].endswith(".data"):
            raise BadPackage(f"its wheel brings more than pure Python: {name!r}")
        if path.parts[0] == KEPT or path.parts[0].removesuffix(".py") in _NO_CUSTOM:
            raise BadPackage(f"its wheel has a file of a name that is not its own: {name!r}")
    if len({each.filename.casefold() for each in files}) != len(files):
        raise BadPackage("its wheel has two files of one name")
    return files


def _check_plugin(archive: zipfile.ZipFile, plugin_id: str) -> None:
    """See that the wheel is the plugin's, and that all that it needs is installed."""
    infos = {PurePosixPath(name).parts[0] for name in archive.namelist() if ".dist-info/" in name}
    if len(infos) != 1:
        raise BadPackage("its wheel describes no distribution, or several")
    info = infos.pop()
    points = ConfigParser(delimiters=("=",), interpolation=None)
    points.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        points.read_string(read_member(archive, f"{info}/entry_points.txt", MAX_FACTS).decode("utf-8", "replace"))
    except BadConfiguration:
        raise BadPackage("its wheel's entry_points.txt cannot be read") from None
    named = list(points[ENTRY_POINT_GROUP]) if points.has_section(ENTRY_POINT_GROUP) else []
    if named != [plugin_id]:
        raise BadPackage(f"its wheel has to name the plugin '{plugin_id}' under '{ENTRY_POINT_GROUP}', and no other")
    metadata = Parser().parsestr(read_member(archive, f"{info}/METADATA", MAX_PACKAGE).decode("utf-8", "replace"))
    missing = [text for text in metadata.get_all("Requires-Dist", []) if not _is_met(str(text))]
    if missing:
        raise BadPackage(f"it needs what is not installed here: {_joined(missing)}")


def _is_met(text: str) -> bool:
    try:
        wanted = Requirement(text)
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
            return True
        return wanted.specifier.contains(version(wanted.name), prereleases=True)
    except (InvalidRequirement, PackageNotFoundError):
        return False


def _joined(names: Iterable[object]) -> str:
    return ", ".join(sorted(map(str, names)))
