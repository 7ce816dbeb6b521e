"""A report with something in every part of it, and one of each kind that leaves parts out."""

import dataclasses
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from interlink.pipeline.audit.report.rates import RATES
from interlink.pipeline.audit.statistics.intervals import clopper_pearson, wilson
from interlink.schemas.audit import (
    AuditItem,
    AuditPlan,
    AuditText,
    Change,
    Claim,
    ClaimVerdict,
    ClipVerdict,
    ErrorType,
    Pool,
    Rating,
    Role,
    StratumSize,
    Verdict,
)
from interlink.schemas.audit_report import (
    AuditReport,
    ErrorExample,
    ErrorReport,
    FoundErrors,
    Rate,
    RaterReport,
    RiskReport,
    StratumReport,
    TextReport,
)
from interlink.schemas.estimate import Agreement, Coefficient, Estimate, Method
from interlink.schemas.ids import digest
from interlink.schemas.text import TextKind


def estimate(value: float | None, lower: float, upper: float, **fields: Any) -> Estimate:
    given = {"num_items": 412, "num_effective_items": 371.2, "num_clusters": 41}
    return Estimate(
        value=value,
        lower=lower,
        upper=upper,
        confidence=0.95,
        method=Method.BOOTSTRAP,
        **(given | fields),
    )


def rate(name: str, num_of: int, num_items: int, shift: float = 0.0, **fields: Any) -> Rate:
    exact = clopper_pearson(num_of, num_items)
    quoted = estimate(None, 0, 1)
    if exact.value is not None:
        quoted = estimate(
            min(exact.value + shift, 1),
            max(exact.lower - 0.006, 0),
            min(exact.upper + 0.02, 1),
            **fields,
        )
    title, what = RATES[name]
    return Rate(
        name=name,
        title=title,
        what=what,
        estimate=quoted,
        exact=exact,
        wilson=wilson(num_of, num_items),
        num_of=num_of,
        num_items=num_items,
    )


