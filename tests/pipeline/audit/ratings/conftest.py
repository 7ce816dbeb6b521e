"""Plans of a few captions, whose ids tests can know before they run."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from interlink.schemas.audit import AuditPlan


@pytest.fixture
def make_plan(made_audit: Any) -> Callable[..., AuditPlan]:
    """Makes plans of audit `aaa...`: `make_plan(["A dog."], ["A cat.", "A bird."])`.

    Items have the ids 0, 1, ... as 32 hexadecimal digits, and one or two captions each.
    """

    def make(*captions: Sequence[str]) -> AuditPlan:
        audit = made_audit("a" * 32, dataset_version=3)
        for number, texts in enumerate(captions):
            audit.add(f"c{number}", *texts, item_id=f"{number:032x}")
        plan: AuditPlan = audit.plan
        return plan

    return make
