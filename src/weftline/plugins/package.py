"""Packages of plugins: one file with a wheel, what is to be known of it, and a signature.

A package is a zip file of ``plugin.json``, which says the wheel's SHA-256, the wheel, and (unless it is unsigned)
``plugin.json.sig``: the Ed25519 signature of ``plugin.json`` as it stands. Who signed and what the wheel is are looked
at before anything in the wheel is; and nothing of it is run to install it.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from weftline.plugins.facts import BadPackage, PluginFacts, read_facts, text_of
from weftline.plugins.signing import signer_of

SUFFIX = ".weftplugin"
FACTS, SIGNATURE = "plugin.json", "plugin.json.sig"
FORMAT = 1

MAX_PACKAGE = 50 * 1024 * 1024
"""Bytes of a package."""

MAX_FACTS = 64 * 1024
"""Bytes of ``plugin.json``."""


@dataclass(frozen=True, slots=True)
class PluginPackage:
    """A package whose signature and hash are as they should be.

    Attributes:
        facts: what it says of the plugin.
        signed_by: base64 of the public key that signed it; None: nobody did.
        wheel: its bytes.
    """

    facts: PluginFacts
    signed_by: str | None
    wheel: bytes


def write_package(facts: PluginFacts, wheel: Path, key: Ed25519PrivateKey | None) -> bytes:
    """A package.

    Args:
        facts: of the plugin.
        wheel: the wheel's file.
        key: signs; None: nobody does.
    """
    content = wheel.read_bytes()
    told = {
        "format": FORMAT,
        **facts.as_json(),
        "wheel": wheel.name,
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    text = orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(FACTS, text)
        if key is not None:
            archive.writestr(SIGNATURE, key.sign(text))
        archive.writestr(wheel.name, content)
    return made.getvalue()


def read_file(path: Path, limit: int = MAX_PACKAGE) -> bytes:
    """A file's content.

    Raises:
        BadPackage: it cannot be read, or is larger than it may be.
    """
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except OSError as error:
        raise BadPackage(f"cannot read {path}: {error.strerror}") from None
    if len(content) > limit:
        raise BadPackage(f"{path} is larger than {limit >> 20} MB")
    return content


def read_package(content: bytes, trusted: Iterable[str], *, allow_unsigned: bool = False) -> PluginPackage:
    """A package, once it is known who signed it and that it is what they signed.

    Args:
        content: the package's bytes.
        trusted: base64 of public keys, any of which may have signed it.
        allow_unsigned: let it pass where nobody has signed it. A signature that is wrong never passes.

    Raises:
        BadPackage: it cannot be used.
    """
    with open_archive(content, "it") as archive:
        names = archive.namelist()
        text = read_member(archive, FACTS, MAX_FACTS)
        signature = read_member(archive, SIGNATURE, 64) if SIGNATURE in names else None
        if signature is None and not allow_unsigned:
            raise BadPackage("nobody has signed it")
        signed_by = None if signature is None else signer_of(text, signature, trusted)
        told = _told(text)
        facts, wheel_name = read_facts(told), _wheel_name(told)
        if sorted(names) != sorted({FACTS, wheel_name, *([] if signature is None else [SIGNATURE])}):
            raise BadPackage("it holds other files than its wheel and what is said of it")
        wheel = read_member(archive, wheel_name, MAX_PACKAGE)
    if hashlib.sha256(wheel).hexdigest() != text_of(told, "sha256"):
        raise BadPackage("its wheel is not the one that it says: it was changed")
    return PluginPackage(facts, signed_by, wheel)


def open_archive(content: bytes, what: str) -> zipfile.ZipFile:
    """A zip file.

    Raises:
        BadPackage: it is none.
    """
    try:
        return zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        raise BadPackage(f"{what} is no zip file") from None


def read_member(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    """The content of a file in an archive, of which no more is unpacked than may be.

    Raises:
        BadPackage: there is none, it is larger, or it cannot be unpacked.
    """
    try:
        with archive.open(name) as file:
            content = file.read(limit + 1)
    except KeyError:
        raise BadPackage(f"it has no {name}") from None
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError, ValueError) as error:
        raise BadPackage(f"{name} cannot be unpacked: {error}") from None
    if len(content) > limit:
        raise BadPackage(f"{name} is larger than it may be: {limit} bytes")
    return content


def _told(text: bytes) -> dict[str, Any]:
    try:
        told = orjson.loads(text)
    except orjson.JSONDecodeError:
        told = None
    if not isinstance(told, dict) or told.get("format") != FORMAT:  # pyright: ignore[reportUnknownMemberType] - JSON
        raise BadPackage(f"its {FACTS} is not valid, or of a later format than {FORMAT}")
    return told  # pyright: ignore[reportUnknownVariableType] - JSON


def _wheel_name(told: dict[str, Any]) -> str:
    name = text_of(told, "wheel")
    if PurePosixPath(name).name != name or not name.endswith(".whl"):
        raise BadPackage(f"{name!r} cannot be the name of its wheel")
    return name
