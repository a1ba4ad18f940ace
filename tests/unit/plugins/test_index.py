"""The index of a marketplace: signed, read within bounds, and the version chosen that fits."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.features.mail.certificates import make_certificate
from tests.plugin_packages import KEY, TRUSTED, facts_of, packed

from weftline.plugins import InstalledPackages
from weftline.plugins.facts import BadPackage, PluginFacts
from weftline.plugins.index import IndexEntry, entries_of, read_index, write_index
from weftline.plugins.market import PluginMarket
from weftline.plugins.resolving import newest, why_unfit

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A folder of packages with its index."""
    place = tmp_path / "shelf"
    packed(place / "bells", facts_of("acme-bells", "1.0", description="Rings bells."))
    packed(place / "bells", facts_of("acme-bells", "1.2", asks=("network",), description="Rings bells, loudly."))
    packed(place, facts_of("acme-chimes", needs={"acme-bells": ">=1"}))
    indexed(place)
    return place


def indexed(place: Path, issued_at: datetime = NOW, entries: list[IndexEntry] | None = None) -> None:
    found = entries_of(place, TRUSTED) if entries is None else entries
    (place / "index.json").write_bytes(write_index(found, KEY, issued_at))


@pytest.fixture
def packages(tmp_path: Path) -> InstalledPackages:
    (tmp_path / "plugins").mkdir()
    return InstalledPackages(tmp_path / "plugins")


def market(place: Path | str, packages: InstalledPackages) -> PluginMarket:
    where = str(place / "index.json") if isinstance(place, Path) else place
    return PluginMarket(where, TRUSTED, packages, "1.0")


async def test_what_is_indexed_is_found_chosen_and_installed(shelf: Path, packages: InstalledPackages) -> None:
    each = market(shelf, packages)
    found = (await each.index()).search("BELLS rings")
    assert [(entry.facts.id, entry.facts.version) for entry in found] == [("acme-bells", "1.2"), ("acme-bells", "1.0")]
    entry = await each.choose("acme-bells")
    assert (entry.facts.version, entry.location) == ("1.2", "bells/acme-bells-1.2.weftplugin")
    package = await each.fetch(entry)
    assert package.facts.capabilities == ("network",)
    packages.install(package, ["network"])
    assert (await each.choose("acme-chimes")).facts.id == "acme-chimes"


async def test_a_version_that_is_named_is_taken_and_no_other(shelf: Path, packages: InstalledPackages) -> None:
    each = market(shelf, packages)
    assert (await each.choose("acme-bells", "1.0")).facts.version == "1.0"
    with pytest.raises(BadPackage, match=r"no version 2\.0 of 'acme-bells'; it has 1\.2, 1\.0"):
        await each.choose("acme-bells", "2.0")
    with pytest.raises(BadPackage, match="the index has no plugin 'acme-gongs'"):
        await each.choose("acme-gongs")
    with pytest.raises(BadPackage, match="'latest' is no version"):
        await each.choose("acme-bells", "latest")


async def test_an_older_version_is_not_chosen_by_mistake(shelf: Path, packages: InstalledPackages) -> None:
    each = market(shelf, packages)
    packages.install(await each.fetch(await each.choose("acme-bells")))
    with pytest.raises(BadPackage, match=r"it is version 1\.0, and 1\.2 is installed"):
        await each.choose("acme-bells", "1.0")
    assert (await each.choose("acme-bells", "1.0", allow_older=True)).facts.version == "1.0"


async def test_a_dependency_that_is_missing_is_named(shelf: Path, packages: InstalledPackages) -> None:
    with pytest.raises(BadPackage, match=r"1\.0: it needs the plugin 'acme-bells' >=1, which is not installed"):
        await market(shelf, packages).choose("acme-chimes")


def chosen(*choices: PluginFacts, installed: tuple[PluginFacts, ...] = (), platform: str = "1.5") -> str:
    return newest(
        [(each, each.version) for each in choices], "acme-bells", platform, {each.id: each for each in installed}
    )


def bells(version: str, requires: str = "") -> PluginFacts:
    return facts_of("acme-bells", version, requires=requires)


def test_the_newest_version_that_fits_is_chosen() -> None:
    assert chosen(bells("1.0"), bells("1.10"), bells("1.9")) == "1.10"
    assert chosen(bells("1.0", ">=1,<2"), bells("2.0", ">=2")) == "1.0", "the other is for a later Weftline"
    assert chosen(bells("1.0"), bells("2.0rc1")) == "1.0", "what is not released yet is taken by its name only"
    chimes = facts_of("acme-chimes", needs={"acme-bells": "<2"})
    assert chosen(bells("1.0"), bells("2.0"), installed=(chimes,)) == "1.0"


