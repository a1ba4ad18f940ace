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
    "deviceToken": "wd_p9aX3mQe…",
}
REFRESH: dict[str, Any] = {"refreshToken": "wr_k2T0zqXv…"}
ME: dict[str, Any] = {
    "id": "0195f3a0-7c1e-7d2a-9f6b-3a1c5e8d4b21",
    "email": "ada@example.com",
    "name": "Ada Lovelace",
    "tenant": TENANT,
    "roles": ["author"],
    "permissions": ["workflow:read", "workflow:write"],
    "permissionsOnWorkflows": ["execution:start"],
    "methods": ["pwd"],
    "isPlatformOperator": False,
    "isEmailVerified": True,
    "language": "en",
    "timeZone": "Europe/London",
    "preferences": {"notifications": {"signIns": True, "tasks": True, "escalations": True}, "theme": "system"},
}
JWKS: dict[str, Any] = {
    "keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKx…", "kid": "0195f3a0-…", "use": "sig", "alg": "EdDSA"}]
}

MAILED_TOKEN: dict[str, Any] = {"token": "wt_Jf3Qk…"}
ADDRESS: dict[str, Any] = {"email": "ada@example.com"}
MAIL_ON_ITS_WAY: dict[str, Any] = {"message": "If there is something to send to this address, a message is on its way."}
REGISTER: dict[str, Any] = {**LOGIN, "name": "Ada Lovelace"}
VERIFIED: dict[str, Any] = {**ADDRESS, "hasPassword": True}
ACCEPT: dict[str, Any] = {**MAILED_TOKEN, "name": "Ada Lovelace", "password": "correct horse battery staple"}
ACCEPTED: dict[str, Any] = {**ADDRESS, "tenant": TENANT}
CHANGE_PASSWORD: dict[str, Any] = {
    "currentPassword": "correct horse battery staple",
    "newPassword": "seven lazy otters juggle",
}
RESET_PASSWORD: dict[str, Any] = {**MAILED_TOKEN, "newPassword": "seven lazy otters juggle"}

PROFILE: dict[str, Any] = {
    "name": "Ada King",
    "timeZone": "Europe/London",
    "preferences": {"notifications": {"tasks": False}, "theme": "dark"},
}
CHANGE_EMAIL: dict[str, Any] = {"newEmail": "ada@example.org", "password": "correct horse battery staple"}
SESSION: dict[str, Any] = {
    "id": "0195f3a0-9d20-7b11-8c3e-52d1f0a7c6e9",
    "isCurrent": True,
    "tenant": "default",
    "address": "192.0.2.7",
    "userAgent": "Mozilla/5.0 (X11; Linux x86_64)",
    "methods": ["pwd", "otp"],
    "createdAt": "2026-03-02T08:15:00Z",
    "lastUsedAt": "2026-03-02T09:05:00Z",
    "expiresAt": "2026-04-01T08:15:00Z",
}

CODE: dict[str, Any] = {"code": "492039"}
PASSWORD: dict[str, Any] = {"password": "correct horse battery staple"}
PROOF: dict[str, Any] = {**PASSWORD, **CODE}
VERIFY_CODE: dict[str, Any] = {"mfaToken": "wt_x8Lr…", **CODE}
FACTOR: dict[str, Any] = {
    "isEnabled": True,
    "enabledAt": "2026-03-02T08:20:00Z",
    "recoveryCodesLeft": 10,
    "isRequired": False,
}
ENROLMENT: dict[str, Any] = {
    "secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
    "uri": "otpauth://totp/Weftline:ada%40example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Weftline",
    "qrCode": "data:image/svg+xml;charset=utf-8,%3Csvg…",
}
RECOVERY_CODES: dict[str, Any] = {"recoveryCodes": ["MFRG-GZDF-MZTW-Q2LK-NNWG-23TP-OBYX-E43U", "…"]}
FACTOR_ENABLED: dict[str, Any] = {**RECOVERY_CODES, "tokens": {**TOKENS, "deviceToken": None}}
RESET_FACTOR: dict[str, Any] = {"reason": "Ada showed her passport in a video call."}

SIGNING_KEY: dict[str, Any] = {
    "id": "0195f3a0-7c1e-7d2a-9f6b-3a1c5e8d4b21",
    "createdAt": "2026-03-02T08:00:00Z",
    "activeAt": "2026-03-02T08:05:00Z",
    "retiredAt": None,
}
