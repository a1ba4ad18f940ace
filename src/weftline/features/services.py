"""The features' services on one database, opened and closed together."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

import structlog

from weftline.authoring import registry
from weftline.authoring.builtin import HttpSettings
from weftline.features.access.cache import AccessCache
from weftline.features.access.caller import Caller
from weftline.features.access.fields.service import FieldRuleService
from weftline.features.access.gate import Gate
from weftline.features.access.permissions import CATALOGUE
from weftline.features.access.policies.engine import PolicySource
from weftline.features.access.policies.explaining import Explaining
from weftline.features.access.policies.failures import PolicyFailures
from weftline.features.access.policies.service import PolicyService
from weftline.features.administration import Administration, Databases
from weftline.features.administration import assemble as assemble_administration
from weftline.features.audit.models import AuditEntry
from weftline.features.audit.service import AuditService, workflow_of
from weftline.features.audit.trail import request_actor
from weftline.features.catalogue.service import CatalogueService
from weftline.features.database import Database
from weftline.features.executions.bulk.runner import BulkRunner
from weftline.features.executions.bulk.service import BulkOperations
from weftline.features.executions.editing import Editor
from weftline.features.executions.hints import WorkHints
from weftline.features.executions.many.reader import ManyReader
from weftline.features.executions.migrating.service import Migrating
from weftline.features.executions.operating.service import Operating
from weftline.features.executions.reader import ExecutionReader
from weftline.features.executions.reviewing.service import Reviewing
from weftline.features.executions.reviewing.steps import StepSubmission
from weftline.features.executions.starter import Starter
from weftline.features.executions.steering import Steering
from weftline.features.executions.step_reader import StepReader
from weftline.features.executions.versions import Versions
from weftline.features.executions.watcher import Watcher
from weftline.features.expressions.service import ExpressionService
from weftline.features.idempotency.keys import IdempotencyKeys
from weftline.features.identity.accounts import Accounts
from weftline.features.identity.authenticator import Authenticator
from weftline.features.identity.keys import ApiKeys
from weftline.features.identity.mfa.codes import Clock
from weftline.features.identity.passwords import HashingCost, Passwords
from weftline.features.identity.people import People, PeopleOptions, assemble
from weftline.features.identity.sessions import Sessions
from weftline.features.identity.sign_in import SignIn
from weftline.features.identity.tokens import Tokens
from weftline.features.integrations.authorizing import Authorizing
from weftline.features.integrations.callback_rest import BrowserCookie
from weftline.features.integrations.catalogue import IntegrationCatalogue
from weftline.features.integrations.directory import Directory
from weftline.features.integrations.importing import ImportedIntegrations
from weftline.features.integrations.importing_service import ImportService
from weftline.features.integrations.keeping import Keeping
from weftline.features.integrations.service import ConnectionService
from weftline.features.integrations.telling import RenewalNotices
from weftline.features.jobs.service import JobService
from weftline.features.library.entitlements import Entitlements, Everything
from weftline.features.library.moderating import ModerationService
from weftline.features.library.publishing import PublishingService
from weftline.features.library.service import LibraryService
from weftline.features.library.shelves import PluginTemplate, Shelves
from weftline.features.library.sources import Sources
from weftline.features.live.housekeeping import FeedHousekeeping
from weftline.features.live.hub import LiveHub
from weftline.features.live.kinds import PATTERNS
from weftline.features.mail.mailer import Mailer
from weftline.features.mail.service import MailService
from weftline.features.mail.settings import MailSettings
from weftline.features.notifications.notices import FailureNotices
from weftline.features.notifications.service import NotificationService
from weftline.features.notifications.templates.service import MessageTemplateService
from weftline.features.platform.encryption_keys.service import EncryptionKeys
from weftline.features.plugins.market import PluginShop
from weftline.features.plugins.service import PluginService
from weftline.features.process_map.service import ProcessMapService
from weftline.features.rates.limiter import RateLimiter
from weftline.features.statistics.service import StatisticsService
from weftline.features.tasks.links import LinkService
from weftline.features.tasks.notices import TaskNotices
from weftline.features.tasks.service import TaskService
from weftline.features.tenancy.limits import TenantLimits
from weftline.features.tenancy.resolution import DEFAULT_ORDER, Strategy, TenantResolver
from weftline.features.tenancy.service import TenantService
from weftline.features.trials.service import TrialService
from weftline.features.triggers.hooks import Hooks
from weftline.features.triggers.integration_calls import IntegrationCalls
from weftline.features.triggers.service import TriggerService
from weftline.features.triggers.starting import Starting
from weftline.features.variables.service import VariableService
from weftline.features.webhooks.checking import Checking
from weftline.features.webhooks.deliveries import DeliveryService
from weftline.features.webhooks.loops import WebhookLoops
from weftline.features.webhooks.service import WebhookService
from weftline.features.workflows.many import ManyWorkflows
from weftline.features.workflows.service import WorkflowService
from weftline.features.working_copies.service import WorkingCopyService
from weftline.plugins.running import RunningPlugins
from weftline.store.bus import open_bus
from weftline.store.connect import create_pool
from weftline.store.keyring import Keyring
from weftline.store.triggers import TriggerRules

HOT_CONNECTIONS = 8
"""For starts, messages to executions and hints, beside the connections of everything else."""

IDENTITY_CONNECTIONS = 4
LOOKUP_CONNECTIONS = 4
"""For what is asked within transactions: waiting for a connection while holding one could go on for ever."""

OPERATOR_CONNECTIONS = 2
LIVE_CONNECTIONS = 4
"""For the readers of feeds that somebody follows."""

LOOP_CONNECTIONS = 1
"""For the loops that look through every tenant, one at a time."""

WEBHOOK_CONNECTIONS = 3
"""For planning what webhooks are told, and for noting what came of it."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class AccountOptions:
    """What the features need to know about accounts.

    Attributes:
        keyring: holds the keys under which secrets are sealed.
        issuer: who issues access tokens, as a rule the platform's URL.
        token_seconds: how long an access token lives.
        hashing: what hashing a password costs.
        resolution: the ways in which a request may name its tenant.
        base_domain: whose subdomains are tenants.
        mail: how mail is sent.
        http: which addresses webhooks may be at.
        idempotency_hours: how long requests under an idempotency key are remembered.
        signing_key_days: age at which the key that signs access tokens is replaced, days.
        is_https: people reach the platform by https.
        clock: the time by which codes of second factors are checked, Unix seconds.
    """

    keyring: Keyring
    issuer: str = "weftline"
    token_seconds: int = 600
    hashing: HashingCost = field(default_factory=HashingCost)
    resolution: Sequence[Strategy] = DEFAULT_ORDER
    base_domain: str | None = None
    mail: MailSettings = field(default_factory=MailSettings)
    http: HttpSettings = field(default_factory=HttpSettings)
    idempotency_hours: float = 24
    signing_key_days: int = 90
    is_https: bool = False
    clock: Clock = time.time


