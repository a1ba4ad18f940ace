"""Which passwords are good enough: by an estimate of how many guesses they withstand, not by rules of composition.

The estimate knows tens of thousands of leaked passwords, names and words, what keyboards and dates suggest, and the
words that belong to the person and their tenants. It takes longer the longer a password is, so it looks at the
beginning only: what is strong there is strong as a whole.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from zxcvbn import zxcvbn

from weftline.features.access.cache import AccessCache
from weftline.features.database import Database
from weftline.features.identity.errors import WeakPassword
from weftline.features.tenancy.configuration import effective

MIN_PASSWORD = 8
"""Characters (NIST SP 800-63B, section 3.1.1.2)."""

ESTIMATED = 32
"""Characters that are looked at; 72 may take three seconds."""

OWN_WORDS = ("weftline", "workflow")
"""Words of this product that make a password easy to guess; its person's and tenants' are added."""

_MIN_WORD = 3
_WORD = re.compile(r"[^\W_]+")

_PLATFORM = text("SELECT configuration FROM platform_settings")


@dataclass(frozen=True, slots=True)
class Estimate:
    """How strong a password is.

    Attributes:
        score: 0 to 4; 3 withstands 10^8 guesses, 4 withstands 10^10.
        warning: what makes it weak.
        suggestions: what would be better.
    """

    score: int
    warning: str
    suggestions: tuple[str, ...]


class PasswordPolicy:
    """Refuses passwords that are too easy to guess.

    Args:
        cache: tenants' rules.
        identity: under the role that signs people in.
    """

    def __init__(self, cache: AccessCache, identity: Database) -> None:
        self._cache = cache
        self._identity = identity
        self._thread = ThreadPoolExecutor(1, "password-policy")

    async def check(self, password: str, pointer: str, *, words: Iterable[str], tenants: Sequence[UUID]) -> None:
        """Accept a new password, or not.

        Args:
            password: the new one.
            pointer: where it stands in the request.
            words: texts that belong to the person, such as their name and address.
            tenants: where they belong to; the strictest decides.

        Raises:
            WeakPassword: it is too short, or too easy to guess.
        """
        if len(password) < MIN_PASSWORD:
            raise WeakPassword(pointer, f"must have at least {MIN_PASSWORD} characters")
        least, of_tenants = await self._demands(tenants)
        estimated = await asyncio.get_running_loop().run_in_executor(
            self._thread, estimate, password, own_words([*words, *of_tenants])
        )
        if estimated.score < least:
            message = estimated.warning or "is too easy to guess"
            hint = " ".join(estimated.suggestions) or "Add another word or two. Uncommon words are better."
            raise WeakPassword(pointer, message, hint)

    def close(self) -> None:
        """Let the thread end."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _demands(self, tenants: Sequence[UUID]) -> tuple[int, list[str]]:
        """The least score, and words of the tenants."""
        found = [rules for tenant in tenants if (rules := await self._cache.rules(tenant)) is not None]
        if not found:
            async with self._identity.unbound() as session:
                platform = (await session.scalars(_PLATFORM)).one()
            return effective(platform, {}).security.min_password_score, []
        least = max(rules.configuration.security.min_password_score for rules in found)
        products = [rules.configuration.branding.product_name or "" for rules in found]
        return least, [*products, *(word for rules in found for word in (rules.name, rules.slug))]


def own_words(texts: Iterable[str]) -> list[str]:
    """The words of texts, and the texts themselves, in lower case, without the shortest."""
    found: set[str] = set(OWN_WORDS)
    for each in texts:
        lower = each.lower()
        found.update(word for word in (lower, *_WORD.findall(lower)) if len(word) >= _MIN_WORD)
    return sorted(found)


def estimate(password: str, words: Sequence[str]) -> Estimate:
    """How strong a password is; takes milliseconds to some hundreds of them.

    Args:
        password: of any length.
        words: that somebody would try who knows whose it is.
    """
    result = zxcvbn(password[:ESTIMATED], [*words])
    feedback = result["feedback"]
    return Estimate(result["score"], feedback["warning"], tuple(feedback["suggestions"]))
