import dataclasses
import hashlib
import pickle
import threading
import time

import pytest
from pydantic import TypeAdapter, ValidationError

from interlink.schemas.denied import Denied
from interlink.schemas.errors import DiskFullError, EnvironmentFault
from interlink.schemas.ids import group_key
from interlink.schemas.outcome import ErrorCode, RejectionReason
from interlink.schemas.source import Source
from interlink.transforms.base import Failed, Kept, Rejected
from interlink.transforms.fetch import fetch as fetch_module
from interlink.transforms.fetch.fetch import Fetch
from interlink.transforms.fetch.http import fetch_http
from interlink.transforms.fetch.limits import expected_bytes

DATA = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(100_000)


def test_sources_of_all_kinds_become_videos(fetch, faulty_server, tmp_path, workspace):
    (tmp_path / "mine.mov").write_bytes(b"local")
    url = faulty_server.add("/far.mp4", b"far")
    page = faulty_server.add("/watch", b'<video src="/seen.mp4"></video>', "text/html")
    faulty_server.add("/seen.mp4", DATA)
    kept = fetch(str(tmp_path / "mine.mov"), url, page)
    assert all(isinstance(result, Kept) for result in kept), kept
    contents = [workspace.read(result.record.file) for result in kept]
    assert contents == [b"local", b"far", DATA]
    assert [result.record.final_uri for result in kept] == ["mine.mov", url, page]
    assert [result.record.num_bytes for result in kept] == [5, 3, len(DATA)]
    digest = hashlib.sha256(b"far").hexdigest()
    assert kept[1].record.file.sha256 == digest
    assert kept[1].record.video_id == digest[:32]
    assert (kept[1].record.mime, kept[0].record.mime) == ("video/mp4", None)
    assert kept[2].record.site.page_url == page
    assert not list(workspace.scratch.glob("fetch-*"))


def test_what_the_manifest_says_goes_before_what_the_site_says(fetch, faulty_server):
    url = faulty_server.add("/a.mp4", b"a")
    source = Source(
        source_id="1", uri=url, title="Mine", license="CC BY 4.0", language="de",
        metadata={"channel": "x"},
    )  # fmt: skip
    video = fetch(source)[0].record
    assert (video.title, video.language, video.metadata) == ("Mine", "de", {"channel": "x"})
    assert (video.license_raw, video.license) == ("CC BY 4.0", "CC-BY-4.0")
    assert video.license_source == "manifest"
    assert fetch(url)[0].record.license_source is None


def test_results_keep_the_order_of_the_sources_and_downloads_overlap(fetch, faulty_server):
    for number in range(12):
        faulty_server.add(f"/{number}.mp4", bytes([number]))
    speeds = ("/slow", "")
    urls = [faulty_server.url(f"{speeds[number % 2]}/{number}.mp4") for number in range(12)]
    start = time.monotonic()
    results = fetch(*urls, concurrency=6)
    assert time.monotonic() - start < 2.5  # six times 0.5 s, one after the other, are 3 s
    assert [result.input_id for result in results] == urls
    assert all(isinstance(result, Kept) for result in results)


def test_a_fault_of_one_source_leaves_the_others_alone(fetch, faulty_server, tmp_path):
    url = faulty_server.add("/a.mp4", b"a")
    lost, gone = faulty_server.url("/status/410.mp4"), str(tmp_path / "no.mp4")
    results = fetch(lost, url, gone)
    assert results[0] == Failed(
        input_id=lost, code=ErrorCode.HTTP_410, message="the server said 410 Gone", value=410
    )
    assert isinstance(results[1], Kept)
    assert results[2].code is ErrorCode.NOT_FOUND


def test_the_same_bytes_in_a_part_are_kept_once(fetch, faulty_server, tmp_path, workspace):
    (tmp_path / "copy.mov").write_bytes(b"same")
    faulty_server.add("/a.mp4", b"same")
    first, second = faulty_server.url("/slow/a.mp4"), str(tmp_path / "copy.mov")
    results = fetch(first, second)
    assert isinstance(results[0], Kept)
    assert results[1] == Rejected(
        input_id=second,
        reason=RejectionReason.DUPLICATE_SOURCE,
        message=f"the same bytes as source {first}",
    )
    assert len(workspace.files) == 1


def test_a_source_that_is_handed_in_again_is_no_duplicate_of_itself(tmp_path, workspace):
    (tmp_path / "a.mp4").write_bytes(b"a")
    transform = Fetch()
    transform.open_part(workspace)
    source = Source(source_id="1", uri=str(tmp_path / "a.mp4"))
    first, again = transform.process_batch([source]), transform.process_batch([source])
    assert first == again
    assert len(workspace.files) == 1
    transform.open_part(workspace)
    assert isinstance(
        transform.process_batch([dataclasses.replace(source, source_id="2")])[0], Kept
    )


