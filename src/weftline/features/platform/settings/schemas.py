"""The platform's settings on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from weftline.features.http.wire import Wire


class SettingsOut(Wire):
    """What the platform sets."""

    configuration: Annotated[
        dict[str, Any], Field(description="Only what is set; the rest falls back to built-in defaults.")
    ]
    updated_at: datetime
