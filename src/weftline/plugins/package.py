"""Packages of plugins: one file with a wheel, what is to be known of it, and a signature.

A package is a zip file of ``plugin.json``, which says the wheel's SHA-256, the wheel, and (unless it is unsigned)
``plugin.json.sig``: the Ed25519 signature of ``plugin.json`` as it stands. Who signed and what the wheel is are looked
at before anything in the wheel is; and nothing of it is run to install it.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import stat
import tempfile
import zipfile
from base64 import b64encode
from collections.abc import Iterable, Mapping
from configparser import ConfigParser
from dataclasses import dataclass
from email.parser import Parser
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path, PurePosixPath
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from packaging.requirements import InvalidRequirement, Requirement

from weftline.authoring.plugin import ENTRY_POINT_GROUP, PLUGIN_ID

SUFFIX = ".weftplugin"
FACTS, SIGNATURE = "plugin.json", "plugin.json.sig"
FORMAT = 1

MAX_PACKAGE = 50 * 1024 * 1024
"""Bytes of a package."""

MAX_FACTS = 64 * 1024
"""Bytes of ``plugin.json``."""

MAX_UNPACKED, MAX_FILES = 200 * 1024 * 1024, 10_000
"""Bytes and files of a wheel, once it is unpacked."""

_COMPILED = (".so", ".pyd", ".dll", ".dylib", ".pth")
"""Ends of names that no package may have: it brings pure Python, and changes nothing of Python itself."""


class BadPackage(Exception):
    """A package cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class PluginPackage:
    """A package whose signature and hash are as they should be.

    Attributes:
        id, name, version: the plugin's.
        capabilities: what it says that it needs.
        signed_by: base64 of the public key that signed it; None: nobody did.
        wheel: its bytes.
    """

    id: str
    name: str
    version: str
    capabilities: tuple[str, ...]
    signed_by: str | None
    wheel: bytes


def write_package(facts: Mapping[str, Any], wheel: Path, key: Ed25519PrivateKey | None) -> bytes:
    """A package.

    Args:
        facts: ``id``, ``name``, ``version`` and ``capabilities``.
        wheel: the wheel's file.
        key: signs; None: nobody does.
    """
    content = wheel.read_bytes()
    told = {"format": FORMAT, **facts, "wheel": wheel.name, "sha256": hashlib.sha256(content).hexdigest()}
    text = orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(FACTS, text)
        if key is not None:
            archive.writestr(SIGNATURE, key.sign(text))
        archive.writestr(wheel.name, content)
    return made.getvalue()


def read_package(path: Path, trusted: Iterable[str], *, allow_unsigned: bool = False) -> PluginPackage:
    """A package, once it is known who signed it and that it is what they signed.

    Args:
        path: its file.
        trusted: base64 of public keys, any of which may have signed it.
        allow_unsigned: let it pass where nobody has signed it. A signature that is wrong never passes.

    Raises:
        BadPackage: it cannot be used.
    """
    try:
        if path.stat().st_size > MAX_PACKAGE:
            raise BadPackage(f"{path} is larger than {MAX_PACKAGE >> 20} MB")
        content = path.read_bytes()
    except OSError as error:
        raise BadPackage(f"cannot read {path}: {error.strerror}") from None
    with _archive(content, str(path)) as archive:
        names = archive.namelist()
        text = _member(archive, FACTS, MAX_FACTS)
        signature = _member(archive, SIGNATURE, 64) if SIGNATURE in names else None
        signed_by = _signer(text, signature, trusted)
        if signature is None and not allow_unsigned:
            raise BadPackage("nobody has signed it")
        facts = _facts(text)
        if sorted(names) != sorted({FACTS, facts["wheel"], *([] if signature is None else [SIGNATURE])}):
            raise BadPackage("it holds other files than its wheel and what is said of it")
        wheel = _member(archive, facts["wheel"], MAX_PACKAGE)
    if hashlib.sha256(wheel).hexdigest() != facts["sha256"]:
        raise BadPackage("its wheel is not the one that it says: it was changed")
    return PluginPackage(facts["id"], facts["name"], facts["version"], tuple(facts["capabilities"]), signed_by, wheel)


