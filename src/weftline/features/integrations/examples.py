"""Examples for the OpenAPI document."""

from __future__ import annotations

from typing import Any

INTEGRATION = "slack"
ACTION = "sendMessage"
ID = "0195f3a0-7c1e-7d2a-9f6b-3a1c5e8d4d01"
_MADE = "2026-03-01T09:00:00Z"

_TEXT: dict[str, Any] = {
    "type": "object",
    "properties": {"channel": {"type": "string"}, "text": {"type": "string"}},
    "required": ["channel", "text"],
}
_SENT: dict[str, Any] = {"type": "object", "properties": {"ts": {"type": "string"}}}

ACTION_OUT: dict[str, Any] = {
    "id": f"{INTEGRATION}.{ACTION}",
    "integrationId": INTEGRATION,
    "name": ACTION,
    "displayName": "Send a message",
    "description": "Send a message to a channel.",
    "tags": [],
    "method": None,
    "endpoint": None,
    "inputSchema": _TEXT,
    "outputSchema": _SENT,
    "compensate": None,
    "example": {"channel": "#orders", "text": "Order 4711 is paid"},
}
FOUND: dict[str, Any] = {**ACTION_OUT, "inputSchema": None, "outputSchema": None, "example": None}

LISTED: dict[str, Any] = {
    "id": INTEGRATION,
    "name": INTEGRATION,
    "displayName": "Slack",
    "description": "Messages to channels.",
    "category": "messaging",
    "icon": "slack",
    "logoUrl": None,
    "docsUrl": "https://api.slack.com",
    "authType": "BEARER",
    "authTypes": ["BEARER"],
    "needsConnection": True,
    "isBuiltIn": True,
    "actionCount": 1,
    "triggerCount": 0,
    "connectionCount": 1,
    "connectionStatus": "READY",
}
WHOLE: dict[str, Any] = {
    **LISTED,
    "auth": [
        {
            "type": "BEARER",
            "title": "Bot token",
            "credentialsSchema": {
                "type": "object",
                "properties": {"token": {"type": "string", "title": "Token"}},
                "required": ["token"],
            },
            "grants": [],
            "scopes": [],
        }
    ],
    "configSchema": {"type": "object", "additionalProperties": False},
    "baseUrl": "https://slack.com/api",
    "actions": [ACTION_OUT],
    "triggers": [],
}

NEW: dict[str, Any] = {
    "integrationId": INTEGRATION,
    "name": "team-chat",
    "authType": "BEARER",
    "credentials": {"token": "correct horse battery staple"},
    "limits": {"ratePerMinute": 60},
}
CHANGE: dict[str, Any] = {"credentials": {"token": "another horse battery staple"}}

CONNECTION: dict[str, Any] = {
    "id": ID,
    "tenantId": "00000000-0000-7000-8000-000000000001",
    "userId": None,
    "integrationId": INTEGRATION,
    "name": "team-chat",
    "authType": "BEARER",
    "config": {},
    "scopes": [],
    "isDefault": False,
    "isActive": True,
    "hasCredentials": True,
    "hasTokens": False,
    "tokenExpiresAt": None,
    "status": "READY",
    "statusDetail": "Signed in as weftline.",
    "testedAt": _MADE,
    "lastUse": {
        "at": "2026-02-11T14:30:00Z",
        "workflowId": "tell-of-orders",
        "executionId": "0195f3a0-7c1e-7d2a-9f6b-3a1c5e8d4b21",
    },
    "breaker": {"state": "CLOSED", "failures": 0, "openedAt": None, "retryAt": None, "lastError": None},
    "limits": {
        "timeoutSeconds": 30,
        "ratePerMinute": 60,
        "maxConcurrent": None,
        "breakerFailures": 5,
        "breakerSeconds": 30,
        "retry": None,
    },
    "createdBy": "ada@example.com",
    "createdAt": _MADE,
    "updatedAt": _MADE,
}
DISABLED: dict[str, Any] = {**CONNECTION, "isActive": False}
DISCONNECTED: dict[str, Any] = {
    **CONNECTION,
    "authType": "OAUTH2",
    "status": "UNAUTHORIZED",
    "statusDetail": "Disconnected: authorize the connection to use it again.",
}
AUTHORIZATION: dict[str, Any] = {
    "authorizationUrl": "https://login.example.com/authorize?response_type=code&client_id=weftline&state=AZXz",
    "expiresAt": "2026-03-01T09:10:00Z",
}
