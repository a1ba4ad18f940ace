"""Telling other processes that something is new.

What is told may be lost: it only saves waiting, and whoever listens looks for itself now and then.
"""

from weftline.store.bus.base import ASKED, FEED, WATCHED, Bus
from weftline.store.bus.beacon import Beacon
from weftline.store.bus.local import LocalBus
from weftline.store.bus.opening import open_bus

__all__ = ["ASKED", "FEED", "WATCHED", "Beacon", "Bus", "LocalBus", "open_bus"]
