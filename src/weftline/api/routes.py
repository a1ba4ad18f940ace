"""The features' routes, built once in a process."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import Context
from functools import cache

from fastapi import APIRouter

from weftline.api.late import late_services
from weftline.api.live.rest import live_routes
from weftline.api.live.socket import socket_routes
from weftline.features.access.fields.rest import field_rule_routes
from weftline.features.access.policies.rest import explain_routes, policy_routes
from weftline.features.administration import administration_routes
from weftline.features.audit.rest import audit_routes
from weftline.features.catalogue.rest import catalogue_routes
from weftline.features.executions.bulk.rest import bulk_routes
from weftline.features.executions.definitions_rest import execution_definition_routes
from weftline.features.executions.migrating.rest import migration_routes
from weftline.features.executions.operating.rest import operating_routes
from weftline.features.executions.rest import Executions, execution_routes
from weftline.features.executions.reviewing.rest import review_routes
from weftline.features.executions.step_rest import step_routes
from weftline.features.expressions.rest import expression_routes
from weftline.features.identity.rest import identity_routes, public_key_routes
from weftline.features.identity.rest.answers import Handover
from weftline.features.integrations.callback_rest import callback_routes
from weftline.features.integrations.connection_rest import connection_routes
from weftline.features.integrations.importing_rest import import_routes
from weftline.features.integrations.rest import integration_routes
from weftline.features.jobs.rest import job_routes
from weftline.features.library.moderation_rest import moderation_routes
from weftline.features.library.publication_rest import publication_routes
from weftline.features.library.rest import library_routes
from weftline.features.mail.rest import mail_routes
from weftline.features.notifications.rest import notification_routes
from weftline.features.notifications.templates.rest import message_template_routes
from weftline.features.platform.encryption_keys.rest import encryption_key_routes
from weftline.features.plugins.market_rest import market_routes
from weftline.features.plugins.rest import plugin_routes
from weftline.features.process_map.rest import process_map_routes
from weftline.features.services import Services
from weftline.features.statistics.rest import statistics_routes
from weftline.features.tasks.link_rest import task_link_routes
from weftline.features.tasks.rest import task_routes
from weftline.features.trials.rest import trial_routes
from weftline.features.triggers.hooks_rest import hook_routes
from weftline.features.triggers.rest import trigger_routes
from weftline.features.variables.rest import variable_routes
from weftline.features.webhooks.deliveries_rest import delivery_routes
from weftline.features.webhooks.rest import webhook_routes
from weftline.features.workflows.rest import workflow_routes
from weftline.features.working_copies.rest import working_copy_routes


@cache
def feature_routers() -> Sequence[APIRouter]:
    """The routers of every feature.

    They use the services that are at hand when a request comes in. While they are built there are none: what makes
    routes may keep a service, or a part of one, but neither call it nor look at a value of it.
    """
    # in a context of its own: no services may be at hand now
    return Context().run(_routers, late_services())


def executions_of(services: Services) -> Executions:
    """Everything that the routes of executions need."""
    return Executions(
        services.starter, services.reader, services.steering, services.watcher, services.editor, services.gate
    )


def _routers(services: Services) -> Sequence[APIRouter]:
    executions = executions_of(services)
    handover = Handover(services.cache, services.people.cookies)
    return (
        *identity_routes(services.people, handover, services.resolver),
        *administration_routes(services.administration, handover),
        policy_routes(services.policies),
        field_rule_routes(services.field_rules),
        explain_routes(services.explaining),
        audit_routes(services.audit),
        mail_routes(services.mail),
        catalogue_routes(services.catalogue),
        expression_routes(services.expressions),
        workflow_routes(services.workflows, services.gate),
        working_copy_routes(services.working_copies),
        trial_routes(services.trials),
        execution_routes(executions),
        operating_routes(executions, services.operating),
        review_routes(executions, services.reviewing, services.submission),
        migration_routes(executions, services.migrating),
        execution_definition_routes(services.reader, services.workflows, services.gate),
        step_routes(services.steps, services.gate),
        bulk_routes(services.bulk),
        notification_routes(services.notifications, services.reader, services.gate),
        message_template_routes(services.message_templates),
        *variable_routes(services.variables),
        encryption_key_routes(services.encryption_keys, services.tenants),
        statistics_routes(services.statistics),
        process_map_routes(services.process_maps),
        library_routes(services.library),
        *publication_routes(services.publishing, services.template_sources),
        *moderation_routes(services.moderation),
        job_routes(services.jobs),
        # before those of tasks, among which it would be the id of one
        live_routes(services.live, services.gate),
        socket_routes(services.live, services.gate),
        task_routes(services.tasks, services.task_links),
        task_link_routes(services.task_links),
        trigger_routes(services.triggers, services.gate),
        hook_routes(services.hooks),
        webhook_routes(services.webhooks),
        delivery_routes(services.webhook_deliveries, services.gate),
        integration_routes(services.integrations),
        import_routes(services.imports),
        connection_routes(services.connections, services.authorizing, services.browser_cookie),
        callback_routes(services.authorizing, services.browser_cookie),
        *plugin_routes(services.plugins),
        market_routes(services.plugin_shop),
        public_key_routes(services.tokens),
    )
