"""The index of a marketplace: which plugins there are, and where their packages are. One signed JSON file.

It is a JSON Web Signature in its flattened JSON form (RFC 7515, section 7.2.2) by Ed25519 (``EdDSA``, RFC 8037): of a
payload that says when the index was made, and of each package what it is, its size and its SHA-256.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, cast
from urllib.parse import urlsplit

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from weftline.plugins.facts import BadPackage, PluginFacts, read_facts, text_of
from weftline.plugins.package import MAX_PACKAGE, SUFFIX, read_file, read_package
from weftline.plugins.signing import signer_of

FORMAT = 1
TYPE = "weftline-plugin-index"
MAX_INDEX = 10 * 1024 * 1024
"""Bytes of an index."""

MAX_ENTRIES = 20_000


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """A package that can be installed.

    Attributes:
        facts: of the plugin.
        location: https address of the package, or its path beside the index.
        sha256: of the package, hexadecimal.
        size: in bytes.
    """

    facts: PluginFacts
    location: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class PluginIndex:
    """An index whose signature is as it should be.

    Attributes:
        issued_at: when it was made.
        entries: its packages.
    """

    issued_at: datetime
    entries: tuple[IndexEntry, ...]

    def search(self, text: str = "") -> list[IndexEntry]:
        """Packages whose id, name or description has every word of a text; by id, the newest version first."""
        from packaging.version import Version

        words = text.casefold().split()
        found = [
            each
            for each in self.entries
            if all(word in f"{each.facts.id} {each.facts.name} {each.facts.description}".casefold() for word in words)
        ]
        found.sort(key=lambda each: Version(each.facts.version), reverse=True)
        return sorted(found, key=lambda each: each.facts.id)


def entries_of(directory: Path, trusted: Iterable[str]) -> list[IndexEntry]:
    """What an index says of the packages in a folder.

    Args:
        directory: holds packages; what is in folders below counts too.
        trusted: base64 of public keys, one of which has signed each package.

    Raises:
        BadPackage: a package cannot be used, or two are of one version; names the file.
    """
    keys = tuple(trusted)
    found: dict[tuple[str, str], IndexEntry] = {}
    if not directory.is_dir():
        raise BadPackage(f"{directory} is no directory")
    for path in sorted(directory.rglob(f"*{SUFFIX}")):
        content = read_file(path)
        try:
            facts = read_package(content, keys).facts
        except BadPackage as error:
            raise BadPackage(f"{path} cannot be in an index: {error}") from None
        place = path.relative_to(directory).as_posix()
        other = found.setdefault(
            (facts.id, facts.version), IndexEntry(facts, place, hashlib.sha256(content).hexdigest(), len(content))
        )
        if other.location != place:
            raise BadPackage(f"{other.location} and {place} are both version {facts.version} of '{facts.id}'")
    return list(found.values())


def write_index(entries: Iterable[IndexEntry], key: Ed25519PrivateKey, issued_at: datetime) -> bytes:
    """An index, signed.

    Args:
        entries: its packages.
        key: signs.
        issued_at: now; aware of its time zone.
    """
    told = [
        {**each.facts.as_json(), "location": each.location, "sha256": each.sha256, "size": each.size}
        for each in entries
    ]
    payload = _encoded(orjson.dumps({"format": FORMAT, "issuedAt": issued_at, "plugins": told}))
    protected = _encoded(orjson.dumps({"alg": "EdDSA", "typ": TYPE}))
    signature = _encoded(key.sign(f"{protected}.{payload}".encode()))
    return orjson.dumps({"payload": payload, "protected": protected, "signature": signature})


def read_index(content: bytes, trusted: Iterable[str]) -> PluginIndex:
    """An index, once it is known who signed it.

    Args:
        content: its bytes.
        trusted: base64 of public keys, any of which may have signed it.

    Raises:
        BadPackage: it cannot be used.
    """
    try:
        envelope = orjson.loads(content)
        payload, protected, signature = (str(envelope[name]) for name in ("payload", "protected", "signature"))
        header = orjson.loads(_decoded(protected))
        is_ours = header["alg"] == "EdDSA" and header["typ"] == TYPE and "crit" not in header
        signed, raw = f"{protected}.{payload}".encode("ascii"), _decoded(signature)
    except (ValueError, KeyError, TypeError):
        raise BadPackage(
            "it is no index of plugins: a signed JSON file, as 'weft plugin index build' makes it"
        ) from None
    if not is_ours:
        raise BadPackage("it is no index of plugins: its signature is of another kind")
    signer_of(signed, raw, trusted)
    return _read_payload(_decoded(payload))


def _read_payload(payload: bytes) -> PluginIndex:
    try:
        told = cast("dict[str, Any]", orjson.loads(payload))
        if told["format"] != FORMAT:
            raise BadPackage(f"it is an index of format {told['format']}; this release reads {FORMAT}")
        issued_at = datetime.fromisoformat(told["issuedAt"])
        plugins = cast("list[dict[str, Any]]", told["plugins"])
        if issued_at.tzinfo is None or len(plugins) > MAX_ENTRIES:
            raise BadPackage(f"it has no time zone, or more than {MAX_ENTRIES} packages")
        return PluginIndex(issued_at, tuple(map(_entry, plugins)))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BadPackage("what it says is not valid") from None


def _entry(told: dict[str, Any]) -> IndexEntry:
    facts = read_facts(told)
    size, sha256 = told["size"], text_of(told, "sha256")
    if not isinstance(size, int) or not 0 < size <= MAX_PACKAGE or len(sha256) != 64:
        raise BadPackage(f"what it says of '{facts.id}' {facts.version} is not valid")
    location = text_of(told, "location")
    if not _is_location(location):
        raise BadPackage(f"the package of '{facts.id}' {facts.version} is at no https address, nor beside the index")
    return IndexEntry(facts, location, sha256, size)


def _is_location(location: str) -> bool:
    try:
        parts = urlsplit(location)
    except ValueError:
        return False
    if parts.scheme:
        return parts.scheme == "https" and bool(parts.hostname)
    path = PurePosixPath(location)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts and not set("\\?#\0") & set(location)


def _encoded(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
