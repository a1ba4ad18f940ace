"""How a document's system lets people in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urljoin

from weftline.authoring.integrations.auth import (
    BASIC,
    BEARER,
    MUTUAL_TLS,
    NO_AUTH,
    ApiKey,
    Auth,
    GrantType,
    KeyPart,
    OAuth2,
)
from weftline.openapi.bounds import MAX_HINT, MAX_TITLE
from weftline.openapi.document import Document, below, line, mapping, prose, sequence

METHODS = ("get", "put", "post", "delete", "options", "head", "patch")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_TAKEN_HEADERS = frozenset({"host", "connection", "content-length", "transfer-encoding"})
_PLACES = ("header", "query", "cookie")
_GRANTS: dict[str, GrantType] = {
    "authorizationCode": "authorization_code",
    "clientCredentials": "client_credentials",
    "accessCode": "authorization_code",
    "application": "client_credentials",
}


@dataclass(frozen=True, slots=True)
class Security:
    """How one gets in.

    Attributes:
        auth: the ways, the usual one first; at least one.
        parameters: place and name of what the connection adds by itself, the name of headers in small letters.
    """

    auth: tuple[Auth, ...]
    parameters: frozenset[tuple[str, str]]


def find_security(document: Document, base_url: str) -> Security:
    """How a document's system lets people in.

    Args:
        document: the document.
        base_url: to which relative addresses belong.
    """
    place = "/securityDefinitions" if document.is_swagger else "/components/securitySchemes"
    schemes = mapping(document.find(place))
    requirements = list(_requirements(document))
    found: dict[str, Auth] = {}
    for name, value in schemes.items():
        scheme, at = document.resolve(value, below(place, name))
        if scheme is not None:
            auth = _auth(document, scheme, at, base_url)
            if auth is not None:
                found[name] = auth
    ways: dict[str, Auth] = {}
    for requirement in [*requirements, *([each] for each in found)]:
        auth = _together(document, requirement, found, place)
        if auth is None:
            continue
        if auth.type not in ways:
            ways[auth.type] = auth
        elif ways[auth.type] != auth and not _is_part(auth, ways[auth.type]):
            why = f"There is another way to sign in by {auth.type.lower().replace('_', ' ')}, and a connection has one."
            document.notes.add(below(place, requirement[0]), "a way of signing in", why)
    oauth2 = ways.get("OAUTH2")
    if isinstance(oauth2, OAuth2):
        ways["OAUTH2"] = replace(
            oauth2, scopes=tuple(_scopes(document, [n for n, a in found.items() if a.type == "OAUTH2"]))
        )
    if not ways or _is_open(document):
        ways["NONE"] = NO_AUTH
    keys = [auth for auth in found.values() if isinstance(auth, ApiKey)]
    return Security(tuple(ways.values()), frozenset((key.place, _folded(key.place, key.name)) for key in keys))


def _folded(place: str, name: str) -> str:
    return name.lower() if place == "header" else name


def _auth(document: Document, scheme: dict[str, Any], place: str, base_url: str) -> Auth | None:
    """A scheme as a way of signing in; None, and noted, where it can be none."""
    title = line(scheme.get("description"), MAX_TITLE) or None
    match scheme.get("type"):
        case "apiKey":
            return _api_key(document, scheme, place)
        case "basic":
            return BASIC
        case "http":
            match str(scheme.get("scheme", "")).lower():
                case "basic":
                    return replace(BASIC, title=title)
                case "bearer":
                    return replace(BEARER, title=title)
                case other:
                    why = f"Nothing here signs in by HTTP's '{other[:40]}'."
                    document.notes.add(place, "a way of signing in", why)
                    return None
        case "oauth2":
            return _oauth2(document, scheme, place, base_url)
        case "mutualTLS":
            return replace(MUTUAL_TLS, title=title)
        case "openIdConnect":
            why = "OpenID Connect is not followed; its access tokens can be entered as bearer tokens."
            document.notes.add(place, "a way of signing in", why)
            return replace(BEARER, title="Access token")
        case other:
            document.notes.add(place, "a way of signing in", f"There is no kind '{str(other)[:40]}'.")
            return None


def _api_key(document: Document, scheme: dict[str, Any], place: str) -> ApiKey | None:
    where, name = scheme.get("in"), scheme.get("name")
    if where not in _PLACES or not isinstance(name, str) or not name:
        document.notes.add(place, "a way of signing in", "A key has a name and is in 'header', 'query' or 'cookie'.")
        return None
    if where != "query" and (_HEADER.fullmatch(name) is None or name.lower() in _TAKEN_HEADERS):
        document.notes.add(place, "a way of signing in", f"There is no {where} '{name[:60]}'.")
        return None
    hint = prose(scheme.get("description"), MAX_HINT)
    return ApiKey(place=where, name=name, credentials=_keys({"apiKey": (name, hint)}))


def _keys(titles: dict[str, tuple[str, str]]) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    for name, (title, hint) in titles.items():
        properties[name] = {"type": "string", "title": title, "minLength": 1}
        if hint:
            properties[name]["description"] = hint
    return {"type": "object", "additionalProperties": False, "required": list(titles), "properties": properties}


def _oauth2(document: Document, scheme: dict[str, Any], place: str, base_url: str) -> Auth:
    flows = {str(scheme.get("flow")): scheme} if document.is_swagger else mapping(scheme.get("flows"))
    grants: list[GrantType] = []
    token_url: str | None = None
    authorization_url: str | None = None
    # the one with people first: its token endpoint is the more particular
    for flow in sorted(flows, key=lambda each: _GRANTS.get(each) != "authorization_code"):
        at = place if document.is_swagger else below(place, "flows", flow)
        grant = _GRANTS.get(flow)
        if grant is None:
            if not flow.startswith("x-"):
                document.notes.add(
                    at, "a way of signing in", f"OAuth 2.0's flow '{flow[:40]}' is no longer safe to use."
                )
            continue
        given = mapping(flows[flow])
        token = _address(given.get("tokenUrl"), base_url)
        allow = _address(given.get("authorizationUrl"), base_url)
        if token is None or (grant == "authorization_code" and allow is None):
            document.notes.add(at, "a way of signing in", "An address of OAuth 2.0 is missing or none.")
            continue
        if token_url is not None and token != token_url:
            document.notes.add(
                at, "a way of signing in", "Its tokens come from elsewhere than those of the other flow."
            )
            continue
        token_url = token
        authorization_url = allow if grant == "authorization_code" else authorization_url
        grants.append(grant)
    if token_url is None:
        # whoever has an access token from elsewhere can enter it
        return replace(BEARER, title="Access token")
    return OAuth2(grants=tuple(grants), authorization_url=authorization_url, token_url=token_url)


def _address(value: Any, base_url: str) -> str | None:
    if not isinstance(value, str) or not value.strip():
        return None
    value = value.strip()
    if value.lower().startswith(("https://", "http://")):
        return value
    if value.startswith("/"):
        root = base_url if base_url.startswith("{") else urljoin(base_url, "/")
        return f"{root.rstrip('/')}{value}"
    return None


def _requirements(document: Document) -> Iterator[list[str]]:
    """Names of schemes that are asked for together: the document's, then those of single operations."""
    yield from _named(document.root.get("security"))
    for item in mapping(document.root.get("paths")).values():
        for method in METHODS:
            yield from _named(mapping(mapping(item).get(method)).get("security"))


