"""Where a video came from, as a document tells it: without secrets or paths of a machine."""

import re
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from ...schemas.check import PUBLIC_PARAMETER
from ...schemas.document import DocumentSource
from ...schemas.ids import digest
from ...schemas.source import Source
from ...schemas.video import Site, Video


def describe_source(video: Video, *, duration_us: int, language: str | None) -> DocumentSource:
    """Return what a document says of its source.

    Args:
        video: the video that the document shows.
        duration_us: duration of the whole video.
        language: spoken language as recognised; what was given goes before it.
    """
    site = video.site
    page = site.page_url if site and site.page_url else video.final_uri
    return DocumentSource(
        source_id=video.source.source_id,
        group=group_of(video.source, site),
        uri=public_uri(page),
        site=site.name if site else None,
        title=video.title,
        creator=site.creator if site else None,
        creator_uri=public_uri(site.creator_uri) if site and site.creator_uri else None,
        published=site.published if site else None,
        duration_us=duration_us,
        language=video.language or language,
        license=video.license,
        license_raw=video.license_raw,
        license_source=video.license_source,
    )


def group_of(source: Source, site: Site | None = None) -> str:
    """Return what must not be divided between train and eval.

    The manifest's group, else the site's creator, else the host and folder of the URL, else the
    name of the local folder: never the file itself.

    Args:
        source: what was asked for.
        site: what a video site said of it, once it was fetched from one.
    """
    if source.group:
        return public_group(source.group)
    if site and site.creator_uri:
        return public_uri(site.creator_uri)
    if site and site.creator:
        return site.creator
    uri = source.uri.split("::")[-1]
    parts = urlsplit(uri)
    if _is_remote(uri):
        folder = str(PurePosixPath(parts.path).parent).strip("/")
        return f"{parts.hostname or ''}/{folder}".strip("/") or parts.scheme
    return PurePosixPath(parts.path.replace("\\", "/")).parent.name or "local"


def public_group(given: str) -> str:
    """Return the name of a group as documents have it: without secrets or paths of a machine."""
    return public_uri(given) if "://" in given else _without_path(given)


def split_of(video: Video, group: str, eval_share: float) -> str:
    """Return `train` or `eval`: as given, else by a hash of the group.

    Args:
        video: the video, whose source may say its split.
        group: what `group_of` says.
        eval_share: share of the groups that are kept for evaluation, in [0, 1].
    """
    if video.source.split is not None:
        return video.source.split
    return "eval" if int(digest("split", group)[:8], 16) < eval_share * 2**32 else "train"


def public_uri(uri: str) -> str:
    """Return a URI that can be published: the file name of a local path, a URL without secrets.

    User name, fragment and query go, but for the one parameter that names a video on its site.
    """
    inner = uri.split("::")[-1]  # fsspec chains, such as `zip://a.mp4::https://host/b.zip`
    if not _is_remote(inner):
        return _last_component(inner)
    parts = urlsplit(inner)
    name = re.search(rf"(?:^|&)({PUBLIC_PARAMETER}=[\w-]+)(?:&|$)", parts.query)
    host = parts.netloc.rpartition("@")[2]
    query = f"?{name.group(1)}" if name else ""
    return f"{parts.scheme}://{host}{parts.path}{query}"


def public_model(model: str) -> str:
    """Return a model's name that can be published: of a local path, its last component."""
    return _without_path(model)


def _without_path(value: str) -> str:
    is_path = re.match(r"(/|~|\.{1,2}/|[A-Za-z]:[\\/]|\\\\|file:)", value) is not None
    return _last_component(value) if is_path else value


def _last_component(path: str) -> str:
    return PurePosixPath(path.replace("\\", "/")).name or "local"


def _is_remote(uri: str) -> bool:
    return "://" in uri and not uri.startswith("file:")
