"""The features' services on one database, opened and closed together."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import structlog

from weftline.features.access.cache import AccessCache
from weftline.features.access.caller import Caller
from weftline.features.access.fields.service import FieldRuleService
from weftline.features.access.gate import Gate
from weftline.features.access.policies.explaining import Explaining
from weftline.features.access.policies.failures import PolicyFailures
from weftline.features.access.policies.service import PolicyService
from weftline.features.administration import Administration, Databases
from weftline.features.administration import assemble as assemble_administration
from weftline.features.audit.models import AuditEntry
from weftline.features.audit.service import AuditService, workflow_of
from weftline.features.database import Database
from weftline.features.executions.hints import WorkHints
from weftline.features.executions.reader import ExecutionReader
from weftline.features.executions.starter import Starter
from weftline.features.executions.steering import Steering
from weftline.features.executions.versions import Versions
from weftline.features.executions.watcher import Watcher
from weftline.features.identity.accounts import Accounts
from weftline.features.identity.authenticator import Authenticator
from weftline.features.identity.keys import ApiKeys
from weftline.features.identity.mfa.codes import Clock
from weftline.features.identity.passwords import HashingCost, Passwords
from weftline.features.identity.people import People, PeopleOptions, assemble
from weftline.features.identity.sessions import Sessions
from weftline.features.identity.sign_in import SignIn
from weftline.features.identity.tokens import Tokens
from weftline.features.mail.mailer import Mailer
from weftline.features.mail.service import MailService
from weftline.features.mail.settings import MailSettings
from weftline.features.tasks.links import LinkService
from weftline.features.tasks.notices import TaskNotices
from weftline.features.tasks.service import TaskService
from weftline.features.tenancy.limits import TenantLimits
from weftline.features.tenancy.resolution import DEFAULT_ORDER, Strategy, TenantResolver
from weftline.features.tenancy.service import TenantService
from weftline.features.vault import Vault
from weftline.features.workflows.service import WorkflowService
from weftline.store.connect import create_pool

HOT_CONNECTIONS = 4
"""For starts and hints, beside the connections of everything else."""

IDENTITY_CONNECTIONS = 4
LOOKUP_CONNECTIONS = 4
"""For what is asked within transactions: waiting for a connection while holding one could go on for ever."""

OPERATOR_CONNECTIONS = 2
NOTICE_CONNECTIONS = 1

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class AccountOptions:
    """What the features need to know about accounts.

    Attributes:
        master_key: 32 bytes, under which secrets are sealed.
        issuer: who issues access tokens, as a rule the platform's URL.
        token_seconds: how long an access token lives.
        hashing: what hashing a password costs.
        resolution: the ways in which a request may name its tenant.
        base_domain: whose subdomains are tenants.
        mail: how mail is sent.
        signing_key_days: age at which the key that signs access tokens is replaced, days.
        clock: the time by which codes of second factors are checked, Unix seconds.
    """

    master_key: bytes
    issuer: str = "weftline"
    token_seconds: int = 600
    hashing: HashingCost = field(default_factory=HashingCost)
    resolution: Sequence[Strategy] = DEFAULT_ORDER
    base_domain: str | None = None
    mail: MailSettings = field(default_factory=MailSettings)
    signing_key_days: int = 90
    clock: Clock = time.time


@dataclass(frozen=True, slots=True)
class Services:
    """What the features offer, ready to use."""

    database: Database
    identity: Database
    operators: Database
    cache: AccessCache
    gate: Gate
    resolver: TenantResolver
    people: People
    tokens: Tokens
    passwords: Passwords
    accounts: Accounts
    sessions: Sessions
    sign_in: SignIn
    workflows: WorkflowService
    starter: Starter
    reader: ExecutionReader
    steering: Steering
    watcher: Watcher
    tasks: TaskService
    task_links: LinkService
    task_notices: TaskNotices
    tenants: TenantService
    administration: Administration
    policies: PolicyService
    field_rules: FieldRuleService
    explaining: Explaining
    audit: AuditService
    mail: MailService
    mailer: Mailer


@asynccontextmanager
async def open_services(
    url: str, actions: Collection[str] | None, options: AccountOptions, *, background: bool = True
) -> AsyncGenerator[Services]:
    """The services, until the context ends. The database need not answer yet.

    Args:
        url: a PostgreSQL URL whose role may become those of ``weftline.store.roles``.
        actions: names that definitions may call; None accepts any.
        options: what there is to know about accounts.
        background: do what is not asked for by a request, too: follow revocations, send mail, tell of tasks,
            remove what is old.
    """
    async with AsyncExitStack() as stack:
        pool = await create_pool(url, "weft_api", name="weftline-api", min_size=0, max_size=HOT_CONNECTIONS)
        stack.push_async_callback(pool.close)
        database, identity = Database(url), Database(url, "weft_identity", size=IDENTITY_CONNECTIONS)
        operators = Database(url, "weft_operator", size=OPERATOR_CONNECTIONS)
        rules, lookups = (
            Database(url, size=LOOKUP_CONNECTIONS),
            Database(url, "weft_identity", size=LOOKUP_CONNECTIONS),
        )
        for each in (database, identity, operators, rules, lookups):
            stack.push_async_callback(each.close)
        cache = AccessCache(rules, lookups)
        stack.push_async_callback(cache.close)
        resolver = TenantResolver(options.resolution, options.base_domain)
        vault = Vault(options.master_key)
        tokens = Tokens(lookups, vault, issuer=options.issuer, lifetime=options.token_seconds)
        people_options = PeopleOptions(options.hashing, options.mail, options.signing_key_days, options.clock)
        people = assemble(identity, cache, vault, tokens, people_options)
        stack.callback(people.close)
        authenticator = Authenticator(tokens, ApiKeys(database, cache), cache, resolver)
        failures = PolicyFailures(database)
        stack.push_async_callback(failures.close)
        gate = Gate(authenticator.identify, cache, database, failures.report)
        versions, hints, watcher = Versions(), WorkHints(pool), Watcher(database)
        stack.push_async_callback(hints.close)
        starter = Starter(pool, versions, hints)
        stack.push_async_callback(starter.close)
        stack.push_async_callback(watcher.close)
        reader = ExecutionReader(database, versions)
        mailer = Mailer(identity, options.mail)
        tasks_everywhere = Database(url, "weft_worker", size=NOTICE_CONNECTIONS)
        stack.push_async_callback(tasks_everywhere.close)
        notices = TaskNotices(tasks_everywhere, cache, options.mail.link)
        if background:
            cache.start()
            mailer.start()
            stack.push_async_callback(mailer.stop)
            notices.start()
            stack.push_async_callback(notices.stop)
            people.housekeeper.start()
            stack.push_async_callback(people.housekeeper.stop)
        limits = TenantLimits(cache)
        administration = assemble_administration(Databases(database, identity, operators), cache, gate, people, limits)
        yield Services(
            database=database,
            identity=identity,
            operators=operators,
            cache=cache,
            gate=gate,
            resolver=resolver,
            people=people,
            tokens=tokens,
            passwords=people.passwords,
            accounts=people.accounts,
            sessions=people.sessions,
            sign_in=people.sign_in,
            workflows=WorkflowService(database, actions, limits),
            starter=starter,
            reader=reader,
            steering=Steering(database, reader, watcher, hints),
            watcher=watcher,
            tasks=TaskService(database, hints, cache),
            task_links=LinkService(database, hints, cache, options.mail.link),
            task_notices=notices,
            tenants=administration.tenants,
            administration=administration,
            policies=PolicyService(database),
            field_rules=FieldRuleService(database),
            explaining=Explaining(database, cache, gate),
            audit=AuditService(database, partial(_audit_mask, gate)),
            mail=MailService(identity),
            mailer=mailer,
        )


async def _audit_mask(gate: Gate, caller: Caller, entry: AuditEntry) -> Callable[[Any], Any] | None:
    mask = await gate.mask(caller, workflow_of(entry))
    return None if mask is None else mask.apply
