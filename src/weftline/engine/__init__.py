"""The durable engine: asyncio services that claim, execute and commit."""