def _named(security: Any) -> Iterator[list[str]]:
    for each in sequence(security):
        names = list(mapping(each))
        if names:
            yield names


def _scopes(document: Document, names: list[str]) -> Iterator[str]:
    """The scopes that the document's operations ask for, each once."""
    seen: set[str] = set()
    places: list[Any] = [document.root.get("security")]
    for item in mapping(document.root.get("paths")).values():
        places += [mapping(mapping(item).get(method)).get("security") for method in METHODS]
    for security in places:
        for each in sequence(security):
            for name in names:
                for scope in sequence(mapping(each).get(name)):
                    if isinstance(scope, str) and scope and scope not in seen and len(seen) < 200:
                        seen.add(scope)
                        yield scope


def _is_open(document: Document) -> bool:
    """Whether something can be called without signing in."""
    if any(each == {} for each in sequence(document.root.get("security"))):
        return True
    is_closed = bool(sequence(document.root.get("security")))
    for item in mapping(document.root.get("paths")).values():
        for method in METHODS:
            operation = mapping(item).get(method)
            if isinstance(operation, dict):
                asked = mapping(operation).get("security")
                if asked is None and not is_closed:
                    return True
                if isinstance(asked, list) and (not asked or {} in asked):
                    return True
    return False


def _together(document: Document, names: list[str], found: dict[str, Auth], place: str) -> Auth | None:
    """One way of signing in for schemes that are asked for together."""
    known = [(name, found[name]) for name in names if name in found]
    if not known:
        return None
    first = known[0][1]
    if len(known) == 1:
        return first
    if all(isinstance(auth, ApiKey) for _, auth in known):
        return _several_keys([(name, auth) for name, auth in known if isinstance(auth, ApiKey)])
    # a key beside another way: the key is what a connection would lack
    main = next((auth for _, auth in known if not isinstance(auth, ApiKey)), first)
    for name, auth in known:
        if auth is not main:
            why = "It is asked for beside another way of signing in, and a connection has one."
            document.notes.add(below(place, name), "a way of signing in", why)
    return main


def _several_keys(keys: list[tuple[str, ApiKey]]) -> ApiKey:
    (_, first), *others = keys
    titles = {"apiKey": _title(first)}
    further: list[KeyPart] = []
    for name, key in others:
        credential = re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_") or "key"
        while credential in titles or credential in ("name", "place"):
            credential += "_"
        titles[credential] = _title(key)
        further.append(KeyPart(credential, key.place, key.name))
    return replace(first, further=tuple(further), credentials=_keys(titles))


def _title(key: ApiKey) -> tuple[str, str]:
    schema = key.credentials["properties"]["apiKey"]
    return schema["title"], schema.get("description", "")


def _is_part(one: Auth, other: Auth) -> bool:
    """Whether a key goes along with another way already."""
    if not isinstance(one, ApiKey) or not isinstance(other, ApiKey):
        return False
    places = {(other.place, other.name), *((each.place, each.name) for each in other.further)}
    return (one.place, one.name) in places
