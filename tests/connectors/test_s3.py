"""Objects are stored and read with signatures that servers accept, and links are made that let others in."""

from __future__ import annotations

import base64
import hashlib
import hmac
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import pytest

from tests.connectors.conftest import failure
from tests.connectors.server import Answer, FakeServer, Request, running
from weftline.authoring.integrations import OpenedConnection
from weftline.connectors.aws_signature import Signer
from weftline.connectors.s3 import s3, try_s3
from weftline.testing.connectors import call, connected

KEY = {"accessKeyId": "AKIAIOSFODNN7EXAMPLE", "secretAccessKey": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}


class Storage(FakeServer):
    """S3's REST API, with one bucket; signatures are checked as AWS documents them."""

    def __init__(self) -> None:
        super().__init__()
        self.objects: dict[str, tuple[bytes, dict[str, str]]] = {}

    def answer(self, request: Request) -> Answer:
        problem = self._signature_problem(request)
        if problem is not None:
            return self._error(403, problem)
        bucket, *rest = request.path.removeprefix("/").split("/", 1)
        if bucket != "shop":
            return self._error(404, "NoSuchBucket")
        from urllib.parse import unquote

        key = unquote(rest[0]) if rest else ""
        match request.method:
            case "PUT":
                kept = {name: value for name, value in request.headers.items() if name.startswith(("x-amz-meta-",))}
                self.objects[key] = (request.body, kept)
                return Answer(headers={"ETag": f'"{hashlib.md5(request.body).hexdigest()}"'})
            case "GET" if not key:
                return self._list(request)
            case "GET" | "DELETE" if request.method == "DELETE" or key in self.objects:
                if request.method == "DELETE":
                    self.objects.pop(key, None)
                    return Answer(204)
                content, kept = self.objects[key]
                headers = {**kept, "ETag": '"e"', "Content-Type": request.asked("response-content-type") or "x/y"}
                return Answer(headers=headers, text=content.decode())
            case _:
                return self._error(404, "NoSuchKey")

    def _list(self, request: Request) -> Answer:
        prefix, limit = request.asked("prefix") or "", int(request.asked("max-keys") or 1000)
        after = request.asked("continuation-token")
        keys = sorted(key for key in self.objects if key.startswith(prefix) and (after is None or key > after))
        listed = "".join(
            f"<Contents><Key>{key.replace('&', '&amp;')}</Key><LastModified>2026-01-05T09:30:00.000Z</LastModified>"
            f"<ETag>&quot;e&quot;</ETag><Size>{len(self.objects[key][0])}</Size></Contents>"
            for key in keys[:limit]
        )
        more = len(keys) > limit
        token = f"<NextContinuationToken>{keys[limit - 1]}</NextContinuationToken>" if more else ""
        body = f"<IsTruncated>{str(more).lower()}</IsTruncated>{token}{listed}"
        text = (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{body}</ListBucketResult>'
        )
        return Answer(headers={"Content-Type": "application/xml"}, text=text)

    def _error(self, status: int, code: str) -> Answer:
        text = f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code><Message>Said {code}</Message></Error>"
        return Answer(status, headers={"Content-Type": "application/xml"}, text=text)

    def _signature_problem(self, request: Request) -> str | None:
        query = {name: values[0] for name, values in request.query.items()}
        given = query.pop("X-Amz-Signature", None)
        if given is not None:
            names, credential, date = "host", query["X-Amz-Credential"], query["X-Amz-Date"]
            digest = "UNSIGNED-PAYLOAD"
        else:
            fields = dict(
                part.strip().split("=", 1) for part in request.headers["authorization"].split(" ", 1)[1].split(",")
            )
            names, credential, given = fields["SignedHeaders"], fields["Credential"], fields["Signature"]
            date, digest = request.headers["x-amz-date"], hashlib.sha256(request.body).hexdigest()
            if digest != request.headers["x-amz-content-sha256"]:
                return "XAmzContentSHA256Mismatch"
        key_id, scope = credential.split("/", 1)
        if key_id != KEY["accessKeyId"]:
            return "InvalidAccessKeyId"
        pairs = sorted(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query.items())
        head = "".join(f"{name}:{request.headers[name]}\n" for name in names.split(";"))
        canonical = f"{request.method}\n{request.path}\n{'&'.join(pairs)}\n{head}\n{names}\n{digest}"
        text = f"AWS4-HMAC-SHA256\n{date}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        secret = b"AWS4" + KEY["secretAccessKey"].encode()
        for part in scope.split("/"):
            secret = hmac.digest(secret, part.encode(), "sha256")
        is_right = hmac.digest(secret, text.encode(), "sha256").hex() == given
        return None if is_right else "SignatureDoesNotMatch"


def to(storage: Storage, **credentials: str) -> AbstractAsyncContextManager[OpenedConnection]:
    config = {"bucket": "shop", "endpoint": storage.url, "region": "eu-central-1"}
    return connected(s3, auth="CUSTOM", config=config, credentials={**KEY, **credentials})


KEYS = ["orders/17.json", "with space & +~'()*!.txt", "größe/ü.txt", "a//b", "100%.txt", "a?b#c=d"]