def test_every_conflict_is_named_with_its_version() -> None:
    chimes = facts_of("acme-chimes", needs={"acme-bells": "<2"})
    with pytest.raises(BadPackage) as caught:
        chosen(bells("1.0", ">=2"), bells("2.0"), bells("3.0", ">=9"), installed=(chimes,))
    told = str(caught.value)
    assert "3.0: it is for Weftline >=9; this is 1.5" in told
    assert "2.0: 'acme-chimes', which is installed, needs 'acme-bells' <2" in told
    assert "1.0: it is for Weftline >=2; this is 1.5" in told


def test_a_dependency_of_another_version_is_named() -> None:
    needing = facts_of("acme-chimes", needs={"acme-bells": ">=2"})
    assert why_unfit(needing, "1.0", {"acme-bells": bells("1.4")}) == "it needs 'acme-bells' >=2; installed is 1.4"
    assert why_unfit(needing, "1.0", {"acme-bells": bells("2.4")}) is None


def _payload(change: Callable[[dict[str, object]], None]) -> Callable[[dict[str, str]], None]:
    def changed(envelope: dict[str, str]) -> None:
        told = json.loads(base64.urlsafe_b64decode(envelope["payload"] + "=="))
        change(told)
        envelope["payload"] = base64.urlsafe_b64encode(json.dumps(told).encode()).rstrip(b"=").decode()

    return changed


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_payload(lambda told: told.update(plugins=[])), "none of the trusted keys"),
        (lambda envelope: envelope.update(signature=envelope["signature"][::-1]), "none of the trusted keys"),
        (lambda envelope: envelope.update(signature=""), "none of the trusted keys"),
        (lambda envelope: envelope.pop("signature"), "no index of plugins"),
        (lambda envelope: envelope.update(protected="e30"), "no index of plugins"),
    ],
    ids=["other plugins", "other signature", "empty signature", "no signature", "other header"],
)
def test_an_index_that_was_tampered_with_is_refused(
    shelf: Path, change: Callable[[dict[str, str]], None], says: str
) -> None:
    envelope = json.loads((shelf / "index.json").read_bytes())
    change(envelope)
    with pytest.raises(BadPackage, match=says):
        read_index(json.dumps(envelope).encode(), TRUSTED)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"payload": 1}', b"\xff\xfe"])
def test_junk_is_no_index(content: bytes) -> None:
    with pytest.raises(BadPackage, match="no index of plugins"):
        read_index(content, TRUSTED)


def test_an_index_of_somebody_else_is_refused(shelf: Path) -> None:
    content = write_index(entries_of(shelf, TRUSTED), Ed25519PrivateKey.generate(), NOW)
    with pytest.raises(BadPackage, match="none of the trusted keys"):
        read_index(content, TRUSTED)
    with pytest.raises(BadPackage, match="none of the trusted keys"):
        read_index((shelf / "index.json").read_bytes(), ())


@pytest.mark.parametrize(
    "location",
    ["../elsewhere.weftplugin", "/etc/passwd", "http://example.com/x", "ftp://example.com/x", "file:///etc/passwd", ""],
)
def test_a_package_lies_beside_the_index_or_at_an_https_address(location: str) -> None:
    content = write_index([IndexEntry(bells("1.0"), location, "0" * 64, 10)], KEY, NOW)
    with pytest.raises(BadPackage, match="at no https address, nor beside the index"):
        read_index(content, TRUSTED)


async def test_an_older_index_is_refused_once_a_newer_one_was_seen(shelf: Path, packages: InstalledPackages) -> None:
    older = (shelf / "index.json").read_bytes()
    await market(shelf, packages).index()
    indexed(shelf, NOW + timedelta(days=1))
    await market(shelf, packages).index()
    (shelf / "index.json").write_bytes(older)
    with pytest.raises(BadPackage, match=r"was made at 2026-05-04.* and one of 2026-05-05.* was seen before"):
        await market(shelf, packages).index()


