"""The fixtures of the API's tests."""

from tests.api.conftest import (  # noqa: F401
    anonymous,
    api,
    application,
    connect_as_owner,
    logs,
    tenant,
    worker,
)
