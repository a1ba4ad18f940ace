"""Running actions outside: a process that fetches steps from a task queue over HTTP, and carries them out::

from weftline.authoring.remote import RemoteWorker

worker = RemoteWorker("https://weft.example.com", api_key, "parcels")
await worker.run()
"""

from weftline.authoring.remote.client import JobClient, RemoteError
from weftline.authoring.remote.worker import RemoteWorker

__all__ = ["JobClient", "RemoteError", "RemoteWorker"]
