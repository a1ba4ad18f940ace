"""``kong``: consumers, their groups and credentials, services and routes of a Kong gateway, by its Admin API
(https://developer.konghq.com/api/gateway/admin-ee/).

What is created gets an id that comes from the step's idempotency key: a second attempt finds its own.
"""

from weftline.connectors.kong import consumers, credentials, groups, routing
from weftline.connectors.kong.integration import kong

__all__ = ["consumers", "credentials", "groups", "kong", "routing"]