def rates(scale: int = 1, **fields: Any) -> tuple[Rate, ...]:
    return (
        rate("wrong", 29 // scale, 396 // scale, 0.002, **fields),
        rate("clips_with_error", 22 // scale, 100 // scale, **fields),
        rate("severe", 6 // scale, 396 // scale, **fields),
        rate("cannot_tell", 16 // scale, 412 // scale, **fields),
        rate("bad", 7 // scale, 100 // scale, **fields),
        rate("not_good", 31 // scale, 100 // scale, **fields),
    )


def agreement(value: float | None, coefficient: Coefficient, reason: str = "") -> Agreement:
    return Agreement(
        coefficient=coefficient,
        value=value,
        lower=None if value is None else value - 0.11,
        upper=None if value is None else min(value + 0.1, 1),
        raw=wilson(57, 61),
        num_clips=23,
        num_raters=2,
        reason=reason,
    )


def rater(name: str, num_found: int, num_wrong: int) -> RaterReport:
    return RaterReport(
        rater=name,
        num_rated=81,
        num_claims=330,
        wrong=clopper_pearson(num_wrong, 318),
        cannot_tell=clopper_pearson(12, 330),
        sensitivity=clopper_pearson(num_found, 10),
        num_found=num_found,
        self_agreement=clopper_pearson(38, 40),
        num_repeats=10,
        seconds=21.4,
    )


def error(kind: ErrorType | None, num_claims: int, *examples: ErrorExample) -> ErrorReport:
    share = num_claims / 396
    return ErrorReport(
        error_type=kind,
        num_claims=num_claims,
        num_clips=max(num_claims - 2, 1),
        share=estimate(share, share * 0.5, share * 1.9 + 0.004),
        examples=examples,
    )


def example(number: int, text: str, **fields: Any) -> ErrorExample:
    given: dict[str, Any] = {
        "item_id": digest("item", number),
        "clip_id": digest("clip", number),
        "document_id": digest("document", number),
        "video_id": digest("video", number),
        "side": "a",
        "claim": 0,
        "text": text,
        "model": "facts",
        "severity": 2,
        "notes": (),
    }
    return ErrorExample(**(given | fields))


def make_report(**fields: Any) -> AuditReport:
    few = {"caveats": ("only 12 videos: with fewer than 30 the interval is rough",)}
    given: dict[str, Any] = {
        "audit_id": digest("audit"),
        "dataset_url": "how-to/dataset",
        "dataset_version": 3,
        "content_digest": digest("content"),
        "view": "clean",
        "seed": 7,
        "population": 2310,
        "num_planned": 120,
        "num_rated": 100,
        "num_videos": 41,
        "num_claims": 412,
        "num_raters": 2,
        "rates": rates(),
        "strata": (
            stratum("language=en, speech=yes", 1500, 62, 54, rates()),
            stratum("language=en, speech=no", 640, 32, 30, rates(3, **few)),
            stratum("language=de, speech=yes", 170, 26, 16, rates(5, **few)),
        ),
        "texts": (
            text("facts", "1", 100, rates()[:4]),
            text(None, None, 31, rates(4)[:4]),
        ),
        "agreement": agreement(0.81, Coefficient.COHEN_KAPPA),
        "clip_agreement": agreement(0.74, Coefficient.KRIPPENDORFF_ALPHA),
        "raters": (rater("Ann", 9, 24), rater("Bo", 7, 160)),
        "sensitivity": clopper_pearson(16, 20),
        "found": (
            FoundErrors(error_type=ErrorType.OBJECT, found=clopper_pearson(7, 9), num_found=7),
            FoundErrors(error_type=ErrorType.COUNT, found=clopper_pearson(9, 11), num_found=9),
        ),
        "errors": (
            error(
                ErrorType.OBJECT,
                12,
                example(1, "A red circle moves from left to right.", notes=("It is a button.",)),
                example(2, "A dog stands on the table.", severity=3),
            ),
            error(ErrorType.COUNT, 8, example(3, "Three cups stand in a row.", severity=1)),
            error(None, 3, example(4, "The camera zooms in.", model=None, severity=None)),
        ),
        "risk": RiskReport(
            num_planned=30,
            num_rated=28,
            num_claims=96,
            num_wrong=21,
            num_with_error=15,
            num_bad=6,
            num_flawed=11,
        ),
        "reasons": (),
        "caveats": ("raters missed 4 of 20 planted errors: the true rate is likely higher",),
    }
    return AuditReport(**(given | fields))


def stratum(
    name: str, population: int, planned: int, rated: int, of: tuple[Rate, ...]
) -> StratumReport:
    return StratumReport(
        stratum=name, population=population, num_planned=planned, num_rated=rated, rates=of
    )


def text(model: str | None, revision: str | None, num: int, of: tuple[Rate, ...]) -> TextReport:
    return TextReport(
        kind=TextKind.CAPTION if model else TextKind.GIVEN,
        model=model,
        revision=revision,
        num_texts=num,
        rates=of,
    )


def make_empty() -> AuditReport:
    """Return what there is before anybody has judged."""
    nothing = tuple(rate(name, 0, 0) for name in RATES)
    none = Agreement(
        coefficient=Coefficient.KRIPPENDORFF_ALPHA,
        value=None,
        lower=None,
        upper=None,
        raw=wilson(0, 0),
        num_clips=0,
        num_raters=0,
        reason="0 claims of 0 clips were judged twice, 50 claims are needed",
    )
    return make_report(
        num_rated=0,
        num_videos=0,
        num_claims=0,
        num_raters=0,
        rates=nothing,
        strata=(),
        texts=(),
        raters=(),
        found=(),
        errors=(),
        agreement=none,
        clip_agreement=none,
        sensitivity=clopper_pearson(0, 0),
        reasons=("nobody has judged yet",),
        caveats=(),
        view=None,
    )


def with_text_everywhere(value: Any, text: str) -> Any:
    """Return a report with every free text of it replaced; names of closed lists stay."""
    if isinstance(value, tuple):
        return tuple(with_text_everywhere(one, text) for one in value)
    if type(value) is str:
        return text
    if not dataclasses.is_dataclass(value):
        return value
    changes = {
        field.name: with_text_everywhere(getattr(value, field.name), text)
        for field in dataclasses.fields(value)
        if field.name not in ("side", "format_version")
    }
    return dataclasses.replace(value, **changes)


@pytest.fixture
def report() -> AuditReport:
    return make_report()


@pytest.fixture
def changed() -> Any:
    """Makes the report with other values: `changed(seed=1)`."""
    return make_report


@pytest.fixture
def empty() -> AuditReport:
    return make_empty()


@pytest.fixture
def hostile() -> Any:
    """Replaces every free text of the report: `hostile(text)`."""
    return lambda text: with_text_everywhere(make_report(), text)


class SmallAudit:
    """Makes plans without a dataset, and ratings in short form."""

    def plan(
        self,
        clips: Sequence[tuple[str, int]] | Sequence[tuple[str, int, str]],
        populations: dict[str, int] | None = None,
        **fields: Any,
    ) -> AuditPlan:
        """Return a plan of clips i0, i1, ...: video, number of claims, stratum (`all`)."""
        strata = [clip[2] if len(clip) == 3 else "all" for clip in clips]
        drawn = Counter(strata)
        sizes = tuple(
            StratumSize(stratum=name, population=population, sampled=drawn[name])
            for name, population in (populations or dict(drawn)).items()
        )
        chances = {size.stratum: size.inclusion_probability for size in sizes}
        items = tuple(
            AuditItem(
                item_id=f"i{number}",
                order=number,
                clip_id=f"c{number}",
                document_id=f"d-{clip[0]}",
                video_id=clip[0],
                group="g",
                stratum=stratum,
                pool=Pool.ESTIMATION,
                inclusion_probability=chances[stratum],
                texts=(audit_text(clip[1]),),
            )
            for number, (clip, stratum) in enumerate(zip(clips, strata, strict=True))
        )
        plan = AuditPlan(
            audit_id="audit",
            dataset_url="/data/demo/dataset",
            dataset_version=1,
            content_digest="content",
            view=None,
            seed=7,
            strata=(),
            score=None,
            kinds=(TextKind.CAPTION,),
            sizes=sizes,
            items=items,
        )
        return dataclasses.replace(plan, **fields)

    def again(
        self, plan: AuditPlan, number: int, planted: int | None = None, **fields: Any
    ) -> AuditPlan:
        """Return the plan with an item shown again: a repeat, or with an error in one claim."""
        change = planted_error(planted, **fields) if planted is not None else None
        role = Role.REPEAT if change is None else Role.PERTURBED
        item = dataclasses.replace(
            plan.items[number],
            item_id=f"{plan.items[number].item_id}-{role.value}",
            order=len(plan.items),
            role=role,
            of_item=plan.items[number].item_id,
            inclusion_probability=None,
            change=change,
        )
        return dataclasses.replace(plan, items=(*plan.items, item))

    def judge(self, rater: str, said: dict[str, str], **fields: Any) -> list[Rating]:
        """Return ratings by item id: `r`, `w`, `c` or `-` (no verdict) for each claim in order.

        A digit after `w` is its severity, and `:bad` or the like at the end the verdict on the
        clip, without which it is flawed where a claim is wrong, else good. `fields` are of all
        ratings, `error_types` of all their wrong claims.
        """
        types = tuple(fields.pop("error_types", ()))
        return [_rating(rater, item_id, short, types, fields) for item_id, short in said.items()]


_VERDICTS = {"r": Verdict.RIGHT, "w": Verdict.WRONG, "c": Verdict.CANNOT_TELL}


def _rating(
    rater: str, item_id: str, short: str, types: tuple[ErrorType, ...], fields: dict[str, Any]
) -> Rating:
    letters, _, clip_verdict = short.partition(":")
    claims = []
    for number, one in enumerate(re.findall(r"[rc-]|w\d?", letters)):
        if one != "-":
            verdict = _VERDICTS[one[0]]
            claim = ClaimVerdict(
                side="a",
                claim=number,
                verdict=verdict,
                severity=int(one[1:]) if one[1:] else None,
                error_types=types if verdict is Verdict.WRONG else (),
            )
            claims.append(claim)
    verdict = ClipVerdict(clip_verdict or ("flawed" if "w" in letters else "good"))
    return Rating(
        audit_id="audit",
        item_id=item_id,
        rater=rater,
        clip_verdict=verdict,
        claims=tuple(claims),
        **fields,
    )


def audit_text(num_claims: int, **fields: Any) -> AuditText:
    claims = tuple(Claim(number=n, text=f"Claim {n}.") for n in range(num_claims))
    given = {"side": "a", "kind": TextKind.CAPTION, "model": "m", "revision": "1"}
    text = " ".join(claim.text for claim in claims)
    return AuditText(**(given | {"text": text, "claims": claims} | fields))


def planted_error(claim: int, error_type: ErrorType = ErrorType.OBJECT) -> Change:
    return Change(side="a", claim=claim, error_type=error_type, before="cat", after="dog")


@pytest.fixture
def small_audit() -> SmallAudit:
    return SmallAudit()
