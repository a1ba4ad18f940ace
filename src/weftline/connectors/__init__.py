"""Connectors: the integrations that every worker has.

Importing this package declares them; it is named under the entry point group ``weftline.actions``. A connector is a
module, or a folder where it has several nouns. Declaring one is cheap: libraries are imported by the functions that
need them.
"""

from weftline.connectors import (
    amqp,
    files,
    github,
    graphql,
    http,
    imap,
    kong,
    ldap,
    mysql,
    nats,
    otel,
    postgres,
    prometheus,
    redis,
    s3,
    sftp,
    slack,
    smtp,
    teams,
    webhook,
)

__all__ = [
    "amqp",
    "files",
    "github",
    "graphql",
    "http",
    "imap",
    "kong",
    "ldap",
    "mysql",
    "nats",
    "otel",
    "postgres",
    "prometheus",
    "redis",
    "s3",
    "sftp",
    "slack",
    "smtp",
    "teams",
    "webhook",
]
