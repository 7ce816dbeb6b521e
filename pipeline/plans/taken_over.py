"""Sources that stand in several plans: what counts of them is what the newest plan says."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...schemas.outcome import Outcome
from ..parts.commit import StageCounts
from ..parts.plan import part_name, read_plan, retry_numbers
from ..storage.store import Store


@dataclass(frozen=True, kw_only=True)
class TakenOver:
    """Which sources of which parts a later plan took over."""

    newest: Mapping[str, int]
    """The newest plan of each source that stands in several."""
    parts: Mapping[str, frozenset[str]]
    """The sources of each part that a later plan has; parts without any are left out."""

    def counts(self, outcome: Outcome, part: str) -> bool:
        """Tell whether an outcome of a part still counts."""
        return outcome.owner_id not in self.parts.get(part, ())


def taken_over(store: Store, plans: Sequence[int]) -> TakenOver:
    """Return what later plans of a run took over; cheap where no plan is a retry.

    Args:
        store: the run.
        plans: numbers of its plans, in order.
    """
    newest: dict[str, int] = {}
    for number in retry_numbers(store):
        if number in plans:
            ids = read_plan(store, number, ["source_id"]).column("source_id").to_pylist()
            newest |= dict.fromkeys(ids, number)
    parts: dict[str, set[str]] = {}
    for number in plans if newest else ():
        if number < max(newest.values()):
            for part, source in _rows(store, number):
                if newest.get(source, number) > number:
                    parts.setdefault(part, set()).add(source)
    several = set[str]().union(*parts.values())
    return TakenOver(
        newest={source: number for source, number in newest.items() if source in several},
        parts={part: frozenset(sources) for part, sources in parts.items()},
    )


def without(
    counts: Iterable[StageCounts], outcomes: Iterable[Outcome], gone: Iterable[str]
) -> tuple[StageCounts, ...]:
    """Return the counts of a part's stages without those of some sources.

    Args:
        counts: the counts.
        outcomes: the part's outcomes.
        gone: ids of the sources.
    """
    sources = set(gone)
    numbers = {each.stage: _as_numbers(each) for each in counts}
    for outcome in outcomes:
        if outcome.owner_id in sources:
            numbers[outcome.stage][outcome.disposition.value] -= 1
            numbers[outcome.stage]["outputs"] -= outcome.num_outputs
    return tuple(StageCounts(stage=stage, **values) for stage, values in numbers.items())


def _as_numbers(counts: StageCounts) -> dict[str, int]:
    names = ("kept", "rejected", "failed", "deferred", "quarantined", "outputs")
    return {name: getattr(counts, name) for name in names}


def _rows(store: Store, plan: int) -> Iterator[tuple[str, str]]:
    table = read_plan(store, plan, ["part", "source_id"])
    columns = (table.column(name).to_pylist() for name in ("part", "source_id"))
    for part, source in zip(*columns, strict=True):
        yield part_name(plan, part), source
