"""Trying a connection: whether its credentials get in."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from weftline.authoring.errors import ActionError
from weftline.authoring.integrations import Auth, OpenedConnection
from weftline.authoring.integrations.opened import UNAUTHORIZED
from weftline.features.integrations.directory import KnownIntegration
from weftline.features.integrations.models import ConnectionStatus
from weftline.features.mail.text import one_line
from weftline.model.masking import Masker

log = structlog.get_logger(__name__)

TEST_SECONDS = 20.0
"""That a test may take."""

MAX_DETAIL = 500
"""Characters of what is told of a test."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of a test.

    Attributes:
        status: what the connection is now.
        detail: as whom it got in, or why it did not; a sentence.
    """

    status: ConnectionStatus
    detail: str | None = None


async def attempt(known: KnownIntegration, opened: OpenedConnection) -> Trial:
    """Try a connection, and close what it opened. Whatever goes wrong is told by the outcome, without secrets."""
    try:
        if known.tester is None:
            return Trial("UNTESTED", None)
        async with asyncio.timeout(TEST_SECONDS):
            who = await known.tester(opened)
        return Trial("READY", None if who is None else _told(f"Signed in as {who}.", opened.auth, opened.credentials))
    except ActionError as error:
        return refused(error, opened.auth, opened.credentials)
    except TimeoutError:
        return Trial("FAILING", f"No answer within {TEST_SECONDS:g} s.")
    except Exception as error:
        # what an integration's author got wrong must not keep anybody from saving what they entered
        log.exception("the test of a connection failed", integration=known.name)
        return Trial("FAILING", f"The test itself failed: {type(error).__name__}.")
    finally:
        await opened.resources.close()


def refused(error: ActionError, auth: Auth, credentials: Mapping[str, Any]) -> Trial:
    """What an error says of the connection that it came of."""
    return Trial("UNAUTHORIZED" if error.code == UNAUTHORIZED else "FAILING", _told(error.message, auth, credentials))


def _told(text: str, auth: Auth, credentials: Mapping[str, Any]) -> str:
    return one_line(Masker(auth.secrets(credentials)).text(text), MAX_DETAIL)
