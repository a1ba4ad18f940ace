"""Signatures of packages and of the index: Ed25519, by keys that the operator trusts."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from weftline.plugins.facts import BadPackage


def public_text(key: Ed25519PrivateKey) -> str:
    """Base64 of a key's public half, as the setting takes it."""
    return b64encode(key.public_key().public_bytes_raw()).decode()


def signer_of(text: bytes, signature: bytes, trusted: Iterable[str]) -> str:
    """Which of the trusted keys signed a text.

    Args:
        text: as it was signed.
        signature: 64 bytes.
        trusted: base64 of public keys.

    Raises:
        BadPackage: none of them did.
    """
    for key in trusted:
        try:
            Ed25519PublicKey.from_public_bytes(b64decode(key)).verify(signature, text)
        except InvalidSignature:
            continue
        return key
    raise BadPackage("its signature is by none of the trusted keys (WEFT_PLUGIN_KEYS), or it was changed")