def test_a_file_that_is_not_the_one_expected_fails(fetch, tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"a")
    right, wrong = hashlib.sha256(b"a").hexdigest(), "0" * 64
    sources = [
        Source(source_id=name, uri=str(tmp_path / "a.mp4"), sha256=digest)
        for name, digest in (("right", right), ("wrong", wrong))
    ]
    kept, failed = fetch(*sources)
    assert isinstance(kept, Kept)
    assert failed.code is ErrorCode.CHECKSUM
    assert failed.message == f"the manifest says sha256={wrong}, but it is {right}"


def test_licenses_are_held_to_the_allowed_ones_before_the_download(fetch, faulty_server):
    faulty_server.add("/a.mp4", b"a")
    faulty_server.add("/watch", b'<video src="/a.mp4"></video>', "text/html")
    file, page = faulty_server.url("/a.mp4"), faulty_server.url("/watch")
    sources = [
        Source(source_id="good", uri=file, license="cc by 4.0"),
        Source(source_id="bad", uri=file, license="CC BY-NC 4.0"),
        Source(source_id="unknown", uri=file),
        Source(source_id="page", uri=page),
    ]
    results = fetch(*sources, allowed_licenses=("CC-BY-4.0", "Ours"))
    assert isinstance(results[0], Kept)
    assert [r.reason for r in results[1:]] == [RejectionReason.LICENSE] * 3
    assert results[1].message == "license 'CC BY-NC 4.0', but allowed_licenses are CC-BY-4.0, Ours"
    assert results[2].message == "no license, but allowed_licenses are CC-BY-4.0, Ours"
    assert faulty_server.hits["/a.mp4"] == 1


def test_a_fault_of_the_machine_stops_all_downloads_at_once(fetch, faulty_server, monkeypatch):
    def full(uri, folder, *, limits, watch):
        raise EnvironmentFault("disk full")

    monkeypatch.setattr(fetch_module, "fetch_local", full)
    start = time.monotonic()
    with pytest.raises(EnvironmentFault, match="disk full"):
        fetch("/a.mp4", faulty_server.url("/steady.mp4"), faulty_server.url("/hang.mp4"))
    assert time.monotonic() - start < 4
    assert not [t for t in threading.enumerate() if t.name.startswith("fetch")]


def test_a_host_that_is_back_soon_is_asked_again_and_no_try_is_counted(fetch, faulty_server):
    """It is `N2` of the table of faults: 429 with `Retry-After`, then the file."""
    url = faulty_server.add("/a.mp4", b"a")
    faulty_server.busy["/a.mp4"] = [2, 1]
    start = time.monotonic()
    [kept] = fetch(url)
    assert isinstance(kept, Kept)
    assert 2.5 < time.monotonic() - start < 10
    assert faulty_server.hits["/a.mp4"] == 3


def test_a_host_that_is_back_late_is_asked_no_more_and_other_hosts_are(fetch, faulty_server):
    urls = [faulty_server.add(f"/{n}.mp4", bytes([n])) for n in range(1, 9)]
    faulty_server.busy["/1.mp4"] = [3600]
    other = faulty_server.add("/other.mp4", b"x").replace("127.0.0.1", "localhost")
    *results, last = fetch(*urls, other, concurrency=1)
    assert [result.code for result in results] == [ErrorCode.HTTP_429] * 8
    assert len({result.wait_until_us for result in results}) == 1
    assert results[0].wait_until_us == pytest.approx((time.time() + 3600) * 1e6, abs=20e6)
    assert results[1].message.startswith("not asked for: 127.0.0.1 turned us away (http_429)")
    assert isinstance(last, Kept)
    assert faulty_server.hits.total() == 2


def test_a_site_that_takes_us_for_a_robot_is_asked_no_more(fetch, faulty_server):
    pages = [faulty_server.add(f"/watch/{n}", b"<html></html>", "text/html") for n in range(3)]
    for n in range(3):
        faulty_server.busy[f"/watch/{n}"] = [3600]
    results = fetch(*pages, concurrency=1)
    assert [result.code for result in results] == [ErrorCode.HTTP_429] * 3
    assert faulty_server.hits.total() == 1


