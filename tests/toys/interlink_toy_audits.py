"""Real datasets with captions of our choice, and small plans with ratings in short form."""

import dataclasses
import hashlib
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from interlink.pipeline.audit.claims import split_claims
from interlink.pipeline.audit.sample.settings import item_id
from interlink.pipeline.dataset.reader import read_documents
from interlink.pipeline.dataset.versions import commit_version, manifest_path, read_manifest
from interlink.pipeline.parts.commit import KEPT_NAME, Commit
from interlink.pipeline.parts.plan import plan_path
from interlink.pipeline.parts.workspace import CommittedFile
from interlink.pipeline.storage.records_file import write_records
from interlink.pipeline.storage.store import Store
from interlink.schemas.arrow import to_table
from interlink.schemas.audit import (
    SIDES,
    AuditItem,
    AuditPlan,
    AuditText,
    ClaimVerdict,
    ClipVerdict,
    Pool,
    Rating,
    StratumSize,
    Verdict,
)
from interlink.schemas.content import content_sha256
from interlink.schemas.document import Document, DocumentClip
from interlink.schemas.manifest import Manifest, Provenance, Tombstone
from interlink.schemas.source import Source
from interlink.schemas.text import Caption, TextKind, TextStatus


class AuditDataset:
    """Makes documents and writes them as a dataset."""

    def __init__(self, tmp_path: Path, make_documents: Any) -> None:
        self._path = tmp_path
        self._make_documents = make_documents

    def documents(self, num_videos: int, *, clips: int = 3, **fields: Any) -> list[Document]:
        """Return documents of videos v0, v1, ...; `fields` of their sources are replaced."""
        made = self._make_documents(*(f"v{n}" for n in range(num_videos)), clips=clips)
        return [
            sealed(dataclasses.replace(d, source=dataclasses.replace(d.source, **fields)))
            for d in made
        ]

    def sealed(self, document: Document) -> Document:
        """Return the document with the digest of its content."""
        return sealed(document)

    def read(self, url: str) -> list[Document]:
        """Return the documents of a dataset."""
        return list(read_documents(url))

    def write(self, *parts: Sequence[Document], name: str = "dataset") -> str:
        """Write a dataset, or its next version, with one part for each list of documents."""
        run, dataset = Store(str(self._path / "made")), Store(str(self._path / name))
        plan_documents(run, parts)
        commits = []
        for number, documents in enumerate(parts):
            local = self._path / f"{name}-{number}.parquet"
            write_records(local, sorted(documents, key=lambda d: d.document_id), Document)
            data = local.read_bytes()
            sha256 = hashlib.sha256(data).hexdigest()
            path = f"steps/assemble/001-{number:05d}/{name}-{sha256[:8]}/{KEPT_NAME}"
            run.put_file(path, local)
            commit = Commit(
                part=f"001-{number:05d}",
                step="assemble",
                key="k",
                attempt="a",
                num_kept=len(documents),
                stages=(),
                files=(CommittedFile(path=path, num_bytes=len(data), sha256=sha256),),
                wall_s=0.0,
            )
            commits.append(commit)
        provenance = Provenance(run="r", recipe_digest="d", code_version="0", created="2025-01-01")
        commit_version(run, dataset, commits, provenance=provenance)
        return dataset.url

    def take_down(self, url: str, *ids: str) -> Manifest:
        """Publish a version that differs from the newest by tombstones alone."""
        dataset = Store(url)
        before = read_manifest(dataset)
        stones = [Tombstone(id=one, reason="asked", version=before.version + 1) for one in ids]
        after = dataclasses.replace(
            before, version=before.version + 1, tombstones=(*before.tombstones, *stones)
        )
        dataset.put(manifest_path(after.version), json.dumps(json.loads(after.to_json())).encode())
        return after

    def with_texts(self, document: Document, *texts: Sequence[dict[str, Any]]) -> Document:
        """Return the document with the texts of its clips replaced; fields of `Caption` each."""
        clips = [
            dataclasses.replace(clip, texts=tuple(caption(clip, **fields) for fields in of_clip))
            for clip, of_clip in zip(document.clips, texts, strict=True)
        ]
        return sealed(dataclasses.replace(document, clips=tuple(clips)))


