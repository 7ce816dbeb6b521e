"""The dataset's card (`README.md`): what is in it, how good it is, how to load it, its limits."""

import json
import re

import jinja2

from ...schemas.manifest import Manifest
from ..audit.report import wording
from ..audit.report.markdown import told
from ..audit.report.visible import escape_markdown, to_markdown, visible
from ..audit.rubric import make_rubric
from ..dataset.funnel import read_funnel
from ..dataset.versions import manifest_versions, read_manifest
from ..storage.store import Store
from .card_facts import CardFacts, TextsOf, by_count, collect_facts
from .card_pictures import Picture, distribution_pictures, funnel_picture, rates_picture
from .findings import read_reports

CARD_NAME = "README.md"
_NAME = re.compile(r'^pretty_name: (".*")$', re.MULTILINE)
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_VERSIONS = {
    "cc-by": ("2.0", "2.5", "3.0", "4.0"),
    "cc-by-sa": ("3.0", "4.0"),
    "cc-by-nc": ("2.0", "3.0", "4.0"),
    "cc-by-nd": ("4.0",),
    "cc-by-nc-nd": ("3.0", "4.0"),
    "cc-by-nc-sa": ("2.0", "3.0", "4.0"),
}
_HUB_LICENSES = {"cc0-1.0", *(f"{name}-{v}" for name, of_it in _VERSIONS.items() for v in of_it)}
"""Of the licenses that the Hub has a name for, those that videos are under."""
_MAX_ROWS = 30


def rewrite_card(dataset: Store, name: str | None = None) -> Manifest:
    """Write the card of the newest version, and its pictures.

    Where another publishes meanwhile the card is written again, so that it never stays behind.

    Args:
        dataset: where the dataset lies.
        name: how people call the dataset; None for what the present card says, else its run's name.

    Returns:
        The version that the card is of.

    Raises:
        UsageError: there is no dataset.
    """
    while True:
        manifest = read_manifest(dataset)
        write_card(dataset, manifest, name or _present_name(dataset) or manifest.provenance.run)
        if manifest_versions(dataset)[-1] == manifest.version:
            return manifest


def write_card(dataset: Store, manifest: Manifest, name: str) -> None:
    """Write the card of a version, and its pictures; the same version gives the same bytes.

    Args:
        dataset: where the dataset lies.
        manifest: the version.
        name: how people call the dataset.
    """
    facts = collect_facts(dataset, manifest)
    funnel = read_funnel(dataset).to_pylist()
    reports = read_reports(dataset, manifest)
    attempted = funnel_picture(funnel)
    found = {report.audit_id: rates_picture(report) for report in reports}
    distributions = list(distribution_pictures(facts))
    text = (
        _environment()
        .get_template("card.md")
        .render(
            name=name,
            manifest=manifest,
            facts=facts,
            license=_license(facts),
            languages=sorted(code for code in facts.languages if _LANGUAGE.fullmatch(code)),
            texts=sorted(facts.texts.items(), key=lambda counted: counted[0].key),
            num_failed=sum(
                n for of, n in facts.texts.items() if of.status not in ("ok", "truncated")
            ),
            funnel=funnel,
            reports=reports,
            titles={t.name: t.title for t in make_rubric().error_types} | {None: "Not named"},
            attempted=attempted,
            found=found,
            distributions=distributions,
        )
    )
    for picture in (attempted, *found.values(), *distributions):
        if picture is not None:
            dataset.put(picture.path, picture.svg())
    dataset.put(CARD_NAME, text.encode())


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(__package__ or ""),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # Markdown; what others wrote goes through the filters below
    )
    environment.filters["others"] = _others
    environment.filters["joined"] = lambda text: text.replace(" %", "\u00a0%")
    environment.filters["told"] = told
    environment.filters["yaml"] = _yaml
    environment.filters["picture"] = _picture
    environment.filters["writer"] = _writer
    environment.filters["by_count"] = by_count
    environment.globals["w"] = wording
    environment.globals["max_rows"] = _MAX_ROWS
    return environment


def _others(text: object, max_chars: int = 120) -> str:
    return to_markdown(str(text), max_chars)


def _license(facts: CardFacts) -> str:
    """Return the Hub's name for the one license of all documents, or `other`."""
    names = {name.lower() for name in facts.licenses}
    return names.pop() if len(names) == 1 and names <= _HUB_LICENSES else "other"


def _yaml(text: str) -> str:
    """Return a text as a quoted scalar of YAML, which takes what JSON takes but for some signs."""
    shown = visible(text).replace("\ufffe", "?").replace("\uffff", "?")
    return json.dumps(shown, ensure_ascii=False)


def _picture(picture: Picture) -> str:
    alt = escape_markdown(visible(picture.alt)).replace('"', "'")
    return f"![{alt}]({picture.path})"


def _writer(texts: TextsOf) -> str:
    if not texts.model:
        return "given"
    parts = (texts.model, texts.revision) if texts.revision else (texts.model,)
    return "@".join(to_markdown(part, 120) for part in parts)


def _present_name(dataset: Store) -> str | None:
    if not dataset.exists(CARD_NAME):
        return None
    found = _NAME.search(dataset.read(CARD_NAME).decode(errors="replace"))
    try:
        name = json.loads(found[1]) if found else None
    except ValueError:  # somebody has edited the card
        return None
    return name or None
