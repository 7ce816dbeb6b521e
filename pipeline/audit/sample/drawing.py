"""From a dataset to the plan of an audit: which items, in which order, with which texts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ....schemas.audit import SIDES, AuditItem, AuditPlan, AuditText, Pool, Role, StratumSize
from ....schemas.ids import digest
from ....schemas.manifest import Manifest
from ....schemas.view_filter import asks_audits
from ...dataset.reader import find_view
from ...dataset.versions import read_manifest
from ...storage.store import Store
from ..claims import split_claims, states_facts
from . import sampling
from .columns import TextColumns, read_rows
from .perturb import Unchanged, perturb
from .population import Population, judged_texts, read_population
from .settings import AuditSettings, item_id


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawn:
    """A clip that was drawn."""

    index: int
    """In the population."""
    pool: Pool
    probability: float | None
    reason: str | None = None


def draw_sample(url: str, settings: AuditSettings, *, version: int | None = None) -> AuditPlan:
    """Draw the sample of an audit. The same dataset version and settings give the same plan.

    Args:
        url: root of the dataset, a local path or an fsspec URL.
        settings: how to draw.
        version: version of the dataset; None for the newest.

    Raises:
        UsageError: there is no such dataset, version, view or model, nothing to judge, or fewer
            clips are wanted than there are strata.
    """
    dataset = Store(url)
    manifest = read_manifest(dataset, version)
    population = read_population(dataset, manifest, settings)
    seats = sampling.seat_order(
        population.sizes(), num=settings.num_clips, minimum=settings.min_per_stratum
    )
    audit_id = settings.audit_id(_content(manifest, settings))
    sizes = _sizes(population, seats)
    chosen = sampling.choose(population.keys, population.strata, seats).tolist()
    chances = [sizes[stratum].inclusion_probability for stratum in seats]
    estimation = [
        _Drawn(index=index, pool=Pool.ESTIMATION, probability=chance)
        for index, chance in zip(chosen, chances, strict=True)
    ]
    risk = _risk(population, settings, set(chosen))
    plain = _plain_items(dataset, manifest, population, [*estimation, *risk], settings)
    plain = [replace(i, item_id=item_id(audit_id, i.clip_id, i.role)) for i in plain]
    again, num_unchanged = _shown_again(plain[: len(estimation)], audit_id, settings)
    items = _in_order(plain[: len(estimation)], again, plain[len(estimation) :])
    return AuditPlan(
        audit_id=audit_id,
        dataset_url=dataset.display(),
        dataset_version=manifest.version,
        content_digest=manifest.content_digest,
        view=settings.view,
        seed=settings.seed,
        strata=settings.strata,
        score=settings.score,
        score_edges=population.score_edges,
        kinds=settings.kinds,
        models=settings.models,
        sizes=tuple(sizes),
        min_per_stratum=settings.min_per_stratum,
        repeat_share=settings.repeat_share,
        perturbed_share=settings.perturbed_share,
        num_unchanged=num_unchanged,
        num_excluded=population.num_excluded,
        num_without_text=population.num_without_text,
        items=items,
    )


def _content(manifest: Manifest, settings: AuditSettings) -> str:
    """Return the digest of what decides on the population: content, and audits if the view asks."""
    view = find_view(manifest, settings.view) if settings.view else None
    if not asks_audits(view):
        return manifest.content_digest
    return digest(manifest.content_digest, [audit.clips_sha256 for audit in manifest.audits])


def _sizes(population: Population, seats: Sequence[int]) -> list[StratumSize]:
    sampled = np.bincount(seats, minlength=len(population.names)).tolist()
    return [
        StratumSize(stratum=name, population=size, sampled=drawn)
        for name, size, drawn in zip(population.names, population.sizes(), sampled, strict=True)
    ]


def _risk(population: Population, settings: AuditSettings, drawn: set[int]) -> Iterator[_Drawn]:
    """Yield the clips that look worst, by score and disagreement, and were not drawn by chance."""
    sign = -1.0 if settings.worst == "low" else 1.0
    differing = np.where(population.disagreements > 0, population.disagreements, np.nan)
    by_score = sampling.worst_first(sign * population.scores, population.keys)
    by_text = sampling.worst_first(differing, population.keys)
    found = sampling.alternate([by_score.tolist(), by_text.tolist()], taken=set(drawn))
    for _, (index, ranking) in zip(range(settings.num_risk), found, strict=False):
        score = f"{settings.score} {population.scores[index]:.4g}"
        yield _Drawn(
            index=index,
            pool=Pool.RISK,
            probability=None,
            reason="captions disagree" if ranking else score,
        )


def _plain_items(
    dataset: Store,
    manifest: Manifest,
    population: Population,
    drawn: Sequence[_Drawn],
    settings: AuditSettings,
) -> list[AuditItem]:
    """Read the clips that were drawn; their ids come later."""
    wanted: dict[int, list[int]] = {}
    for place, one in enumerate(drawn):
        wanted.setdefault(int(population.rows[one.index]), []).append(place)
    items: dict[int, AuditItem] = {}
    for document in read_rows(dataset, manifest, wanted):
        for place in wanted[document.row]:
            one = drawn[place]
            clip = document.clips[int(population.numbers[one.index])]
            items[place] = AuditItem(
                item_id="",
                order=place,
                clip_id=clip.clip_id,
                document_id=document.document_id,
                video_id=document.video_id,
                group=document.source.group,
                stratum=population.names[int(population.strata[one.index])],
                pool=one.pool,
                inclusion_probability=one.probability,
                texts=_sides(judged_texts(clip, settings), clip.clip_id, settings.seed),
                reason=one.reason,
            )
    return [items[place] for place in range(len(drawn))]


def _sides(texts: Sequence[TextColumns], clip_id: str, seed: int) -> tuple[AuditText, ...]:
    """Return the texts with their sides; which of two comes first is drawn for each clip."""
    is_swapped = len(texts) == 2 and sampling.draw(seed, 2, "sides", clip_id) == 1
    ordered = tuple(reversed(texts)) if is_swapped else tuple(texts)
    return tuple(
        AuditText(
            side=side,
            kind=text.kind,
            text=text.text,
            model=text.model,
            revision=text.revision,
            claims=split_claims(text.text, is_facts=states_facts(text.model)),
            language=text.language,
        )
        for side, text in zip(SIDES, ordered, strict=False)
    )


def _shown_again(
    items: Sequence[AuditItem], audit_id: str, settings: AuditSettings
) -> tuple[list[tuple[float, AuditItem]], int]:
    """Return where repeats and perturbed items go and what they are; no item gets both.

    And how many that were to be perturbed could not be.
    """
    num, seed = len(items), settings.seed
    shares = settings.repeat_share, settings.perturbed_share
    repeated = sampling.shown_again(num, shares[0], seed=seed, purpose="repeat")
    perturbed = sampling.shown_again(num, shares[1], seed=seed, purpose="perturb", avoid=repeated)
    found = []
    for seat in repeated:
        again = _again(items[seat], Role.REPEAT, audit_id)
        found.append((sampling.place_again(seat, seed=seed, purpose="repeat"), again))
    num_unchanged = 0
    for seat in perturbed:
        done = perturb(items[seat].texts, seed=seed, key=items[seat].clip_id)
        if isinstance(done, Unchanged):
            num_unchanged += 1
            continue
        again = _again(items[seat], Role.PERTURBED, audit_id)
        again = replace(again, texts=done.texts, change=done.change)
        found.append((sampling.place_again(seat, seed=seed, purpose="perturb"), again))
    return found, num_unchanged


def _in_order(
    estimation: Sequence[AuditItem],
    again: Sequence[tuple[float, AuditItem]],
    risk: Sequence[AuditItem],
) -> tuple[AuditItem, ...]:
    """Number the items: what is shown again between the plain ones, what looks bad at the end."""
    placed = [*again, *((float(place), item) for place, item in enumerate(estimation))]
    placed.sort(key=lambda pair: pair[0])
    items = (*(item for _, item in placed), *risk)
    return tuple(replace(item, order=order) for order, item in enumerate(items))


def _again(item: AuditItem, role: Role, audit_id: str) -> AuditItem:
    return replace(
        item,
        item_id=item_id(audit_id, item.clip_id, role),
        role=role,
        of_item=item.item_id,
        inclusion_probability=None,
    )
