"""The only wiring: settings come in here, and what lies below is handed the values it needs.

Every function imports what it wires when it is called, so that a worker does not load the API, nor the API the
engine.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import httpx

    from weftline.api.app import ApiOptions
    from weftline.authoring import ActionRegistry
    from weftline.engine.worker import Worker
    from weftline.features.identity.accounts import FirstAdministrator
    from weftline.features.services import AccountOptions
    from weftline.settings import Settings

DEFAULT_ADMINISTRATOR = "admin@example.com"

CONSOLE_URL = "http://localhost/api/v1"
CONSOLE_TIMEOUT = 120.0
"""Seconds; longer than any request may wait for an execution."""


@asynccontextmanager
async def running_worker(settings: Settings, url: str, registry: ActionRegistry) -> AsyncGenerator[Worker]:
    """A worker that runs while the context is open, and then finishes or hands back what it holds.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    from weftline.authoring.builtin import HttpSettings, close_http, configure_http
    from weftline.engine.worker import Worker, WorkerOptions
    from weftline.telemetry.process import tune_garbage_collector

    configure_http(
        HttpSettings(
            allow_private_addresses=settings.allow_private_addresses,
            allowed_hosts=frozenset(settings.http_allowed_hosts) or None,
        )
    )
    options = WorkerOptions(
        capacity=settings.worker_capacity,
        lanes=settings.worker_slots,
        threads=settings.worker_threads,
        lease_seconds=settings.worker_lease_seconds,
        poll_seconds=settings.worker_poll_interval,
    )
    tune_garbage_collector()
    worker = Worker(url, registry, options)
    await worker.start()
    try:
        yield worker
    finally:
        await worker.stop(settings.worker_shutdown_timeout)
        await close_http()


def serve_api(settings: Settings, url: str, registry: ActionRegistry) -> None:
    """Serve the HTTP API on the settings' address until this process gets SIGTERM or SIGINT.

    Args:
        settings: where to listen.
        url: the database's.
        registry: what definitions may call.

    Raises:
        OSError: the address or the certificate cannot be used.
        MasterKeyError: the master key cannot be read or made.
    """
    from weftline.api.app import Application
    from weftline.api.server import Tls, serve
    from weftline.telemetry.process import tune_garbage_collector

    certificate, key = settings.tls_certificate, settings.tls_key
    tls = None if certificate is None or key is None else Tls(certificate, key)
    app = Application(_api_options(settings, url, registry.names()), on_start=tune_garbage_collector)
    serve(app, host=settings.host, port=settings.port, tls=tls)


@asynccontextmanager
async def console_api(
    settings: Settings, url: str, actions: Collection[str] | None, tenant: str
) -> AsyncGenerator[httpx.AsyncClient]:
    """The API in this process, for whoever owns the machine: they may do everything in one tenant.

    Args:
        settings: the platform's.
        url: the database's.
        actions: names that definitions may call; None accepts any.
        tenant: id or slug of the tenant.

    Yields:
        A client whose base is ``/api/v1``.

    Raises:
        TenantNotFound: there is no such tenant.
    """
    import httpx

    from weftline.api.app import Application, as_console

    app = Application(_api_options(settings, url, actions))
    async with app.running() as services:
        caller = await as_console(services, tenant)
        transport = httpx.ASGITransport(app.acting_as(caller))
        async with httpx.AsyncClient(transport=transport, base_url=CONSOLE_URL, timeout=CONSOLE_TIMEOUT) as client:
            yield client


async def create_first_administrator(settings: Settings, url: str) -> FirstAdministrator | None:
    """Make the account that a new platform begins with; None where it has accounts already.

    Raises:
        InvalidAddress: the setting is no e-mail address.
        StoreUnavailable: the database does not answer.
    """
    from weftline.features.services import open_services

    password = None if settings.admin_password is None else settings.admin_password.get_secret_value()
    async with open_services(url, None, _account_options(settings), background=False) as services:
        return await services.accounts.create_first(settings.admin_email or DEFAULT_ADMINISTRATOR, password)


def master_key(settings: Settings) -> bytes:
    """The key under which secrets are sealed: the setting's, else the home's, which is made where it is missing.

    Raises:
        MasterKeyError: the file cannot be read or made.
    """
    import base64

    from weftline.features.vault import read_or_make_key

    if settings.master_key is not None:
        return base64.b64decode(settings.master_key.get_secret_value())
    return read_or_make_key(settings.home / "master.key")


def _account_options(settings: Settings) -> AccountOptions:
    from weftline.features.identity.passwords import HashingCost
    from weftline.features.mail.settings import MailSettings
    from weftline.features.services import AccountOptions

    return AccountOptions(
        master_key=master_key(settings),
        issuer=settings.public_url or "weftline",
        token_seconds=settings.access_token_seconds,
        signing_key_days=settings.signing_key_days,
        hashing=HashingCost(memory_kib=settings.password_hash_memory),
        resolution=settings.tenant_resolution,
        base_domain=settings.base_domain,
        mail=MailSettings(
            host=settings.smtp_host,
            port=settings.smtp_port,
            user=settings.smtp_user,
            password=None if settings.smtp_password is None else settings.smtp_password.get_secret_value(),
            security=settings.smtp_security,
            sender=settings.mail_sender,
            public_url=settings.public_url or settings.site,
        ),
    )


def _api_options(settings: Settings, url: str, actions: Collection[str] | None) -> ApiOptions:
    from weftline.api.app import ApiOptions

    return ApiOptions(
        url,
        _account_options(settings),
        actions,
        hosts=_hosts(settings),
        is_https_only=(settings.public_url or "").startswith("https://"),
        proxies=settings.trusted_proxies,
    )


def _hosts(settings: Settings) -> tuple[str, ...] | None:
    """Names under which the API may be called; None for any, where nobody has said which."""
    named = [urlsplit(settings.public_url).hostname or ""] if settings.public_url is not None else []
    if settings.base_domain is not None:
        named.append(f".{settings.base_domain}")
    return (settings.host, *named) if named or is_loopback(settings.host) else None


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the address."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def configure_logging(settings: Settings) -> None:
    """Let this process log as the settings say, to standard error."""
    from weftline.telemetry.logging import configure_logging

    configure_logging(settings.log_level, settings.log_format)
