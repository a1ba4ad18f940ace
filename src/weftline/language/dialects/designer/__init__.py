"""The dialect ``designer``: a template with steps that integrations carry out, and triggers.

::

    {"templateId": "welcome", "name": "Welcome", "status": "PUBLISHED", "isActive": true,
     "triggers": [{"id": "morning", "name": "Every morning", "type": "SCHEDULED", "cronExpression": "0 8 * * *"}],
     "steps": [
        {"id": "find", "name": "Find contact", "type": "ACTION",
         "integrationId": "crm", "integrationActionId": "findContact",
         "inputMappings": {"email": "${input.email}"}, "outputMappings": {"contact": "${result}"},
         "nextSteps": ["known"], "onErrorSteps": ["tell"]},
        {"id": "known", "type": "CONDITION", "condition": "contact.id != ''", "nextSteps": ["greet", "tell"]}, …]}

An `ACTION` becomes the action ``<integrationId>.<integrationActionId>``. A `CONDITION` leads to the first of its
`nextSteps` where it is true, and to the second where it is not. A `LOOP` has `config.items` (with `config.concurrency`)
or a `condition` (with `config.maxIterations`), and `config.bodySteps`. A `DELAY` has `config.delayMs`,
`config.duration` or `config.until`. The template may also come as the `workflowData` of a version, or the
`templateData` of an entry in a library.
"""

from weftline.language.dialects.designer.dialect import DesignerDialect

__all__ = ["DesignerDialect"]
