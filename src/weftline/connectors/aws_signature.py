"""Signature Version 4 of AWS, which everything that speaks S3 asks for.

https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs requests.

    Attributes:
        key_id, secret: the access key.
        region, service: for which.
        token: of a temporary key.
    """

    key_id: str
    secret: str
    region: str
    service: str = "s3"
    token: str | None = None

    def headers(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        content: bytes,
        now: datetime,
    ) -> dict[str, str]:
        """The headers to send with a request, among them its signature.

        Args:
            method: in capitals.
            path: percent-encoded, with its slash.
            query: parameters, decoded.
            headers: to be signed, among them ``host``; in lower case.
            content: the body.
            now: in UTC.
        """
        digest = hashlib.sha256(content).hexdigest()
        signed = {**headers, "x-amz-content-sha256": digest, "x-amz-date": _stamp(now)}
        if self.token is not None:
            signed["x-amz-security-token"] = self.token
        names, signature = self._signature(method, path, query, signed, digest, now)
        credential = f"Credential={self.key_id}/{self._scope(now)}"
        return {**signed, "authorization": f"{ALGORITHM} {credential},SignedHeaders={names},Signature={signature}"}

    def query(
        self, method: str, path: str, query: Mapping[str, str], host: str, seconds: int, now: datetime
    ) -> dict[str, str]:
        """The parameters of an address that is signed itself, for whoever gets it.

        Args:
            method, path, query: of the request.
            host: of the address, with its port where that is not the usual one.
            seconds: how long it can be used.
            now: in UTC.
        """
        signed = {
            **query,
            "X-Amz-Algorithm": ALGORITHM,
            "X-Amz-Credential": f"{self.key_id}/{self._scope(now)}",
            "X-Amz-Date": _stamp(now),
            "X-Amz-Expires": str(seconds),
            "X-Amz-SignedHeaders": "host",
        }
        if self.token is not None:
            signed["X-Amz-Security-Token"] = self.token
        _, signature = self._signature(method, path, signed, {"host": host}, UNSIGNED, now)
        return {**signed, "X-Amz-Signature": signature}

    def _scope(self, now: datetime) -> str:
        return f"{now:%Y%m%d}/{self.region}/{self.service}/aws4_request"

    def _signature(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        digest: str,
        now: datetime,
    ) -> tuple[str, str]:
        names = ";".join(sorted(headers))
        lines = [f"{name}:{' '.join(headers[name].split())}" for name in sorted(headers)]
        canonical = "\n".join([method, path, canonical_query(query), *lines, "", names, digest])
        hashed = hashlib.sha256(canonical.encode()).hexdigest()
        text = "\n".join([ALGORITHM, _stamp(now), self._scope(now), hashed])
        key = f"AWS4{self.secret}".encode()
        for part in (f"{now:%Y%m%d}", self.region, self.service, "aws4_request"):
            key = _hmac(key, part)
        return names, _hmac(key, text).hex()


def canonical_query(query: Mapping[str, str]) -> str:
    """Parameters in the order and the encoding that are signed."""
    pairs = sorted((quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in query.items())
    return "&".join(f"{name}={value}" for name, value in pairs)


def canonical_path(*parts: str) -> str:
    """A path of which each part may hold slashes, as it is signed and sent."""
    return "/" + "/".join(quote(part, safe="/-_.~") for part in parts)


def _stamp(now: datetime) -> str:
    return f"{now:%Y%m%dT%H%M%SZ}"


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
