"""The only wiring: settings come in here, and what lies below is handed the values it needs.

Every function imports what it wires when it is called, so that a worker does not load the API, nor the API the
engine.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import httpx

    from weftline.api.app import ApiOptions
    from weftline.api.graphql.options import GraphQLOptions
    from weftline.authoring import ActionRegistry
    from weftline.authoring.builtin import HttpSettings
    from weftline.engine.worker import Worker
    from weftline.features.identity.accounts import FirstAdministrator
    from weftline.features.mail.settings import MailSettings
    from weftline.features.rates.limiter import Rates
    from weftline.features.services import AccountOptions
    from weftline.plugins import FoundPlugin, InstalledPackages
    from weftline.plugins.app import Process
    from weftline.plugins.market import PluginMarket
    from weftline.plugins.running import RunningPlugins
    from weftline.settings import Settings
    from weftline.store.keyring import Keyring
    from weftline.store.vault import MasterKeys

DEFAULT_ADMINISTRATOR = "admin@example.com"

MASTER_KEY_FILE, RETIRED_KEYS_FILE = "master.key", "master.key.retired"
"""Of the home; the older keys, one a line, open what was sealed under them."""

PLUGINS = "plugins"
"""Directory of the home with a directory for each plugin that was installed by ``weft plugin install``."""

CONSOLE_URL = "http://localhost/api/v1"
CONSOLE_TIMEOUT = 120.0
"""Seconds; longer than any request may wait for an execution."""


@asynccontextmanager
async def running_worker(settings: Settings, url: str, registry: ActionRegistry) -> AsyncGenerator[Worker]:
    """A worker that runs while the context is open, and then finishes or hands back what it holds.

    Raises:
        StoreUnavailable: the database does not answer.
        MasterKeyError: the master key cannot be read or made.
    """
    from weftline.authoring.builtin import close_http, configure_http
    from weftline.engine.worker import Worker, WorkerOptions
    from weftline.features.notifications.action import message_templates
    from weftline.telemetry.process import tune_garbage_collector

    configure_http(_http_settings(settings))
    options = WorkerOptions(
        capacity=settings.worker_capacity,
        lanes=settings.worker_slots,
        threads=settings.worker_threads,
        lease_seconds=settings.worker_lease_seconds,
        poll_seconds=settings.worker_poll_interval,
        platform_url=settings.public_url or settings.site,
        statistics_days=settings.statistics_days,
    )
    tune_garbage_collector()
    keys = keyring(settings)
    plugins = _plugins(settings, url, keys, "worker", registry)
    worker = Worker(url, registry, options, keyring=keys, redis=_redis_url(settings), is_disabled=plugins.is_disabled)
    async with message_templates(url, _mail_settings(settings).link):
        try:
            await plugins.start()
            await worker.start()
            yield worker
        finally:
            await worker.stop(settings.worker_shutdown_timeout)
            await plugins.stop()
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
    from weftline.api.server import StopTimes, Tls, serve
    from weftline.telemetry.process import tune_garbage_collector

    certificate, key = settings.tls_certificate, settings.tls_key
    tls = None if certificate is None or key is None else Tls(certificate, key)
    options = _api_options(settings, url, registry.current_names(), "server", registry)
    app = Application(options, on_start=tune_garbage_collector)
    stop = StopTimes(settings.server_shutdown_delay, settings.server_shutdown_timeout)
    serve(app, host=settings.host, port=settings.port, tls=tls, stop=stop)


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
    async with console_apis(settings, url, actions) as enter:
        yield await enter(tenant)


@asynccontextmanager
async def console_apis(
    settings: Settings, url: str, actions: Collection[str] | None, *, background: bool = False
) -> AsyncGenerator[Callable[[str], Awaitable[httpx.AsyncClient]]]:
    """Like :func:`console_api`, for several tenants.

    Args:
        settings, url, actions: as there.
        background: do what a server does without being asked, too: send mail, tell of failures, remove what is old.

    Yields:
        What makes the client of a tenant, given its id or slug; raises TenantNotFound where there is none.
    """
    import httpx

    from weftline.api.app import Application, as_console
    from weftline.authoring import load_actions

    # the integrations that come along, whose actions they are
    load_actions(())
    app = Application(_api_options(settings, url, actions))
    async with AsyncExitStack() as stack:
        services = await stack.enter_async_context(app.running(background=background))

        async def enter(tenant: str) -> httpx.AsyncClient:
            caller = await as_console(services, tenant)
            transport = httpx.ASGITransport(app.acting_as(caller))
            client = httpx.AsyncClient(transport=transport, base_url=CONSOLE_URL, timeout=CONSOLE_TIMEOUT)
            return await stack.enter_async_context(client)

        yield enter


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


def found_plugins(settings: Settings) -> list[FoundPlugin]:
    """Every plugin that is installed; loaded once in a process, so that their actions are registered."""
    return _found_plugins(plugin_directory(settings))


def plugin_directory(settings: Settings) -> Path:
    """Where plugins are that were installed as packages."""
    return settings.home.absolute() / PLUGINS


def installed_packages(settings: Settings) -> InstalledPackages:
    """Plugins that were installed as packages."""
    from weftline.plugins import InstalledPackages

    return InstalledPackages(plugin_directory(settings))


def plugin_market(settings: Settings) -> PluginMarket | None:
    """What can be installed by name; None where no index is set."""
    from importlib.metadata import version

    from weftline.plugins.market import PluginMarket

    if settings.plugin_index is None:
        return None
    return PluginMarket(settings.plugin_index, settings.plugin_keys, installed_packages(settings), version("weftline"))


@cache
def _found_plugins(directory: Path) -> list[FoundPlugin]:
    from weftline.authoring import load_actions
    from weftline.plugins import InstalledPackages, discover

    # what the platform brings comes first: a plugin that takes a name of it is at fault, and not the platform
    load_actions()
    return discover(InstalledPackages(directory))


def _plugins(
    settings: Settings, url: str, keyring: Keyring, process: Process, registry: ActionRegistry
) -> RunningPlugins:
    from importlib.metadata import version

    from weftline.plugins.running import RunningPlugins

    packages, market = installed_packages(settings), plugin_market(settings)
    found = found_plugins(settings)
    return RunningPlugins(found, version("weftline"), url, keyring, process, registry, packages, market)


def keyring(settings: Settings) -> Keyring:
    """The keys under which secrets are sealed. Those in files are read again when a process meets a newer one.

    Raises:
        MasterKeyError: a master key cannot be read or made.
    """
    from weftline.store.keyring import Keyring

    keys = _master_keys(settings)
    is_file = settings.master_key is None and settings.master_key_command is None
    return Keyring(keys.current, keys.others, (lambda: _master_keys(settings)) if is_file else None)


def replace_master_key(settings: Settings) -> None:
    """Put a new master key into the home. The old one opens still; nothing is sealed anew by this.

    Raises:
        MasterKeyError: the master key is not the home's, or the files cannot be written.
    """
    from weftline.store.master_key import replace_key
    from weftline.store.vault import MasterKeyError

    path = settings.home / MASTER_KEY_FILE
    if settings.master_key is not None or settings.master_key_command is not None:
        raise MasterKeyError("the master key does not come from a file: change it where WEFT_MASTER_KEY* has it from")
    if not path.exists():
        raise MasterKeyError(f"there is no master key to replace: {path}")
    replace_key(path, settings.home / RETIRED_KEYS_FILE)


def _master_keys(settings: Settings) -> MasterKeys:
    """The master key of the setting, else of the command, else of the home, made where it is missing; older ones."""
    from weftline.store.master_key import decoded, key_from_command, read_or_make_key, read_retired_keys
    from weftline.store.vault import MasterKeys

    if settings.master_key is not None:
        current = decoded(settings.master_key.get_secret_value(), "WEFT_MASTER_KEY")
    elif settings.master_key_command is not None:
        current = key_from_command(settings.master_key_command)
    else:
        current = read_or_make_key(settings.home / MASTER_KEY_FILE)
    named = (decoded(key.get_secret_value(), "WEFT_MASTER_KEYS_RETIRED") for key in settings.master_keys_retired)
    return MasterKeys(current, (*named, *read_retired_keys(settings.home / RETIRED_KEYS_FILE)))


def _account_options(settings: Settings) -> AccountOptions:
    from weftline.features.identity.passwords import HashingCost
    from weftline.features.services import AccountOptions

    return AccountOptions(
        keyring=keyring(settings),
        issuer=settings.public_url or "weftline",
        token_seconds=settings.access_token_seconds,
        idempotency_hours=settings.idempotency_hours,
        signing_key_days=settings.signing_key_days,
        is_https=(settings.public_url or settings.site).startswith("https://"),
        hashing=HashingCost(memory_kib=settings.password_hash_memory),
        resolution=settings.tenant_resolution,
        base_domain=settings.base_domain,
        mail=_mail_settings(settings),
        http=_http_settings(settings),
    )


def _mail_settings(settings: Settings) -> MailSettings:
    from weftline.features.mail.settings import MailSettings

    return MailSettings(
        host=settings.smtp_host,
        port=settings.smtp_port,
        user=settings.smtp_user,
        password=None if settings.smtp_password is None else settings.smtp_password.get_secret_value(),
        security=settings.smtp_security,
        sender=settings.mail_sender,
        public_url=settings.public_url or settings.site,
    )


def _http_settings(settings: Settings) -> HttpSettings:
    from weftline.authoring.builtin import HttpSettings

    return HttpSettings(
        allow_private_addresses=settings.allow_private_addresses,
        allowed_hosts=frozenset(settings.http_allowed_hosts) or None,
    )


def _api_options(
    settings: Settings,
    url: str,
    actions: Collection[str] | None,
    process: Process = "console",
    registry: ActionRegistry | None = None,
) -> ApiOptions:
    from weftline.api.app import ApiOptions
    from weftline.api.web_app import WebApp
    from weftline.authoring.action import registry as common
    from weftline.features.library.entitlements import Everything

    accounts = _account_options(settings)
    return ApiOptions(
        url,
        accounts,
        actions,
        plugins=_plugins(settings, url, accounts.keyring, process, registry or common),
        entitlements=Everything(),
        hosts=_hosts(settings),
        is_https_only=(settings.public_url or "").startswith("https://"),
        proxies=settings.trusted_proxies,
        origins=settings.cors_origins,
        rates=_rates(settings),
        request_seconds=settings.request_timeout,
        body_seconds=settings.body_timeout,
        redis_url=_redis_url(settings),
        graphql=_graphql_options(settings),
        web_app=WebApp.built(),
    )


def _rates(settings: Settings) -> Rates:
    from weftline.features.rates.limiter import Rates

    return Rates(
        address=settings.rate_limit_address,
        sign_in=settings.rate_limit_sign_in,
        hook=settings.rate_limit_hooks,
        caller=settings.rate_limit_caller,
        tenant=settings.rate_limit_tenant,
    )


def _graphql_options(settings: Settings) -> GraphQLOptions:
    from weftline.api.graphql.options import GraphQLOptions, read_list

    path = settings.graphql_allow_list
    return GraphQLOptions(
        introspection=settings.graphql_introspection,
        explorer=settings.graphql_explorer,
        listed=None if path is None else read_list(path),
        max_depth=settings.graphql_max_depth,
        max_cost=settings.graphql_max_cost,
        max_answer=settings.graphql_max_answer,
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


def masked_output() -> AbstractContextManager[None]:
    """What this process prints shows no secret of an action at work; to be opened before logging is configured."""
    from weftline.engine.secrets import masked_output

    return masked_output()


def configure_logging(settings: Settings) -> None:
    """Let this process log as the settings say, to standard error."""
    from weftline.telemetry.logging import configure_logging

    configure_logging(settings.log_level, settings.log_format)


def _redis_url(settings: Settings) -> str | None:
    return None if settings.redis_url is None else settings.redis_url.get_secret_value()
