"""A CRM with an OpenAPI document. It asks for a token, and is busy at first, as systems sometimes are."""

from __future__ import annotations

import os
import secrets
import sys
from typing import Annotated
from uuid import uuid4

from fastapi import Depends, FastAPI, Header, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, Field

TOKEN = os.environ.get("CRM_TOKEN") or secrets.token_urlsafe()

EUROPEAN_UNION = frozenset(
    {
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU",
        "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
    }
)  # fmt: skip

Bearer = Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]


class NewCustomer(BaseModel):
    """Somebody who wants to be a customer."""

    name: str
    email: str
    country: Annotated[str, Field(description="ISO 3166 code.")]


class Customer(NewCustomer):
    """A customer."""

    id: str
    requiresKYC: Annotated[bool, Field(description="Customers from outside the EU must be checked.")]


customers: dict[str, Customer] = {}
made: dict[str, Customer] = {}
"""What was made under which key: a request that is sent again makes nothing more."""

said_no: list[str] = []


def signed_in(given: Bearer) -> None:
    """Let nobody in without the token."""
    if not secrets.compare_digest(given.credentials, TOKEN):
        raise HTTPException(401, "Who are you?")


app = FastAPI(title="CRM", version="1.0.0", description="Customers of Acme.", dependencies=[Depends(signed_in)])


@app.get("/customers", operation_id="listCustomers", summary="List customers", tags=["customers"])
def list_customers() -> list[Customer]:
    """All customers."""
    return list(customers.values())


@app.post("/customers", status_code=201, operation_id="createCustomer", summary="Create a customer", tags=["customers"])
def create_customer(new: NewCustomer, idempotency_key: Annotated[str, Header()]) -> Customer:
    """Make a customer of somebody, once under each key. The first attempt finds the CRM busy."""
    if not said_no:
        said_no.append(idempotency_key)
        raise HTTPException(503, "Busy. Come again.")
    if idempotency_key not in made:
        is_checked = new.country not in EUROPEAN_UNION
        made[idempotency_key] = Customer(**new.model_dump(), id=f"C-{uuid4().hex[:8]}", requiresKYC=is_checked)
        customers[made[idempotency_key].id] = made[idempotency_key]
        _say(f"{new.name} is a customer")
    return made[idempotency_key]


@app.delete(
    "/customers/{customerId}",
    status_code=204,
    operation_id="deleteCustomer",
    summary="Delete a customer",
    tags=["customers"],
)
def delete_customer(customerId: str) -> None:
    """Forget a customer. Nothing happens where there is none."""
    if (gone := customers.pop(customerId, None)) is not None:
        _say(f"{gone.name} is no customer any more")


def _say(what: str) -> None:
    print(f"CRM: {what}", file=sys.stderr, flush=True)
