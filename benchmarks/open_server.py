"""``weft server`` with the gate open and the audit log unwritten: what ``closing`` compares the real one with.

It lets everybody start executions, and exists to be measured only.
"""

from weftline.cli.main import main
from weftline.features.access.caller import Caller, almighty
from weftline.features.access.gate import Gate
from weftline.features.executions import starter
from weftline.model.ids import DEFAULT_TENANT

ANYBODY = almighty(DEFAULT_TENANT, "system", "anybody")


async def admit_anybody(*_: object, **__: object) -> Caller:
    """Stands in for ``Gate.admit``."""
    return ANYBODY


async def append_nothing(*_: object) -> None:
    """Stands in for the audit log's ``append``."""


if __name__ == "__main__":
    Gate.admit = admit_anybody
    starter.append = append_nothing
    main()