def test_a_download_that_finds_no_space_is_made_again_once_there_is_some(
    faulty_server, workspace, monkeypatch
):
    url = faulty_server.add("/a.mp4", DATA)
    waits: list[tuple[int, bool]] = []

    def await_space(num_bytes, cancelled=None, *, was_full=False):
        waits.append((num_bytes, was_full))

    def full_at_first(*arguments, **named):
        if len(waits) < 3:
            (arguments[1] / "file").write_bytes(b"half")
            raise DiskFullError("no space")
        return fetch_http(*arguments, **named)

    monkeypatch.setattr(workspace, "await_space", await_space)
    monkeypatch.setattr(fetch_module, "fetch_http", full_at_first)
    transform = Fetch()
    transform.open_part(workspace)
    source = Source(source_id="a", uri=url, num_bytes=3)
    assert isinstance(transform.process_batch([source])[0], Kept)
    # The whole batch, the source, and the source again with what it had written.
    assert waits == [(3, False), (3, False), (5, True)]
    assert not list(workspace.scratch.glob("fetch-*"))


def test_a_manifest_tells_what_sources_take():
    source = Source(source_id="a", uri="a", duration_us=8_000_000)
    assert expected_bytes(source, 10**9) == 2_000_000
    assert expected_bytes(dataclasses.replace(source, num_bytes=7), 10**9) == 7
    assert expected_bytes(source, 10) == 10
    assert expected_bytes(dataclasses.replace(source, duration_us=None), 10) == 0


def test_a_secret_that_is_not_there_is_told_before_any_source_is_tried():
    with pytest.raises(EnvironmentFault, match="the secret env:NOT_SET_ANYWHERE is empty on this"):
        Fetch(proxy="env:NOT_SET_ANYWHERE").setup()


def test_a_secret_written_out_is_refused():
    with pytest.raises(ValueError, match="cookies must say where the secret stands, not what"):
        Fetch(cookies="CANARY")


def test_what_was_in_use_pickles_again_with_its_references_alone(
    fetch, workspace, monkeypatch, tmp_path
):
    monkeypatch.setenv("MY_KEY", "CANARY-KEY")
    transform = Fetch(headers={"h.org": {"X-Key": "env:MY_KEY"}})
    transform.setup()
    transform.open_part(workspace)
    transform.process_batch([Source(source_id="a", uri=str(tmp_path / "none.mp4"))])
    transform.teardown()
    transform.workspace = None
    pickled = pickle.dumps(transform)
    assert b"CANARY" not in pickled
    assert pickle.loads(pickled) == transform


def test_only_what_changes_the_output_is_in_the_digest():
    plain = Fetch().digest()
    assert Fetch(concurrency=9, timeout_s=1, stall_timeout_s=1, user_agent="x").digest() == plain
    assert Fetch(connect_timeout_s=1, host_wait_s=1).digest() == plain
    assert Fetch(cookies="env:A", proxy="env:B", headers={"h": {"K": "env:C"}}).digest() == plain
    for changed in ({"max_bytes": 1}, {"max_height_px": 720}, {"allowed_licenses": ("MIT",)}):
        assert Fetch(**changed).digest() != plain


def test_a_recipe_gives_its_fields_and_none_beside():
    adapter = TypeAdapter(Fetch)
    assert adapter.validate_python({"allowed_licenses": ["MIT"]}).allowed_licenses == ("MIT",)
    with pytest.raises(ValidationError, match="max_mb"):
        adapter.validate_python({"max_mb": 1})
    with pytest.raises(ValidationError, match="concurrency=0 must be > 0"):
        adapter.validate_python({"concurrency": 0})
    assert pickle.loads(pickle.dumps(Fetch(max_bytes=5))).max_bytes == 5


def test_what_was_taken_down_is_not_asked_for_again(fetch, faulty_server, workspace):
    url = faulty_server.url("/status/500.mp4")  # who asks gets a failure
    workspace.denied = Denied(sources=frozenset({"s"}), groups=frozenset({group_key("mine")}))
    taken_down = Rejected(input_id="s", reason=RejectionReason.TAKEN_DOWN)
    results = fetch(Source(source_id="s", uri=url), Source(source_id="t", uri=url, group="mine"))
    assert results == [taken_down, dataclasses.replace(taken_down, input_id="t")]


def test_the_bytes_of_a_video_that_was_taken_down_are_not_kept_from_any_address(
    fetch, faulty_server, workspace
):
    url = faulty_server.add("/new-name.mp4", b"the same bytes")
    video = hashlib.sha256(b"the same bytes").hexdigest()[:32]
    workspace.denied = Denied(videos=frozenset({video}))
    [result] = fetch(url)
    assert result == Rejected(input_id=url, reason=RejectionReason.TAKEN_DOWN)
    assert not workspace.files
    assert not list(workspace.scratch.glob("fetch-*"))