@dataclass(frozen=True, slots=True)
class Services:
    """What the features offer, ready to use."""

    database: Database
    identity: Database
    operators: Database
    cache: AccessCache
    gate: Gate
    idempotency: IdempotencyKeys
    resolver: TenantResolver
    people: People
    tokens: Tokens
    passwords: Passwords
    accounts: Accounts
    sessions: Sessions
    sign_in: SignIn
    catalogue: CatalogueService
    expressions: ExpressionService
    workflows: WorkflowService
    working_copies: WorkingCopyService
    trials: TrialService
    many_workflows: ManyWorkflows
    starter: Starter
    reader: ExecutionReader
    steps: StepReader
    many: ManyReader
    steering: Steering
    watcher: Watcher
    editor: Editor
    operating: Operating
    reviewing: Reviewing
    submission: StepSubmission
    migrating: Migrating
    bulk: BulkOperations
    bulk_runner: BulkRunner
    jobs: JobService
    tasks: TaskService
    task_links: LinkService
    triggers: TriggerService
    hooks: Hooks
    task_notices: TaskNotices
    tenants: TenantService
    administration: Administration
    policies: PolicyService
    field_rules: FieldRuleService
    explaining: Explaining
    audit: AuditService
    mail: MailService
    mailer: Mailer
    notifications: NotificationService
    message_templates: MessageTemplateService
    variables: VariableService
    encryption_keys: EncryptionKeys
    statistics: StatisticsService
    process_maps: ProcessMapService
    library: LibraryService
    template_sources: Sources
    publishing: PublishingService
    moderation: ModerationService
    webhooks: WebhookService
    webhook_deliveries: DeliveryService
    live: LiveHub
    integrations: IntegrationCatalogue
    imports: ImportService
    connections: ConnectionService
    authorizing: Authorizing
    browser_cookie: BrowserCookie
    renewal_notices: RenewalNotices
    plugins: PluginService
    plugin_shop: PluginShop


