"""From a plan to its review site: documents, pictures and clips of the dataset, then the page."""

import contextlib
import os
import shutil
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from ....schemas.audit import AuditItem, AuditPlan
from ....schemas.document import Document
from ....schemas.errors import UsageError
from ....schemas.manifest import Manifest
from ...dataset.reader import read_documents
from ...dataset.versions import read_manifest
from ...storage.store import Store
from .data import SiteItem
from .folder import write_site
from .item import describe_item, find_clip
from .media import WantedClip, write_media
from .sheet import write_sheet


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteReport:
    """What was written."""

    index: Path
    """What to open in a browser."""
    num_items: int
    """Items to judge."""
    num_clips: int
    """Distinct clips among them."""
    num_playable: int
    """Clips that can be played; contact sheets stand in for the others."""
    num_bytes: int
    """Size of the folder."""
    max_media_bytes: int
    """Size of the largest clip file."""
    cpu_s: float
    """CPU time of this process and its children."""

    @property
    def cpu_s_per_clip(self) -> float:
        """CPU time for each clip, in seconds."""
        return self.cpu_s / self.num_clips if self.num_clips else 0.0


def build_site(plan: AuditPlan, folder: Path, *, title: str | None = None) -> SiteReport:
    """Write the review site of a plan.

    One row group of documents and one clip file are held at a time; of each item only its texts.
    A site that is there stays whole until the new one is.

    Args:
        plan: the audit.
        folder: where to; made if need be.
        title: name of the dataset; by default the last part of its address.

    Raises:
        UsageError: the dataset is not the one that was sampled.
    """
    began_s = _cpu_s()
    dataset = Store(plan.dataset_url)
    manifest = _sampled_version(dataset, plan)
    with _in_place_of(folder) as unfinished:
        found, wanted = _describe_items(plan, unfinished)
        media = write_media(dataset, manifest, wanted, unfinished)
        write_site(
            unfinished,
            (replace(item, media=media.get(item.clip_id)) for item in found),
            audit_id=plan.audit_id,
            title=title or plan.dataset_url.rstrip("/").rsplit("/", 1)[-1],
            dataset_version=plan.dataset_version,
            view=plan.view,
        )
    sizes = {path: path.stat().st_size for path in folder.rglob("*") if path.is_file()}
    return SiteReport(
        index=folder / "index.html",
        num_items=len(plan.items),
        num_clips=len({item.clip_id for item in plan.items}),
        num_playable=len(media),
        num_bytes=sum(sizes.values()),
        max_media_bytes=max((sizes[folder / one.src] for one in media.values()), default=0),
        cpu_s=_cpu_s() - began_s,
    )


@contextlib.contextmanager
def _in_place_of(folder: Path) -> Iterator[Path]:
    """Lend a folder that takes the place of `folder` at the end, and goes if anything fails."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = folder.with_name(f".{folder.name}-{uuid.uuid4().hex[:8]}")
    unfinished.mkdir()
    try:
        yield unfinished
        old = unfinished.with_name(f"{unfinished.name}-old")
        if folder.exists():
            folder.rename(old)
        unfinished.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _sampled_version(dataset: Store, plan: AuditPlan) -> Manifest:
    """Return the version that was sampled.

    Raises:
        UsageError: its content is another since.
    """
    manifest = read_manifest(dataset, plan.dataset_version)
    if manifest.content_digest != plan.content_digest:
        raise UsageError(
            f"{plan.dataset_url} version {plan.dataset_version} has content digest "
            f"{manifest.content_digest}, the audit was drawn from {plan.content_digest}: "
            "draw it again"
        )
    return manifest


def _describe_items(plan: AuditPlan, folder: Path) -> tuple[list[SiteItem], dict[str, WantedClip]]:
    """Write the contact sheets; return the items in the order of judging, still without media.

    Returns:
        The items, and by id the clips whose files are asked for.

    Raises:
        UsageError: an item is not in the dataset.
    """
    documents = read_documents(plan.dataset_url, version=plan.dataset_version)
    found: dict[str, SiteItem] = {}
    wanted: dict[str, WantedClip] = {}
    for item, document in _pairs(plan.items, documents):
        clip = find_clip(item, document)
        file = WantedClip.of(clip)
        if file is not None:
            wanted[item.clip_id] = file
        sheet = write_sheet(clip, folder)
        found[item.item_id] = describe_item(item, document, media=None, sheet=sheet)
    missing = [item.item_id for item in plan.items if item.item_id not in found]
    if missing:
        raise UsageError(f"{len(missing)} items are not in the dataset, such as {missing[0]}")
    ordered = sorted(plan.items, key=lambda item: item.order)
    return [found[item.item_id] for item in ordered], wanted


def _pairs(
    items: Iterable[AuditItem], documents: Iterable[Document]
) -> Iterator[tuple[AuditItem, Document]]:
    by_document: dict[str, list[AuditItem]] = defaultdict(list)
    for item in items:
        by_document[item.document_id].append(item)
    for document in documents:
        for item in by_document.get(document.document_id, ()):
            yield item, document


def _cpu_s() -> float:
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system