def install_package(package: PluginPackage, directory: Path) -> Path:
    """Unpack a package into a directory of its own, in the place of another version of it; nothing of it is run.

    Args:
        package: which.
        directory: that of all plugins.

    Returns:
        Where it is.

    Raises:
        BadPackage: its wheel cannot be installed; everything is as it was.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with _archive(package.wheel, "its wheel") as archive:
        files = _checked_files(archive)
        _check_wheel(archive, package)
        place = Path(tempfile.mkdtemp(prefix=f".{package.id}-", dir=directory))
        try:
            _unpack(archive, files, place)
            goal, old = directory / package.id, place.with_suffix(".old")
            if goal.exists():
                goal.rename(old)
            place.rename(goal)
            shutil.rmtree(old, ignore_errors=True)
        finally:
            shutil.rmtree(place, ignore_errors=True)
    return goal


def remove_package(plugin_id: str, directory: Path) -> bool:
    """Remove a plugin that was installed so; False where it was not."""
    if PLUGIN_ID.fullmatch(plugin_id) is None or not (directory / plugin_id).is_dir():
        return False
    shutil.rmtree(directory / plugin_id)
    return True


def public_text(key: Ed25519PrivateKey) -> str:
    """Base64 of a key's public half, as the setting takes it."""
    return b64encode(key.public_key().public_bytes_raw()).decode()


def _archive(content: bytes, what: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        raise BadPackage(f"{what} is no zip file") from None


def _member(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    """A file's content, of which no more is unpacked than may be."""
    try:
        with archive.open(name) as file:
            content = file.read(limit + 1)
    except KeyError:
        raise BadPackage(f"it has no {name}") from None
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError) as error:
        raise BadPackage(f"{name} cannot be unpacked: {error}") from None
    if len(content) > limit:
        raise BadPackage(f"{name} is larger than it may be: {limit} bytes")
    return content


def _signer(text: bytes, signature: bytes | None, trusted: Iterable[str]) -> str | None:
    """Who signed; None where nobody did."""
    if signature is None:
        return None
    from base64 import b64decode

    for key in trusted:
        try:
            Ed25519PublicKey.from_public_bytes(b64decode(key)).verify(signature, text)
        except InvalidSignature:
            continue
        return key
    raise BadPackage("its signature is by none of the trusted keys (WEFT_PLUGIN_KEYS), or it was changed")


def _facts(text: bytes) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    try:
        facts = orjson.loads(text)
        texts = [facts[name] for name in ("id", "name", "version", "wheel", "sha256")]
        is_valid = (
            facts["format"] == FORMAT
            and all(isinstance(each, str) for each in (*texts, *facts["capabilities"]))
            and PLUGIN_ID.fullmatch(facts["id"]) is not None
            and PurePosixPath(facts["wheel"]).name == facts["wheel"]
            and facts["wheel"].endswith(".whl")
        )
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        is_valid = False
    if not is_valid:
        raise BadPackage(f"its {FACTS} is not valid")
    return facts


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
        if "\\" in name or ":" in name or "\0" in name or path.is_absolute() or ".." in path.parts:
            raise BadPackage(f"its wheel has a file outside of its directory: {name!r}")
        if stat.S_ISLNK(each.external_attr >> 16):
            raise BadPackage(f"its wheel has a link: {name!r}")
        if path.suffix.lower() in _COMPILED or path.parts[0].endswith(".data"):
            raise BadPackage(f"its wheel brings more than pure Python: {name!r}")
    return files


def _check_wheel(archive: zipfile.ZipFile, package: PluginPackage) -> None:
    """See that the wheel is the plugin's, and that all that it needs is installed."""
    infos = {PurePosixPath(name).parts[0] for name in archive.namelist() if ".dist-info/" in name}
    if len(infos) != 1:
        raise BadPackage("its wheel describes no distribution, or several")
    info = infos.pop()
    points = ConfigParser(delimiters=("=",))
    points.optionxform = str  # type: ignore[assignment,method-assign]
    points.read_string(_member(archive, f"{info}/entry_points.txt", MAX_FACTS).decode("utf-8", "replace"))
    named = list(points[ENTRY_POINT_GROUP]) if points.has_section(ENTRY_POINT_GROUP) else []
    if named != [package.id]:
        raise BadPackage(f"its wheel has to name the plugin '{package.id}' under '{ENTRY_POINT_GROUP}', and no other")
    metadata = Parser().parsestr(_member(archive, f"{info}/METADATA", MAX_PACKAGE).decode("utf-8", "replace"))
    missing = [text for text in metadata.get_all("Requires-Dist", []) if not _is_met(str(text))]
    if missing:
        raise BadPackage(f"it needs what is not installed here: {', '.join(sorted(map(str, missing)))}")


def _is_met(text: str) -> bool:
    try:
        wanted = Requirement(text)
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
            return True
        return wanted.specifier.contains(version(wanted.name), prereleases=True)
    except (InvalidRequirement, PackageNotFoundError):
        return False


def _unpack(archive: zipfile.ZipFile, files: Iterable[zipfile.ZipInfo], place: Path) -> None:
    left = MAX_UNPACKED
    for each in files:
        # what a header says of a size need not be so
        content = _member(archive, each.filename, left)
        left -= len(content)
        goal = place.joinpath(*PurePosixPath(each.filename).parts)
        goal.parent.mkdir(parents=True, exist_ok=True)
        goal.write_bytes(content)
