"""What tells webhooks, in a process of its own, to be killed: ``python -m tests.faults.deliverer_process URL``."""

from __future__ import annotations

import asyncio
import signal
import sys

from weftline.authoring.builtin import HttpSettings
from weftline.features.access.cache import AccessCache
from weftline.features.database import Database
from weftline.features.webhooks.loops import WebhookLoops
from weftline.store.bus import open_bus
from weftline.store.keyring import Keyring


async def main(url: str) -> None:
    """Plan and deliver until SIGTERM."""
    keyring = Keyring(bytes(32))
    cache = AccessCache(Database(url), Database(url, "weft_identity"))
    everywhere = Database(url, "weft_worker", size=3, keyring=keyring)
    http = HttpSettings(allow_private_addresses=True)
    bus = open_bus(url, "weft_worker")
    loops = WebhookLoops(everywhere, cache, keyring, lambda path: f"https://weftline.example{path}", http, bus)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    await bus.start()
    loops.start()
    await ended.wait()
    await loops.stop()
    await bus.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
