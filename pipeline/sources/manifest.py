"""Reads what is to be fetched: manifests, folders, single files and URLs become sources.

Columns of a manifest: one of `url`, `uri`, `path`; and any of `source_id`, `sha256`, `start_s` and
`end_s` (or `start_us` and `end_us`), `caption` or `captions`, `group`, `title`, `license`,
`language` (or `lang`), `split`, `duration_s`, `num_bytes`. Other columns become metadata.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from ...schemas import ids
from ...schemas.errors import UsageError
from ...schemas.source import GivenSpan, Source
from ...transforms.fetch.local import local_path
from ...transforms.fetch.routing import MEDIA_SUFFIXES, Route, is_url, is_web, route
from ..recipes.secrets import holds_password
from .cells import Cells
from .rows import MANIFEST_SUFFIXES, URI_COLUMNS, read_rows


def read_sources(location: str | Path | Sequence[str | Path]) -> list[Source]:
    """Return the sources that `location` names, in the order of their first line.

    Lines with the same URI are one source with several spans, in time order; where their other
    fields differ, the first line wins. Relative paths are relative to the manifest's folder.
    A file's group is the folder that it lies in, where no column says otherwise.

    Args:
        location: a manifest (txt, csv, tsv, jsonl, json lines or parquet; also as an fsspec URL),
            a folder (its media files, at any depth, sorted), one media file, one URL; or several
            of these.

    Raises:
        UsageError: something cannot be read or is not allowed; names file, line and value.
        EnvironmentFault: a package that a manifest's URL needs is missing.
    """
    locations = [location] if isinstance(location, str | Path) else list(location)
    drafts: dict[str, _Draft] = {}
    for place in locations:
        for line in _lines(str(place)):
            drafts.setdefault(line.source.uri, _Draft(line)).add(line)
    if not drafts:
        raise UsageError(f"{', '.join(map(str, locations)) or 'the list of sources'} names nothing")
    _check_ids([draft.first for draft in drafts.values()])
    return [draft.finish() for draft in drafts.values()]


@dataclass(frozen=True, slots=True)
class _Line:
    """What one line says: a source with at most one span."""

    place: str
    source: Source


@dataclass(slots=True)
class _Draft:
    """A source whose lines are still coming in."""

    first: _Line
    spans: dict[tuple[int, int], dict[str, None]] = field(default_factory=dict)
    captions: dict[str, None] = field(default_factory=dict)

    def add(self, line: _Line) -> None:
        self.captions |= dict.fromkeys(line.source.captions)
        for span in line.source.spans:
            texts = self.spans.setdefault((span.start_us, span.end_us), {})
            texts |= dict.fromkeys(span.captions)

    def finish(self) -> Source:
        spans = tuple(
            GivenSpan(start_us=start_us, end_us=end_us, captions=tuple(texts))
            for (start_us, end_us), texts in sorted(self.spans.items())
        )
        return replace(self.first.source, spans=spans, captions=tuple(self.captions))


def _lines(location: str) -> Iterator[_Line]:
    """Yield what a location names, whatever kind of location it is."""
    suffix = PurePosixPath(location.split("?")[0]).suffix.lower()
    if is_url(location) and suffix not in MANIFEST_SUFFIXES:
        yield _Line(location, _bare_source(location, location))
    elif is_url(location):
        yield from _manifest_lines(location)
    elif Path(location).is_dir():
        yield from _folder_lines(location)
    elif not Path(location).exists():
        raise UsageError(f"there is no file or folder {location}")
    elif suffix in MANIFEST_SUFFIXES:
        yield from _manifest_lines(location)
    elif suffix in MEDIA_SUFFIXES:
        yield _Line(location, _bare_source(str(Path(location).absolute()), location))
    else:
        raise UsageError(
            f"{location} is neither a manifest ({', '.join(MANIFEST_SUFFIXES)}) nor a media file "
            f"({', '.join(MEDIA_SUFFIXES)})"
        )


def _folder_lines(location: str) -> Iterator[_Line]:
    folder = Path(location).absolute()
    found = sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.suffix.lower() in MEDIA_SUFFIXES
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and path.is_file()
    )
    if not found:
        raise UsageError(f"no media file under {location}: looked for {', '.join(MEDIA_SUFFIXES)}")
    for name in found:
        written = f"{location.rstrip('/')}/{name}"
        yield _Line(written, _bare_source(str(folder / name), written))


def _bare_source(uri: str, written: str) -> Source:
    return Source(source_id=ids.source_id(written), uri=uri, group=_folder_name(uri))


def _manifest_lines(location: str) -> Iterator[_Line]:
    for row in read_rows(location):
        yield _Line(row.place, _row_source(Cells(row), location))


def _row_source(cells: Cells, location: str) -> Source:
    """Return what one row asks for.

    The id is a digest of the URI as written, so that it stays when the folder is moved.
    """
    written = cells.one_of(*URI_COLUMNS)
    if written is None:
        raise cells.error(f"fills none of the columns {', '.join(URI_COLUMNS)}")
    if not written.isprintable():
        raise cells.error(f"{written!r} holds a character that no path or URL can hold")
    if holds_password(written):
        raise cells.error(
            "holds a URL with a password, and a plan is stored with its run; take it out and give "
            "it to the workers as fetch.headers, such as {example.org: {Authorization: env:NAME}}"
        )
    uri = _resolve(written, location)
    span = _span(cells)
    captions = cells.texts("caption", "captions")
    return Source(
        source_id=cells.text("source_id") or ids.source_id(written),
        uri=uri,
        sha256=cells.matching("sha256", "[0-9a-f]{64}", "64 hexadecimal digits"),
        spans=(GivenSpan(start_us=span[0], end_us=span[1], captions=captions),) if span else (),
        captions=() if span else captions,
        group=cells.text("group") or _folder_name(uri),
        title=cells.text("title"),
        license=cells.text("license"),
        language=cells.text("language", "lang"),
        split=cells.matching("split", "train|eval", "train or eval"),
        duration_us=cells.time_us("duration"),
        num_bytes=cells.whole("num_bytes"),
        metadata=cells.rest(),
    )


def _span(cells: Cells) -> tuple[int, int] | None:
    """Return the row's half-open span in microseconds, if it names one."""
    start_us, end_us = cells.time_us("start"), cells.time_us("end")
    if start_us is None and end_us is None:
        return None
    if start_us is None or end_us is None:
        filled, missing = ("end", "start") if start_us is None else ("start", "end")
        raise cells.error(f"has {filled} but no {missing}; give both or none")
    if end_us <= start_us:
        raise cells.error(f"end {_seconds(end_us)} must be after start {_seconds(start_us)}")
    return start_us, end_us


def _resolve(written: str, location: str) -> str:
    """Return `written`, made absolute where it is a path relative to the manifest's folder."""
    if is_url(written):
        return written
    if is_url(location):
        is_absolute = written.startswith("/")
        return written if is_absolute else f"{location.rsplit('/', 1)[0]}/{written}"
    return str(Path(location).absolute().parent / written)


def _folder_name(uri: str) -> str | None:
    """Return the name of the folder that a file lies in; a web address tells no group."""
    if is_web(uri):
        return None
    if route(uri) is Route.LOCAL:
        return local_path(uri).parent.name or None
    return PurePosixPath(uri.split("::")[0].split("://", 1)[-1]).parent.name or None


def _check_ids(lines: Sequence[_Line]) -> None:
    """Raise for an id that two sources share."""
    owners: dict[str, _Line] = {}
    for line in lines:
        other = owners.setdefault(line.source.source_id, line)
        if other is not line:
            raise UsageError(
                f"{line.place}: source_id={line.source.source_id!r} already names "
                f"{other.source.uri} ({other.place}); give {line.source.uri} an id of its own"
            )


def _seconds(time_us: int) -> str:
    return f"{time_us / 1e6:g} s"
