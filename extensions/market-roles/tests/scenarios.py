"""What people enter for each role."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

EANS = ("541448912345678902", "541448912345678919", "541448923456789012", "541448600123456780")
PARTY, AREA = "22XWATTPLUS----G", "22YGRID-AREA---U"

Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Scenario:
    """One role.

    Attributes:
        vat: of the company, as people write it.
        company: what its form asks beside the common fields.
        portfolio: the points; None where the role has none at onboarding.
        steps: what is done between the portfolio and the approval, by step.
        approvers: how many have to approve.
        credential: the gateway's table of what the role gets; None: nothing.
        more: what a changed portfolio asks; see ``portfolio``.
        more_steps: what is done between that and its approval; None: nobody approves.
        metering: whether the gateway then lets it read metering data.
    """

    vat: str
    company: Entry = field(default_factory=dict[str, Any])
    portfolio: Entry | None = field(default_factory=lambda: {"accessPoints": [{"ean": EANS[0]}]})
    steps: dict[str, Entry] = field(default_factory=dict[str, Any])
    approvers: int = 1
    credential: str | None = "key-auth"
    more: Entry = field(default_factory=lambda: {"accessPoints": [{"ean": EANS[0]}, {"ean": EANS[1]}]})
    more_steps: dict[str, Entry] | None = field(default_factory=dict[str, Any])
    metering: bool = True

    @property
    def number(self) -> str:
        """The VAT number as registers write it."""
        return self.vat.replace(" ", "").replace(".", "").replace("-", "")


SCENARIOS: dict[str, Scenario] = {
    "BRP": Scenario(
        "BE 0403.170-701",
        company={"eic": PARTY},
        steps={"guarantee": {"data": {"amount": 50000, "bank": "KBC", "validUntil": "2030-12-31"}}},
        more={"accessPoints": [{"ean": EANS[0]}, {"ean": EANS[1]}], "balancedFrom": "2027-01-01"},
    ),
    "BSP": Scenario(
        "DE136695976",
        company={"eic": PARTY},
        portfolio={
            "accessPoints": [{"ean": EANS[0]}],
            "deliveryPoints": [{"ean": EANS[2], "accessPoint": EANS[0], "name": "Battery"}],
            "services": ["FCR", "aFRR"],
        },
        steps={"prequalification": {"outcome": "passed"}},
        more={
            "accessPoints": [{"ean": EANS[0]}],
            "deliveryPoints": [
                {"ean": EANS[2], "accessPoint": EANS[0], "megawatts": 4.5},
                {"ean": EANS[3], "accessPoint": EANS[0], "megawatts": 12},
            ],
        },
        more_steps={"prequalification": {"outcome": "passed"}},
    ),
    "GU": Scenario(
        "FR61954506077",
        portfolio={"accessPoints": [{"ean": EANS[0]}], "connectionContract": "CC-77"},
        credential=None,
        metering=False,
    ),
    "ACH": Scenario(
        "NL123456789B13",
        portfolio={"accessPoints": [{"ean": EANS[0]}], "balanceResponsible": PARTY},
        steps={"balance-consent": {"outcome": "approved"}},
        more={
            "accessPoints": [
                {"ean": EANS[0], "balanceResponsible": PARTY},
                {"ean": EANS[1], "balanceResponsible": PARTY},
            ]
        },
        more_steps={"balance-consent": {"outcome": "approved"}},
    ),
    "CRM": Scenario(
        "ATU57194903",
        portfolio=None,
        steps={"data-processing": {"data": {"signedOn": "2026-11-01", "dataProtectionOfficer": "dpo@example.com"}}},
        more={"accessPoints": [{"ean": EANS[0], "consentedOn": "2026-11-02"}]},
    ),
    "ESP": Scenario(
        "LU15027442",
        company={"redirectUri": "https://portal.example.com/callback"},
        steps={"mandates": {"data": {"mandates": [{"accessPoint": EANS[0], "reference": "M-1"}]}}},
        credential="oauth2",
        more={"accessPoints": [{"ean": EANS[0], "mandate": "M-1"}, {"ean": EANS[1], "mandate": "M-2"}]},
        more_steps={"look-at-mandates": {"outcome": "approved"}},
    ),
    "DSO": Scenario(
        "IT00743110157",
        company={"areaEic": AREA, "publicKey": "-----BEGIN PUBLIC KEY-----"},
        approvers=2,
        credential="jwt",
        more_steps=None,
    ),
}
"""By role."""
