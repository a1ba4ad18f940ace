"""Who uses a connection: an attempt of a step, or a trigger that looks at another system."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from weftline.model.masking import Masker

if TYPE_CHECKING:
    from weftline.model.retry import RetryPolicy


class Borrower(Protocol):
    """Whoever uses a connection.

    Attributes:
        connection: its name; None: the usual one.
        policy: how the connection wants attempts to be repeated, once it is known.
    """

    connection: str | None
    policy: RetryPolicy | None

    @property
    def tenant_id(self) -> UUID:
        """Whose connection it is."""
        ...

    @property
    def person(self) -> UUID | None:
        """Whose own connections come before the tenant's; None: nobody's."""
        ...

    @property
    def execution_id(self) -> UUID | None:
        """What is told when a connection can be used again that cannot now; None: nothing."""
        ...

    @property
    def workflow_id(self) -> str:
        """For which workflow it is used."""
        ...

    @property
    def is_lasting(self) -> bool:
        """It keeps the connection for as long as there is no end to see: it takes nobody's place and turn."""
        ...

    @property
    def has_timed_out(self) -> bool:
        """Whether it has used up its time."""
        ...

    def learn(self, secrets: AbstractSet[str], masker: Masker) -> None:
        """These are hidden from here on in whatever comes of it."""
        ...


class TriggerBorrower:
    """A trigger that looks at another system. Its fields are those of :class:`Borrower`."""

    def __init__(self, tenant_id: UUID, workflow_id: str, connection: str | None, *, is_lasting: bool) -> None:
        self.connection = connection
        self.policy: RetryPolicy | None = None
        self.tenant_id = tenant_id
        self.person: UUID | None = None
        self.execution_id: UUID | None = None
        self.workflow_id = workflow_id
        self.is_lasting = is_lasting
        self.has_timed_out = False
        self._maskers: list[Masker] = []

    def learn(self, secrets: AbstractSet[str], masker: Masker) -> None:
        """See :class:`Borrower`."""
        self._maskers.append(masker)

    def masked(self, text: str) -> str:
        """A text without the secrets that it was given."""
        for masker in self._maskers:
            text = masker.text(text)
        return text