@pytest.mark.parametrize("key", KEYS)
async def test_an_object_is_stored_read_and_deleted(key: str) -> None:
    async with running(Storage()) as storage, to(storage) as connection:
        stored = await call(
            "s3.put", connection, key=key, content='{"ü": 1}', contentType="application/json", metadata={"order": "17"}
        )
        assert stored == {"key": key, "etag": hashlib.md5('{"ü": 1}'.encode()).hexdigest(), "size": 9}
        answer = await call("s3.get", connection, key=key)
        assert answer == {
            "content": '{"ü": 1}', "encoding": "text", "size": 9, "etag": "e", "metadata": {"order": "17"},
        }  # fmt: skip
        await call("s3.delete", connection, key=key)
        await failure(call("s3.get", connection, key=key), "not_found")
        await call("s3.delete", connection, key=key)


async def test_what_is_no_text_is_stored_as_it_is() -> None:
    async with running(Storage()) as storage, to(storage) as connection:
        content = base64.b64encode(b"\0\xff").decode()
        assert (await call("s3.put", connection, key="b", content=content, encoding="base64"))["size"] == 2
        assert storage.objects["b"][0] == b"\0\xff"


async def test_objects_are_listed_page_by_page() -> None:
    async with running(Storage()) as storage, to(storage) as connection:
        for name in ("a & b", "b", "c", "other/x"):
            await call("s3.put", connection, key=name if "/" in name else f"in it/{name}", content="123")
        first = await call("s3.list", connection, prefix="in it/", limit=2)
        assert [each["key"] for each in first["objects"]] == ["in it/a & b", "in it/b"]
        assert first["objects"][0] == {
            "key": "in it/a & b", "size": 3, "etag": "e", "modifiedAt": "2026-01-05T09:30:00.000Z",
        }  # fmt: skip
        second = await call("s3.list", connection, prefix="in it/", limit=2, after=first["next"])
        assert [each["key"] for each in second["objects"]] == ["in it/c"] and second["next"] is None


async def test_a_link_lets_others_in_for_one_thing() -> None:
    async with running(Storage()) as storage, to(storage) as connection, httpx.AsyncClient() as client:
        put = (await call("s3.presign", connection, key="a b/ü", method="PUT"))["url"]
        get = (await call("s3.presign", connection, key="a b/ü", expiresIn=60, download=True))["url"]
        assert (await client.put(put, content=b"hello")).status_code == 200
        assert (await client.get(get)).text == "hello"
        assert (await client.get(put)).status_code == 403
        assert (await client.get(get.replace("/a%20b/", "/a%20c/"))).status_code == 403
        asked = parse_qs(urlsplit(get).query)
        assert asked["X-Amz-Expires"] == ["60"] and asked["response-content-disposition"] == ["attachment"]


async def test_a_key_leads_nowhere_else() -> None:
    async with running(Storage()) as storage, to(storage) as connection:
        for key in ("../other/x", "a/../../x", ".", "a/./b"):
            await failure(call("s3.put", connection, key=key, content=""), "invalid_input")
        assert storage.requests == []


async def test_refusals_are_told_apart() -> None:
    async with running(Storage()) as storage, to(storage) as connection:
        assert await try_s3(connection) == KEY["accessKeyId"]
        for status, code, expected in (
            (403, "AccessDenied", "permission_denied"),
            (403, "ExpiredToken", "connection_unauthorized"),
            (503, "SlowDown", "rate_limited"),
            (500, "InternalError", "http_500"),
            (404, "NoSuchBucket", "not_found"),
        ):
            storage.failures.append(storage._error(status, code))
            assert code in (await failure(call("s3.get", connection, key="a"), expected)).message
        storage.failures.append(Answer(502, text="<html>no XML"))
        assert (await failure(call("s3.get", connection, key="a"), "http_502")).retryable
        bomb = '<!DOCTYPE a [<!ENTITY b "c">]><ListBucketResult>&b;</ListBucketResult>'
        storage.failures.append(Answer(text=bomb))
        await failure(call("s3.list", connection), "invalid_input")
        async with to(storage, secretAccessKey="wrong") as other:
            await failure(try_s3(other), "connection_unauthorized")
        async with to(storage, accessKeyId="wrong") as other:
            await failure(try_s3(other), "connection_unauthorized")


EXAMPLES = Signer(KEY["accessKeyId"], KEY["secretAccessKey"], "us-east-1")
AT = datetime(2013, 5, 24, tzinfo=UTC)
HOST = {"host": "examplebucket.s3.amazonaws.com"}


def test_the_examples_of_aws_have_the_signatures_that_aws_gives() -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html"""

    def signature(method: str, path: str, query: dict[str, str], headers: dict[str, str], content: bytes = b"") -> str:
        signed = EXAMPLES.headers(method, path, query, {**HOST, **headers}, content, AT)
        return signed["authorization"].rpartition("=")[2]

    assert signature("GET", "/test.txt", {}, {"range": "bytes=0-9"}) == (
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    )
    headers = {"date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"}
    assert signature("PUT", "/test%24file.text", {}, headers, b"Welcome to Amazon S3.") == (
        "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
    )
    assert signature("GET", "/", {"lifecycle": ""}, {}) == (
        "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
    )
    assert signature("GET", "/", {"max-keys": "2", "prefix": "J"}, {}) == (
        "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
    )


def test_the_link_of_aws_has_the_signature_that_aws_gives() -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html"""
    signed: dict[str, Any] = EXAMPLES.query("GET", "/test.txt", {}, HOST["host"], 86_400, AT)
    assert signed["X-Amz-Signature"] == "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
