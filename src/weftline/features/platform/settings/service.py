"""What can be done with the platform's settings."""

from __future__ import annotations

from sqlalchemy import func

from weftline.features.access.cache import AccessCache
from weftline.features.access.caller import Caller
from weftline.features.audit.trail import PLATFORM, record
from weftline.features.database import Database
from weftline.features.platform.errors import SettingsChanged
from weftline.features.platform.reach import reach_of
from weftline.features.tenancy import repository
from weftline.features.tenancy.configuration import PlatformConfiguration, written
from weftline.features.tenancy.models import PlatformSettings


class SettingsService:
    """Reads and writes the settings.

    Args:
        operators: under the role of operators.
        cache: knows what operators see.
    """

    def __init__(self, operators: Database, cache: AccessCache) -> None:
        self._operators = operators
        self._cache = cache

    async def get(self) -> PlatformSettings:
        """The settings."""
        async with self._operators.unbound() as session:
            return await repository.settings(session)

    async def put(
        self, caller: Caller, wanted: PlatformConfiguration, *, reason: str, expected_etag: str | None = None
    ) -> PlatformSettings:
        """Replace the settings. Every process learns of it within a minute.

        Args:
            caller: an operator who sees every tenant.
            wanted: all that is to be set.
            reason: why; recorded.
            expected_etag: only if they are still in this state.

        Raises:
            EveryTenantNeeded: the caller does not see every tenant.
            SettingsChanged: they are not in the expected state.
        """
        (await reach_of(self._cache, caller)).require_all()
        async with self._operators.unbound() as session:
            settings = await repository.settings(session, lock=True)
            if expected_etag is not None and expected_etag != str(settings.etag):
                raise SettingsChanged
            before = settings.configuration
            settings.configuration = written(wanted)
            settings.etag += 1
            settings.updated_at = func.now()
            await session.flush()
            await session.refresh(settings)
            await record(
                session,
                "platform.configured",
                "platform",
                before=before,
                after=settings.configuration,
                reason=reason,
                tenant_id=PLATFORM,
            )
        return settings
