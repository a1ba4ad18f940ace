"""Steps of a template, read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from weftline.language.dialects.base import Document, Fate, Path
from weftline.language.dialects.designer.shapes import BODY, MEANT, ON_ERROR, StepConfig, WorkflowStep
from weftline.language.dialects.ids import NodeIds
from weftline.language.dialects.mappings import read_mappings
from weftline.language.dialects.milliseconds import from_milliseconds
from weftline.language.dialects.reading import Reader
from weftline.language.dialects.retries import read_retry
from weftline.language.fields import is_template


def read_steps(steps: Sequence[WorkflowStep], path: Path, ids: NodeIds, reader: Reader) -> None:
    """Add a node for each step, and one to begin with where several steps could be the first.

    Parameters:
        steps: those of the template, which stand at ``path``.
        path: where.
        ids: their ids.
        reader: gets the nodes.
    """
    if not any(step.type.upper() == "START" for step in steps):
        led_to = {id_ for step in steps for id_ in (*step.next_steps, *step.on_error_steps, *step.config.body_steps)}
        first = [ids.ours(step.id) for step in steps if step.id not in led_to]
        if not first:
            message = "every step is led to by another: nothing says where executions begin"
            reader.problem("no_start", path, message, "add a step of type `START`")
        elif len(first) > 1:
            reader.add({"id": ids.new("start"), "type": "start", "next": first}, path)
    for index, step in enumerate(steps):
        _StepReader(step, (*path, index), ids, reader).read()


class _StepReader:
    """One step, and the nodes that it takes."""

    def __init__(self, step: WorkflowStep, path: Path, ids: NodeIds, reader: Reader) -> None:
        self._step = step
        self._path = path
        self._ids = ids
        self._reader = reader
        self._own = ids.ours(step.id)

    def read(self) -> None:
        step, reader, kind = self._step, self._reader, self._step.type.upper()
        meant, configured = MEANT.get(kind, (None, None))
        kept = reader.rest(step, self._path, meant)
        if config := reader.rest(step.config, (*self._path, "config"), configured):
            kept["config"] = config
        reader.keep_id(step.id, self._own, self._path, kept)
        fields: Document = {"id": self._own, "name": step.name, "description": step.description}
        following = self._targets(step.next_steps, "nextSteps")
        match kind:
            case "START":
                fields |= {"type": "start", "next": following or None}
            case "END":
                fields |= {"type": "end"}
            case "CONDITION":
                fields |= self._condition(following)
            case "ACTION":
                fields |= {**self._action(), **self._common(following), "when": self._guard()}
            case "DELAY":
                fields |= {**self._delay(step.config), **self._common(following), "when": self._guard()}
            case "LOOP":
                fields |= {**self._loop(step.config), **self._common(following)}
            case _:
                reader.add_placeholder({**fields, "next": following or None}, self._path, step.type, step, kept)
                return
        reader.add(fields, self._path, step, kept)

    def _common(self, following: list[str]) -> Document:
        mappings = self._step.output_mappings
        output = None if mappings is None else read_mappings(mappings, "result")
        return {"next": following or None, "onError": self._on_error(), "output": output}

    def _action(self) -> Document:
        step, config = self._step, self._step.config
        if step.integration_action_id is None:
            message = "an ACTION needs `integrationActionId`: which of the integration's actions it is"
            self._reader.problem("missing_field", self._path, message)
        prefix = "" if step.integration_id is None else f"{step.integration_id}."
        return {
            "type": "action",
            "action": f"{prefix}{step.integration_action_id}",
            "input": None if step.input_mappings is None else read_mappings(step.input_mappings),
            "retry": read_retry(config.retry_count, config.retry_delay_ms),
            "timeout": None if config.timeout_ms is None else from_milliseconds(config.timeout_ms),
        }

    def _condition(self, following: list[str]) -> Document:
        if not 1 <= len(following) <= 2:
            message = "a CONDITION has one or two `nextSteps`: where it is true, and where it is not"
            self._reader.problem("invalid_value", (*self._path, "nextSteps"), message)
            return {}
        if len(following) == 1:
            otherwise = self._ids.new(f"{self._own}.otherwise")
            message = f"where the condition is not true, the way ends: at the node `{otherwise}`"
            self._reader.note(Fate.CHANGED, (*self._path, "nextSteps"), "nextSteps", message)
            self._reader.add({"id": otherwise, "type": "end"}, self._path)
            following = [*following, otherwise]
        ways = {"true": following[0], "false": following[1]}
        return {"type": "decision", "condition": self._guard(), **ways, "onError": self._on_error()}

    def _delay(self, config: StepConfig) -> Document:
        if config.delay_ms is not None and config.duration is not None:
            message = "a DELAY has `delayMs` or `duration`, not both"
            self._reader.problem("conflicting_fields", (*self._path, "config"), message)
        duration = config.duration if config.delay_ms is None else from_milliseconds(config.delay_ms)
        return {"type": "wait", "duration": duration, "until": config.until}

    def _loop(self, config: StepConfig) -> Document:
        place: Path = (*self._path, "config")
        if not config.body_steps:
            self._reader.problem("missing_field", place, "a LOOP needs `bodySteps`: what it repeats")
        body = [self._ids.target(id_, (*place, "bodySteps", index)) for index, id_ in enumerate(config.body_steps)]
        items: Any = config.items
        if isinstance(items, str) and not is_template(items):
            items = f"${{{items}}}"
            self._reader.note(Fate.CHANGED, (*place, "items"), "items", "it is read as an expression")
        return {
            "type": "loop",
            "forEach": items,
            "do": self._one(body, f"{self._own}{BODY}", (*place, "bodySteps")),
            "concurrency": config.concurrency,
            "while": self._guard(),
            "maxIterations": config.max_iterations,
        }

    def _guard(self) -> str | None:
        condition = self._step.condition
        return None if condition is None else self._reader.cel(condition, (*self._path, "condition"))

    def _on_error(self) -> str | None:
        targets = self._targets(self._step.on_error_steps, "onErrorSteps")
        return self._one(targets, f"{self._own}{ON_ERROR}", (*self._path, "onErrorSteps"))

    def _targets(self, ids: Sequence[str], name: str) -> list[str]:
        return [self._ids.target(id_, (*self._path, name, index)) for index, id_ in enumerate(ids)]

    def _one(self, targets: list[str], like: str, path: Path) -> str | None:
        """The one node that leads to all of the ``targets``."""
        if len(targets) < 2:
            return targets[0] if targets else None
        fork = self._ids.new(like)
        self._reader.note(Fate.CHANGED, path, str(path[-1]), f"the node `{fork}` leads to all of them")
        self._reader.add({"id": fork, "type": "set", "values": {}, "next": targets}, path)
        return fork