@asynccontextmanager
async def open_services(
    url: str,
    actions: Collection[str] | None,
    options: AccountOptions,
    *,
    background: bool = True,
    limiter: RateLimiter | None = None,
    redis: str | None = None,
    plugins: RunningPlugins | None = None,
    entitlements: Entitlements | None = None,
) -> AsyncGenerator[Services]:
    """The services, until the context ends. The database need not answer yet.

    Args:
        url: a PostgreSQL URL whose role may become those of ``weftline.store.roles``.
        actions: names that definitions may call; None accepts any.
        options: what there is to know about accounts.
        background: do what is not asked for by a request, too: follow revocations, send mail, tell of tasks
            and of failures, remove what is old.
        limiter: counts what callers ask.
        redis: URL of a Redis server that carries messages between processes; None: PostgreSQL does.
        plugins: those of this process; None: there are none.
        entitlements: knows who may install premium templates; None: everybody may.
    """
    async with AsyncExitStack() as stack:
        keyring = options.keyring
        running = plugins or RunningPlugins((), "0", url, keyring, "console", registry)
        stack.push_async_callback(running.stop)
        running.serve(CATALOGUE, request_actor, PATTERNS)
        pool = await create_pool(
            url, "weft_api", name="weftline-api", min_size=0, max_size=HOT_CONNECTIONS, keyring=keyring
        )
        stack.push_async_callback(pool.close)
        database = Database(url, keyring=keyring)
        identity = Database(url, "weft_identity", size=IDENTITY_CONNECTIONS)
        operators = Database(url, "weft_operator", size=OPERATOR_CONNECTIONS)
        rules, lookups = (
            Database(url, size=LOOKUP_CONNECTIONS),
            Database(url, "weft_identity", size=LOOKUP_CONNECTIONS),
        )
        for each in (database, identity, operators, rules, lookups):
            stack.push_async_callback(each.close)
        cache = AccessCache(rules, lookups, partial(_plugin_policies, running))
        running.on_change(cache.forget_rules)
        stack.push_async_callback(cache.close)
        resolver = TenantResolver(options.resolution, options.base_domain)
        vault = keyring.vault
        tokens = Tokens(lookups, vault, issuer=options.issuer, lifetime=options.token_seconds)
        people_options = PeopleOptions(
            options.hashing, options.mail, options.signing_key_days, options.clock, options.is_https
        )
        people = assemble(identity, cache, vault, tokens, running, people_options)
        stack.callback(people.close)
        authenticator = Authenticator(tokens, ApiKeys(database, cache), cache, resolver, people.cookies)
        failures = PolicyFailures(database)
        stack.push_async_callback(failures.close)
        gate = Gate(authenticator.identify, cache, database, failures.report, limiter)
        idempotency = IdempotencyKeys(database, identity, keyring, hours=options.idempotency_hours)
        versions, hints, watcher = Versions(), WorkHints(pool), Watcher(database)
        starting, rules_of_triggers = Starting(versions), TriggerRules()
        stack.push_async_callback(hints.close)
        starter = Starter(pool, versions, hints)
        stack.push_async_callback(starter.close)
        stack.push_async_callback(watcher.close)
        reader = ExecutionReader(database)
        steering, tasks = Steering(database, pool, reader, watcher, hints), TaskService(database, hints, cache)
        jobs = JobService(url, pool, database, hints)
        stack.push_async_callback(jobs.close)
        mailer = Mailer(identity, options.mail)
        everywhere = Database(url, "weft_worker", size=LOOP_CONNECTIONS, keyring=keyring)
        stack.push_async_callback(everywhere.close)
        notices = TaskNotices(everywhere, cache, options.mail.link)
        failure_notices = FailureNotices(everywhere, options.mail.link, options.http)
        renewal_notices = RenewalNotices(everywhere, cache, options.mail.link)
        bulk_runner = BulkRunner(database, everywhere, hints)
        subscribers = Database(url, "weft_worker", size=WEBHOOK_CONNECTIONS, keyring=keyring)
        stack.push_async_callback(subscribers.close)
        bus = open_bus(url, "weft_api", redis)
        stack.push_async_callback(bus.close)
        webhook_loops = WebhookLoops(subscribers, cache, keyring, options.mail.link, options.http, bus, running)
        running.on_change(webhook_loops.subscriptions.wake)
        followed = Database(url, size=LIVE_CONNECTIONS, keyring=keyring)
        stack.push_async_callback(followed.close)
        live = LiveHub(followed, gate, bus)
        stack.push_async_callback(live.close)
        feed_housekeeping = FeedHousekeeping(everywhere)
        if background:
            await running.start()
            await bus.start()
            feed_housekeeping.start()
            stack.push_async_callback(feed_housekeeping.stop)
            cache.start()
            jobs.start()
            mailer.start()
            stack.push_async_callback(mailer.stop)
            notices.start()
            stack.push_async_callback(notices.stop)
            failure_notices.start()
            stack.push_async_callback(failure_notices.stop)
            renewal_notices.start()
            stack.push_async_callback(renewal_notices.stop)
            bulk_runner.start()
            stack.push_async_callback(bulk_runner.stop)
            webhook_loops.start()
            stack.push_async_callback(webhook_loops.stop)
            people.housekeeper.start()
            stack.push_async_callback(people.housekeeper.stop)
            idempotency.start()
            stack.push_async_callback(idempotency.stop)
        trials = TrialService(database, actions, cache, gate, hidden=running.hidden_actions, parts=running.parts)
        stack.push_async_callback(trials.close)
        limits = TenantLimits(cache)
        directory, keeping = Directory(ImportedIntegrations()), Keeping(keyring, options.http)
        connections = ConnectionService(database, directory, keeping, gate, hints)
        administration = assemble_administration(Databases(database, identity, operators), cache, gate, people, limits)
        workflows = WorkflowService(database, actions, limits, hidden=running.hidden_actions, parts=running.parts)
        variables = VariableService(database, options.keyring, options.mail.public_url)
        shelves = Shelves(database, partial(_plugin_templates, running))
        template_sources = Sources(database, workflows, gate)
        yield Services(
            database=database,
            identity=identity,
            operators=operators,
            cache=cache,
            gate=gate,
            idempotency=idempotency,
            resolver=resolver,
            people=people,
            tokens=tokens,
            passwords=people.passwords,
            accounts=people.accounts,
            sessions=people.sessions,
            sign_in=people.sign_in,
            catalogue=CatalogueService(
                database, actions, gate, hidden=running.hidden_actions, parts=running.parts, find=running.find
            ),
            expressions=ExpressionService(database, gate),
            workflows=workflows,
            working_copies=WorkingCopyService(database, gate),
            trials=trials,
            many_workflows=ManyWorkflows(database),
            starter=starter,
            reader=reader,
            steps=StepReader(database, versions),
            many=ManyReader(database, versions),
            steering=steering,
            watcher=watcher,
            editor=Editor(database),
            operating=Operating(database, reader, steering, starter),
            reviewing=Reviewing(database, steering),
            submission=StepSubmission(database, reader, steering, tasks),
            migrating=Migrating(database, steering, gate, hints),
            bulk=BulkOperations(database, gate, bulk_runner.wake),
            bulk_runner=bulk_runner,
            jobs=jobs,
            tasks=tasks,
            task_links=LinkService(database, hints, cache, options.mail.link),
            triggers=TriggerService(database, starting, rules_of_triggers, hints, options.mail.link),
            hooks=Hooks(
                *(database, cache, starting, rules_of_triggers, hints, watcher, reader),
                IntegrationCalls(starting, options.http),
            ),
            task_notices=notices,
            tenants=administration.tenants,
            administration=administration,
            policies=PolicyService(database),
            field_rules=FieldRuleService(database),
            explaining=Explaining(database, cache, gate, partial(_plugin_policies, running)),
            audit=AuditService(database, partial(_audit_mask, gate)),
            mail=MailService(identity),
            mailer=mailer,
            notifications=NotificationService(database),
            message_templates=MessageTemplateService(database),
            encryption_keys=EncryptionKeys(everywhere, identity, keyring),
            variables=variables,
            statistics=StatisticsService(database, gate),
            process_maps=ProcessMapService(database),
            library=LibraryService(database, shelves, workflows, variables, entitlements or Everything()),
            template_sources=template_sources,
            publishing=PublishingService(database, template_sources, shelves),
            moderation=ModerationService(operators, shelves),
            webhooks=WebhookService(database, keyring, Checking(gate, options.http), bus),
            webhook_deliveries=DeliveryService(database),
            live=live,
            integrations=IntegrationCatalogue(database, directory),
            imports=ImportService(database, options.http),
            connections=connections,
            authorizing=Authorizing(database, directory, keeping, keyring, connections, options.mail.link),
            browser_cookie=BrowserCookie(is_https=options.is_https),
            renewal_notices=renewal_notices,
            plugins=PluginService(database, operators, keyring, running, gate),
            plugin_shop=PluginShop(operators, running),
        )


def _plugin_policies(running: RunningPlugins, tenant_id: UUID) -> list[PolicySource]:
    return [PolicySource(each.name, each.title["en"], each.source) for each in running.policies(tenant_id)]


async def _plugin_templates(running: RunningPlugins, tenant_id: UUID) -> list[PluginTemplate]:
    # a command looks first which plugins run
    await running.statuses()
    return [PluginTemplate(id, each) for id, app in running.apps(tenant_id) for each in app.templates.values()]


async def _audit_mask(gate: Gate, caller: Caller, entry: AuditEntry) -> Callable[[Any], Any] | None:
    mask = await gate.mask(caller, workflow_of(entry))
    return None if mask is None else mask.apply
