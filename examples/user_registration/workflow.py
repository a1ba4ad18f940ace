"""The workflow: validate, create the user, send the welcome mail, tell of it."""

from __future__ import annotations

import re
from typing import ClassVar

import asyncpg

from examples.user_registration.mail import Mailer, PrintedMail
from weftline.authoring import Context, ErrorHandling, Result, RetryPolicy, TenantWorkflow, WorkflowError, step

ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class UserRegistration(TenantWorkflow):
    """Makes a user of whoever registers, and welcomes them."""

    id = "user-registration"
    name = "User registration"
    version = "1.0.0"
    timeout = "10m"
    error_handling = ErrorHandling(strategy="compensate")
    input: ClassVar = {
        "type": "object",
        "required": ["email", "firstName", "lastName", "passwordHash"],
        "properties": {
            "email": {"type": "string", "maxLength": 254},
            "firstName": {"type": "string", "minLength": 1},
            "lastName": {"type": "string", "minLength": 1},
            "passwordHash": {"type": "string"},
        },
    }
    output: ClassVar = {"userId": "${userId}", "email": "${email}"}

    def __init__(self, mailer: Mailer | None = None) -> None:
        self._mailer = mailer or PrintedMail()

    @step(timeout="5s", retry=1)
    async def validate(self, ctx: Context) -> Result:
        """Looks at what was sent."""
        email = ctx.data["email"].strip().lower()
        if ADDRESS.fullmatch(email) is None:
            error = WorkflowError("invalid_email", "This is no e-mail address.", {"pointer": "/email"}, retryable=False)
            return Result.failure(error, status_code=422)
        return Result.ok({"email": email}, message="The input is valid.")

    @step(after=validate, retry=RetryPolicy(max_attempts=3), compensate="delete_user")
    async def create_user(self, ctx: Context) -> Result:
        """Makes the user, in the transaction that stores this step's result: exactly once."""
        data = ctx.data
        connection = await ctx.transaction()
        try:
            user_id = await connection.fetchval(
                """INSERT INTO app_users (tenant_id, email, first_name, last_name, password_hash)
                   VALUES ($1, $2, $3, $4, $5) RETURNING id::text""",
                ctx.tenant_id,
                data["email"],
                data["firstName"],
                data["lastName"],
                data["passwordHash"],
            )
        except asyncpg.UniqueViolationError:
            error = WorkflowError("email_taken", "Somebody has registered with this address.", {"pointer": "/email"})
            return Result.failure(error, status_code=409)
        ctx.audit("user.registered", "user", {"email": data["email"]}, resource_id=user_id)
        ctx.metrics.increment("users.registered")
        return Result.ok({"userId": user_id}, message="Welcome!", status_code=201)

    @step(after=create_user, critical=False, retry=5)
    async def send_welcome_mail(self, ctx: Context) -> None:
        """Welcomes the user. A mail that cannot be sent is no reason to refuse them."""
        config = await ctx.tenant_config()
        with ctx.metrics.timed("mail.seconds"):
            await self._mailer.send(ctx.data["email"], f"Welcome to {config['name']}", ctx.idempotency_key)

    async def delete_user(self, ctx: Context) -> None:
        """Takes back what ``create_user`` did; its output is this one's input."""
        connection = await ctx.transaction()
        await connection.execute("DELETE FROM app_users WHERE id = $1::text::uuid", ctx.input["userId"])
        ctx.audit("user.removed", "user", resource_id=ctx.input["userId"])
