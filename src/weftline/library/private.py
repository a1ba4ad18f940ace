"""What must not leave a tenant with a definition that it publishes: credentials, and what names its people and things.

Nothing that is found is repeated in what is said about it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple, cast

from weftline.language.json_values import pointer

_SECRET_NAME = re.compile(
    r"(?:^|[-_.])(?:password|passwd|passphrase|secret|client-?secret|token|access-?token|refresh-?token|api-?key|"
    r"private-?key|authorization|proxy-authorization|cookie|x-api-key)$"
)
"""Names of fields and headers, in small letters with words parted by hyphens, that hold credentials."""

_CREDENTIALS = (
    # PEM (RFC 7468)
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-{5}"), "a private key"),
    # JSON Web Tokens (RFC 7519): a header and claims, both JSON objects, in base64url
    (re.compile(r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]+"), "a token"),
    # authorization headers (RFC 7617, RFC 6750)
    (re.compile(r"\b(?:Basic|Bearer)\s+[\w.~+/=-]{8,}", re.IGNORECASE), "credentials"),
    # user information in an address (RFC 3986, section 3.2.1)
    (re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s/@:$]+:[^\s/@$]+@", re.IGNORECASE), "an address with a password"),
    # the prefixes by which GitHub, GitLab, Slack, Stripe, AWS, Google, npm and PyPI let their tokens be recognised
    (
        re.compile(
            r"\b(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{20,}|xox[abeoprs]-[\w-]{10,}|xapp-[\w-]{10,}|"
            r"[rs]k_(?:live|test)_\w{16,}|A(?:KIA|SIA)[A-Z0-9]{16}|AIza[\w-]{35}|npm_\w{36}|pypi-[\w-]{40,})"
        ),
        "a token",
    ),
)

_ID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE)
_WORD_BREAK = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[_\s]")
_JOINED_BEFORE, _JOINED_AFTER = re.compile(r"[\w.+-]"), re.compile(r"[\w-]")
_READ = re.compile(r"\$\{|^vars\.\w+$")
"""Text that names where a value comes from, and is not the value."""


class Finding(NamedTuple):
    """Something that must not leave the tenant.

    Attributes:
        pointer: JSON pointer to where it stands.
        code: ``credential``, ``private_id`` or ``private_text``.
        message: what it is.
        hint: what to do instead.
    """

    pointer: str
    code: str
    message: str
    hint: str


def credentials_in(value: Any, at: tuple[str | int, ...] = ()) -> Iterator[Finding]:
    """Text that is a credential by how it looks, or by the name of the field that holds it.

    Args:
        value: JSON.
        at: where it stands.
    """
    hint = "Put it into a connection or a variable of type SECRET, and read that."
    for place, name, text in _texts(value, at):
        kind = next((kind for pattern, kind in _CREDENTIALS if pattern.search(text)), None)
        if kind is None and name is not None and _is_secret_name(name) and text and not _READ.search(text):
            kind = f"the value of '{name}', which is a credential"
        if kind is not None:
            yield Finding(pointer(place), "credential", f"this holds {kind}", hint)


def private_in(value: Any, private: Collection[str], at: tuple[str | int, ...] = ()) -> Iterator[Finding]:
    """Text that names what is the tenant's own: ids of any kind, and what ``private`` lists.

    Args:
        value: JSON.
        private: addresses and other texts of the tenant's, as they are written or in small letters.
        at: where it stands.
    """
    known = {text.lower() for text in private if text}
    for place, _, text in _texts(value, at):
        if _ID.search(text):
            hint = "Let whoever installs it say it: by a variable, or by the workflow's input."
            yield Finding(pointer(place), "private_id", "this names something by an id that only your tenant has", hint)
        elif any(_stands_alone(each, text.lower()) for each in known):
            hint = "Let whoever installs it say it: by a variable, a group or a role."
            yield Finding(pointer(place), "private_text", "this names somebody or something of your tenant", hint)


def _stands_alone(part: str, text: str) -> bool:
    """Whether a text holds another that is no piece of a longer word or address."""
    at = text.find(part)
    while at >= 0:
        if not _JOINED_BEFORE.match(text[at - 1 : at]) and not _JOINED_AFTER.match(text[at + len(part) :]):
            return True
        at = text.find(part, at + 1)
    return False


def _is_secret_name(name: str) -> bool:
    return _SECRET_NAME.search(_WORD_BREAK.sub("-", name).lower()) is not None


def _texts(
    value: Any, at: tuple[str | int, ...], name: str | None = None
) -> Iterator[tuple[tuple[str | int, ...], str | None, str]]:
    """Every text in a value, and every key, with its place and the name of the field that holds it."""
    if isinstance(value, str):
        yield at, name, value
    elif isinstance(value, dict):
        for key, inner in cast("dict[str, Any]", value).items():
            yield (*at, key), None, key
            yield from _texts(inner, (*at, key), key)
    elif isinstance(value, list):
        for number, inner in enumerate(cast("list[Any]", value)):
            yield from _texts(inner, (*at, number), name)
