"""``slack``: messages to Slack, and events of it (https://docs.slack.dev)."""

from weftline.connectors.slack import events, messages
from weftline.connectors.slack.integration import APP, slack

__all__ = ["APP", "events", "messages", "slack"]
