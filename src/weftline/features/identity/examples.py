"""Examples for the OpenAPI document."""

from __future__ import annotations

from typing import Any

TENANT: dict[str, Any] = {"id": "00000000-0000-7000-8000-000000000001", "slug": "default", "name": "Default"}
LOGIN: dict[str, Any] = {"email": "ada@example.com", "password": "correct horse battery staple"}
TOKENS: dict[str, Any] = {
    "accessToken": "eyJhbGciOiJFZERTQSIs…",
    "refreshToken": "wr_k2T0zqXv…",
    "tokenType": "Bearer",
    "expiresIn": 600,
    "tenant": TENANT,
}
REFRESH: dict[str, Any] = {"refreshToken": "wr_k2T0zqXv…"}
ME: dict[str, Any] = {
    "id": "0195f3a0-7c1e-7d2a-9f6b-3a1c5e8d4b21",
    "email": "ada@example.com",
    "name": "Ada Lovelace",
    "tenant": TENANT,
    "roles": ["author"],
    "permissions": ["workflow:read", "workflow:write"],
    "methods": ["pwd"],
    "isPlatformOperator": False,
}
JWKS: dict[str, Any] = {
    "keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKx…", "kid": "0195f3a0-…", "use": "sig", "alg": "EdDSA"}]
}
