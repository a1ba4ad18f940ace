"""The table of a workflow template's statuses."""

from __future__ import annotations

from weftline.model.status import TEMPLATE_TRANSITIONS, TemplateStatus


def test_every_status_of_a_template_has_its_moves() -> None:
    assert set(TEMPLATE_TRANSITIONS) == set(TemplateStatus)
    assert all(status not in targets for status, targets in TEMPLATE_TRANSITIONS.items())


def test_a_template_can_be_put_away_from_anywhere_and_comes_back() -> None:
    archived = TemplateStatus.ARCHIVED
    assert all(archived in targets for status, targets in TEMPLATE_TRANSITIONS.items() if status is not archived)
    assert TEMPLATE_TRANSITIONS[archived] == {TemplateStatus.DRAFT, TemplateStatus.PUBLISHED}
