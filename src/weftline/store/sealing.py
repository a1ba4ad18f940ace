"""Payloads of encrypted workflows: sealed before they reach the database, and opened when they come back.

Where a workflow says ``encrypt``, whatever its executions carry is stored sealed under the tenant's key: AES-256-GCM
(NIST SP 800-38D) over the JSON text. A sealed payload stands in the same JSONB column as a plain one would, as a JSON
string where the plain one is an object. So nothing that somebody sends can be taken for one. (An output may be a string
by itself: it is sealed where its execution's input is.)

Each is sealed under a key of its execution's own, derived from the tenant's, and bound to its place there: a row that
was put into another's place does not open. Sealed are the version of the tenant's key, a nonce and the ciphertext with
its tag, in base64.
"""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64
from os import urandom
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from weftline.store.connect import keyring_of
from weftline.store.json_text import check_text, encode
from weftline.store.keyring import CannotOpen, Connection, TenantCipher
from weftline.store.vault import WrongMasterKey

if TYPE_CHECKING:
    from collections.abc import Mapping

_VERSION_BYTES, _NONCE_BYTES = 4, 12
_HEAD_BYTES = _VERSION_BYTES + _NONCE_BYTES

PREFIX = '"sealed:'
"""How the JSON text of a sealed payload begins."""

SEALED_FIELD = "$sealed"
"""Beside the code of a sealed error, which stays readable: what seals the rest of it."""


def event_place(seq: int) -> str:
    """Where the data of event ``seq`` is stored."""
    return f"event/{seq}"


def message_place(kind: str) -> str:
    """Where the payload of a message of this kind is stored."""
    return f"inbox/{kind}"


def dispatch_place(kind: str) -> str:
    """Where the payload of a dispatch of this kind is stored. It is sealed for the execution that it concerns."""
    return f"dispatch/{kind}"


def notice_place(id: UUID) -> str:
    """Where the payload of a notice is stored."""
    return f"notice/{id}"


def job_place(id: UUID) -> str:
    """Where the input of a job is stored."""
    return f"job/{id}"


def progress_place(id: UUID) -> str:
    """Where what is told of a job's progress is stored."""
    return f"job/{id}/progress"


class NotReadable(Exception):
    """A process without the tenants' keys came across a sealed payload."""

    def __init__(self) -> None:
        super().__init__("the payload is sealed, and this connection has no keys")


UNREADABLE = (CannotOpen, WrongMasterKey, NotReadable)
"""Why a sealed payload cannot be read: here and now, or ever."""


class Seal:
    """Seals and opens what is stored of one execution.

    Args:
        cipher: the tenant's.
        execution_id: whose payloads; None: what belongs to no single one.
    """

    __slots__ = ("_cipher", "_ciphers", "_label", "_version", "_version_bytes")

    def __init__(self, cipher: TenantCipher, execution_id: UUID | None) -> None:
        self._cipher = cipher
        self._label = f"weftline payloads of {execution_id}".encode()
        self._ciphers: dict[int, AESGCM] = {}
        # one version, however long the execution is in hand: the older ones go on opening
        self._version = cipher.version
        self._version_bytes = self._version.to_bytes(_VERSION_BYTES)

    def of(self, execution_id: UUID | None) -> Seal:
        """The same for another execution of the tenant."""
        return Seal(self._cipher, execution_id)

    def close(self, plain: bytes, place: str) -> str:
        """Seal a payload.

        Args:
            plain: its JSON text.
            place: where it is stored: it opens nowhere else.

        Returns:
            What is stored instead: the JSON text of a string.
        """
        nonce = urandom(_NONCE_BYTES)
        sealed = self._version_bytes + nonce + self._of(self._version).encrypt(nonce, plain, place.encode())
        return f'{PREFIX}{b2a_base64(sealed, newline=False).decode()}"'

    def close_text(self, text: str, place: str) -> str:
        """The same for JSON text of which nobody knows yet whether PostgreSQL accepts it.

        Raises:
            Unstorable: it would not.
        """
        check_text(text)
        return self.close(text.encode(), place)

    def open(self, text: str, place: str) -> bytes:
        """The JSON text of a payload, from what is stored.

        Raises:
            CannotOpen: it was not sealed for this place of this execution under the tenant's key, or was changed.
        """
        if not is_sealed(text):
            raise CannotOpen(place)
        try:
            sealed = a2b_base64(text[len(PREFIX) : -1], strict_mode=True)
            cipher = self._of(int.from_bytes(sealed[:_VERSION_BYTES]))
            return cipher.decrypt(sealed[_VERSION_BYTES:_HEAD_BYTES], sealed[_HEAD_BYTES:], place.encode())
        except (InvalidTag, ValueError):
            raise CannotOpen(place) from None

    def _of(self, version: int) -> AESGCM:
        """The execution's own cipher, of one version of the tenant's key."""
        found = self._ciphers.get(version)
        if found is None:
            found = self._ciphers[version] = self._cipher.derived(version, self._label)
        return found

    def close_value(self, value: Any, place: str) -> str:
        """The string that is stored instead of a JSON value.

        Raises:
            Unstorable: see :meth:`close_text`.
        """
        return self.close(encode(value).encode(), place)[1:-1]

    def open_value(self, stored: object, place: str) -> Any:
        """The JSON value, from what is stored.

        Raises:
            CannotOpen: see :meth:`open`.
        """
        return orjson.loads(self.open(f'"{stored}"', place))

    def close_error(self, error: Mapping[str, Any]) -> dict[str, Any]:
        """A WorkflowError's JSON of which only the code can be read."""
        return {"code": error["code"], SEALED_FIELD: self.close_value(error, "error")}

    def open_error(self, stored: Mapping[str, Any]) -> Any:
        """The error, from what :meth:`close_error` made of it.

        Raises:
            CannotOpen: see :meth:`open`.
        """
        return self.open_value(stored.get(SEALED_FIELD), "error")


def is_sealed(text: str) -> bool:
    """Whether the JSON text of a stored payload that cannot be a plain string is sealed."""
    return text.startswith(PREFIX)


def is_sealed_value(value: object) -> bool:
    """The same of a payload whose JSON text was read."""
    return isinstance(value, str) and value.startswith(PREFIX[1:])


async def seal_of(connection: Connection, tenant_id: UUID, execution_id: UUID | None) -> Seal:
    """What seals and opens the payloads of an execution.

    Args:
        connection: with the tenants' keys, in a transaction that sees the tenant's.
        tenant_id, execution_id: whose payloads; no execution: what belongs to no single one.

    Raises:
        NotReadable: the connection has no keys.
        WrongMasterKey: the tenant's keys cannot be opened here.
        StoreUnavailable: the database does not answer.
    """
    keyring = keyring_of(connection)
    if keyring is None:
        raise NotReadable
    return Seal(await keyring.cipher(connection, tenant_id), execution_id)


async def opened(
    connection: Connection, tenant_id: UUID, execution_id: UUID | None, text: str, place: str
) -> str | bytes:
    """The JSON text of a stored payload, whether it is sealed or not.

    Raises:
        CannotOpen: it was sealed for another place, or was changed.
        NotReadable, WrongMasterKey, StoreUnavailable: see :func:`seal_of`.
    """
    if not is_sealed(text):
        return text
    return (await seal_of(connection, tenant_id, execution_id)).open(text, place)