def plan_documents(run: Store, parts: Sequence[Sequence[Document]]) -> None:
    """Write the plan whose parts have these documents, over one that had others."""
    rows = sorted({(n, d.source.source_id) for n, part in enumerate(parts) for d in part})
    sources = [Source(source_id=name, uri="") for _, name in rows]
    numbers = pa.array([number for number, _ in rows], pa.int32())
    table = to_table(sources, Source).append_column("part", numbers)
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    run.put(plan_path(1), buffer.getvalue())


def caption(clip: DocumentClip, **fields: Any) -> Caption:
    given = {"kind": TextKind.CAPTION, "model": "m", "status": TextStatus.OK, "language": "en"}
    return Caption(start_us=clip.start_us, end_us=clip.end_us, **(given | fields))


def sealed(document: Document) -> Document:
    return dataclasses.replace(document, content_sha256=content_sha256(document))


class MadeAudit:
    """An audit without a dataset: clips with captions of our choice, and ratings in short form."""

    def __init__(self, name: str = "first", **fields: Any) -> None:
        self.audit_id, self._fields = name, fields
        self.items: list[AuditItem] = []
        self.ratings: list[Rating] = []

    @property
    def plan(self) -> AuditPlan:
        """The plan; without `sizes` every stratum has been drawn whole."""
        strata = dict.fromkeys(item.stratum for item in self.items)
        of_stratum = [[i for i in self.items if i.stratum == name] for name in strata]
        given = {
            "dataset_url": self.audit_id,
            "dataset_version": 1,
            "content_digest": self.audit_id,
            "view": None,
            "seed": 0,
            "strata": (),
            "score": None,
            "kinds": (TextKind.CAPTION,),
            "sizes": tuple(
                StratumSize(stratum=items[0].stratum, population=len(items), sampled=len(items))
                for items in of_stratum
            ),
        }
        return AuditPlan(audit_id=self.audit_id, items=tuple(self.items), **(given | self._fields))

    def add(
        self,
        clip: str,
        *texts: str,
        video: str = "",
        models: Sequence[str | None] = (),
        **fields: Any,
    ) -> AuditItem:
        """Add an item for the estimate, with the texts on sides a and b."""
        audited = [
            AuditText(
                side=side,
                kind=TextKind.CAPTION,
                text=text,
                model=model,
                revision=None,
                claims=split_claims(text),
            )
            for side, text, model in zip(
                SIDES, texts or ("A dog. A cat.",), models or ("m1", "m2"), strict=False
            )
        ]
        given = {
            "item_id": item_id(self.audit_id, clip, "plain"),
            "order": len(self.items),
            "clip_id": clip,
            "document_id": f"d-{video or clip}",
            "video_id": video or clip,
            "group": "g",
            "stratum": "all",
            "pool": Pool.ESTIMATION,
            "inclusion_probability": 1.0,
            "texts": tuple(audited),
        }
        self.items.append(AuditItem(**(given | fields)))
        return self.items[-1]

    def rate(self, clip: str, verdicts: str, rater: str = "ann", **fields: Any) -> Rating:
        """Rate a clip: `rw?` is right, wrong, cannot tell, a space no verdict; `|` side b."""
        item = next(item for item in self.items if item.clip_id == clip)
        names = {"r": Verdict.RIGHT, "w": Verdict.WRONG, "?": Verdict.CANNOT_TELL}
        claims = tuple(
            ClaimVerdict(side=side, claim=number, verdict=names[letter])
            for side, letters in zip(SIDES, verdicts.split("|"), strict=False)
            for number, letter in enumerate(letters)
            if letter != " "
        )
        verdict = ClipVerdict.FLAWED if "w" in verdicts else ClipVerdict.GOOD
        given = {"audit_id": self.audit_id, "rater": rater, "clip_verdict": verdict}
        given |= {"item_id": item.item_id, "claims": claims}
        self.ratings.append(Rating(**(given | fields)))
        return self.ratings[-1]