async def test_a_package_that_was_exchanged_is_refused(shelf: Path, packages: InstalledPackages) -> None:
    each = market(shelf, packages)
    entry = await each.choose("acme-bells", "1.0")
    file = shelf / entry.location
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(BadPackage, match="is not the one that the index says"):
        await each.fetch(entry)
    file.write_bytes(bytes(content) * 2)
    with pytest.raises(BadPackage, match="is larger than"):
        await each.fetch(entry)
    file.unlink()
    with pytest.raises(BadPackage, match="No such file"):
        await each.fetch(entry)


async def test_an_index_that_says_other_things_than_the_package_is_refused(
    shelf: Path, packages: InstalledPackages
) -> None:
    entries = entries_of(shelf, TRUSTED)
    harmless = [
        IndexEntry(
            PluginFacts(each.facts.id, each.facts.name, each.facts.version), each.location, each.sha256, each.size
        )
        for each in entries
    ]
    indexed(shelf, entries=harmless)
    each = market(shelf, packages)
    with pytest.raises(BadPackage, match="says other things than the index"):
        await each.fetch(await each.choose("acme-bells"))


def test_what_is_not_signed_or_there_twice_cannot_be_indexed(shelf: Path) -> None:
    packed(shelf / "more", facts_of("acme-gongs"), key=None)
    with pytest.raises(BadPackage, match=r"acme-gongs-1\.0\.weftplugin cannot be in an index: nobody has signed it"):
        entries_of(shelf, TRUSTED)
    packed(shelf / "more", facts_of("acme-gongs"))
    packed(shelf / "again", facts_of("acme-gongs"))
    with pytest.raises(BadPackage, match=r"are both version 1\.0 of 'acme-gongs'"):
        entries_of(shelf, TRUSTED)


class Shop:
    """An https server with files, which can also misbehave."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.redirects: dict[str, str] = {}
        self.endless: set[str] = set()
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        path = head.split()[1].decode()
        file = self.place / path.lstrip("/")
        if path in self.redirects:
            writer.write(
                f"HTTP/1.1 302 Found\r\nLocation: {self.redirects[path]}\r\nContent-Length: 0\r\n\r\n".encode()
            )
        elif path in self.endless:
            writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
            try:
                while True:
                    writer.write(b"x" * 65_536)
                    await writer.drain()
            except ConnectionError:
                pass
        elif file.is_file():
            content = file.read_bytes()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(content) + content)
        else:
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        writer.close()


@pytest.fixture
async def shop(shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shop]:
    certificate = make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))
    each = Shop(shelf)
    server = await asyncio.start_server(each.serve, "127.0.0.1", 0, ssl=certificate.server)
    each.url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield each


async def test_an_index_and_its_packages_are_read_over_https(shop: Shop, packages: InstalledPackages) -> None:
    each = market(f"{shop.url}/index.json", packages)
    shop.redirects["/moved.json"] = "/index.json"
    assert (await market(f"{shop.url}/moved.json", packages).index()).entries
    assert (await each.fetch(await each.choose("acme-bells"))).facts.version == "1.2"
    with pytest.raises(BadPackage, match=r"nothing\.json cannot be read: 127\.0\.0\.1 answered 404"):
        await market(f"{shop.url}/nothing.json", packages).index()


async def test_no_redirect_leads_elsewhere_than_to_https(shop: Shop, packages: InstalledPackages) -> None:
    shop.redirects["/index.json"] = "http://localhost:1/index.json"
    with pytest.raises(BadPackage, match=r"redirects to http://localhost:1/index\.json, which is no https address"):
        await market(f"{shop.url}/index.json", packages).index()
    shop.redirects["/index.json"] = "/index.json"
    with pytest.raises(BadPackage, match="redirects more than 5 times"):
        await market(f"{shop.url}/index.json", packages).index()


async def test_a_server_that_never_ends_is_read_no_further_than_it_may_go(
    shop: Shop, packages: InstalledPackages
) -> None:
    each = market(f"{shop.url}/index.json", packages)
    entry = await each.choose("acme-bells", "1.0")
    shop.endless |= {"/index.json", f"/{entry.location}"}
    with pytest.raises(BadPackage, match="larger than it may be"):
        await each.index()
    with pytest.raises(BadPackage, match="larger than it may be"):
        await each.fetch(entry)


async def test_a_server_that_is_not_there_or_not_trusted_is_told(
    shop: Shop, packages: InstalledPackages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(BadPackage, match=r"cannot be read: .*certificate"):
        await market(f"{shop.url}/index.json", packages).index()
    with pytest.raises(BadPackage, match="cannot be read"):
        await market("https://127.0.0.1:1/index.json", packages).index()
