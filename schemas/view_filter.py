"""Applying a view to the rows of a dataset version, with what its audits say joined on.

Whoever reads documents through a view does it here. Audits are read only if a rule asks for them.
"""

import hashlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from .arrow import arrow_schema
from .audit import ClipVerdict
from .audit_row import AuditedClip, DocumentAudit
from .document import Document
from .errors import EnvironmentFault
from .manifest import Manifest
from .view import View

AUDIT_COLUMN = "audit"
"""Rules on `audit.num_clips` and the like are about `DocumentAudit`."""
_KEYS = ["document_id", "content_sha256"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewFilter:
    """Which rows of one dataset version a view keeps; made by `open_filter`. It pickles."""

    view: View | None
    """The view; None keeps every row."""
    found: pa.Table | None
    """What the audits say: the keys of a document and the columns of `DocumentAudit`; None where
    the view does not ask."""

    @property
    def columns(self) -> list[str]:
        """Paths of the columns that `apply` needs, and that files have."""
        asked = [rule.column for rule in self.view.rules] if self.view else []
        stored = [column for column in asked if not _is_audit(column)]
        return stored if self.found is None else [*stored, *_KEYS]

    def apply(self, table: pa.Table) -> pa.Table:
        """Return the rows that the view keeps, with the columns that the table has.

        Args:
            table: rows of documents with `columns`, and any others.
        """
        if self.view is None:
            return table
        expression = self.view.expression(view_schema())
        if self.found is None:
            return table.filter(expression)
        joined = table.append_column(AUDIT_COLUMN, _join(table, self.found))
        return joined.filter(expression).drop_columns([AUDIT_COLUMN])


def open_filter(view: View | None, manifest: Manifest, read: Callable[[str], bytes]) -> ViewFilter:
    """Make ready to apply a view to a version.

    Args:
        view: the view; None for all documents.
        manifest: the version.
        read: returns the bytes of a file under the dataset's root.

    Raises:
        ValueError: the view does not suit the documents' columns.
        EnvironmentFault: a file of an audit is lost, or not what the manifest says.
    """
    if view is not None:
        view.expression(view_schema())
    found = _documents(manifest, read) if asks_audits(view) else None
    return ViewFilter(view=view, found=found)


def asks_audits(view: View | None) -> bool:
    """Tell whether a view depends on what was judged."""
    return view is not None and any(_is_audit(rule.column) for rule in view.rules)


def view_schema() -> pa.Schema:
    """Return the columns that rules may name: those of documents, and `audit`."""
    struct = pa.struct(list(arrow_schema(DocumentAudit)))
    return arrow_schema(Document).append(pa.field(AUDIT_COLUMN, struct))


def _is_audit(column: str) -> bool:
    return column.split(".")[0] == AUDIT_COLUMN


def _documents(manifest: Manifest, read: Callable[[str], bytes]) -> pa.Table:
    """Return one row for each document of which a clip was judged."""
    import pyarrow.compute as pc

    tables = [_read_clips(manifest, a.clips_path, a.clips_sha256, read) for a in manifest.audits]
    rows = pa.concat_tables([arrow_schema(AuditedClip).empty_table(), *tables])
    for name, verdict in ("num_bad", ClipVerdict.BAD), ("num_flawed", ClipVerdict.FLAWED):
        rows = rows.append_column(name, pc.equal(rows["clip_verdict"], verdict).cast(pa.int32()))
    worst = [(name, "max") for name in ("num_bad", "num_flawed", "num_wrong", "max_severity")]
    clips = _renamed(rows.group_by([*_KEYS, "clip_id"]).aggregate(worst), "_max")
    # A clip that is bad to one audit and flawed to another is bad.
    only_flawed = pc.greater(clips["num_flawed"], clips["num_bad"]).cast(pa.int32())
    clips = clips.set_column(clips.column_names.index("num_flawed"), "num_flawed", only_flawed)
    sums = [(name, "sum") for name in ("num_bad", "num_flawed", "num_wrong")]
    documents = clips.group_by(_KEYS).aggregate([*sums, ("max_severity", "max"), ([], "count_all")])
    documents = _renamed(_renamed(documents, "_sum"), "_max")
    named = [("num_clips" if n == "count_all" else n) for n in documents.column_names]
    schema = arrow_schema(DocumentAudit)
    documents = documents.rename_columns(named)
    columns = [documents[field.name].cast(field.type) for field in schema]
    keys = [documents[key] for key in _KEYS]
    return pa.table([*keys, *columns], names=[*_KEYS, *schema.names])


def _read_clips(
    manifest: Manifest, path: str, sha256: str, read: Callable[[str], bytes]
) -> pa.Table:
    import pyarrow.parquet as pq

    try:
        data = read(path)
    except FileNotFoundError as error:
        raise EnvironmentFault(
            f"the dataset lacks {path}, which its manifest v{manifest.version:06d} names; "
            "restore it"
        ) from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise EnvironmentFault(
            f"{path} does not have the digest that the manifest names; restore it"
        )
    table = pq.read_table(io.BytesIO(data), use_threads=False)
    return table.cast(arrow_schema(AuditedClip))


def _renamed(table: pa.Table, suffix: str) -> pa.Table:
    return table.rename_columns([name.removesuffix(suffix) for name in table.column_names])


def _join(table: pa.Table, found: pa.Table) -> pa.ChunkedArray:
    """Return the struct `audit` of each row, zeros where nothing was judged."""
    import pyarrow.compute as pc

    places = pc.index_in(_key(table), value_set=_key(found).combine_chunks())
    fields = list(arrow_schema(DocumentAudit))
    columns: Sequence[pa.Array] = [
        pc.fill_null(found[field.name].take(places), 0).combine_chunks() for field in fields
    ]
    return pa.chunked_array([pa.StructArray.from_arrays(columns, fields=fields)])


def _key(table: pa.Table) -> pa.ChunkedArray:
    import pyarrow.compute as pc

    return pc.binary_join_element_wise(table[_KEYS[0]], table[_KEYS[1]], "/")
