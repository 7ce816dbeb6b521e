"""`docs/watching.md` lists the events that there are, with their values."""

import inspect
import re
from pathlib import Path

from interlink.pipeline.jobs.observer import Events, Observer
from interlink.pipeline.parts.commit import Commit, StageCounts

PAGE = Path(__file__).parents[2] / "docs" / "watching.md"
COMMIT = Commit(
    part="001-00000",
    step="scan",
    key="k",
    attempt="a",
    num_kept=1,
    stages=(StageCounts(stage="scan", deferred=3, quarantined=1),),
    files=(),
    wall_s=2.5,
)


class Heard(Events):
    """Keeps the values of each event."""

    def __init__(self) -> None:
        self.values: dict[str, list[str]] = {}

    def say(self, event: str, **values: object) -> None:
        self.values[event] = list(values)


def test_the_page_lists_each_event_with_its_values():
    heard = Heard()
    for name, method in inspect.getmembers(Observer, inspect.isfunction):
        if name.startswith("_"):
            continue
        parameters = list(inspect.signature(method).parameters)[1:]
        tell = getattr(heard, name)
        tell(COMMIT) if parameters == ["commit"] else tell(**dict.fromkeys(parameters, ()))
    rows = re.findall(r"^\| `(\w+)` \|[^|]*\|(.*)\|$", PAGE.read_text(), re.M)
    listed = {event: re.findall(r"`(\w+)`", values) for event, values in rows}
    assert listed == heard.values
