"""A table of odd inputs and the outcome of each, through the whole pipeline in one run.

Each becomes documents or a dead letter with a clear code; one never costs another.
"""

from pathlib import Path

import pytest

from interlink.pipeline.dataset.reader import read_documents
from interlink.pipeline.parts.kept import read_outcomes
from interlink.pipeline.recipes.recipe import make_recipe
from interlink.pipeline.run import RunReport, run_recipe
from interlink.pipeline.storage.store import Store
from interlink.schemas.errors import BudgetExceededError
from interlink.schemas.outcome import Disposition

DOCUMENT = "document"

GENERATED = {
    "plain.mp4": DOCUMENT,
    "no_audio.mp4": DOCUMENT,
    "rotated.mp4": DOCUMENT,
    "portrait.mp4": DOCUMENT,
    "variable_rate.mp4": DOCUMENT,
    "late_start.mkv": DOCUMENT,
    "two_audio.mp4": DOCUMENT,
    "av1.mp4": DOCUMENT,
    "hevc10.mp4": DOCUMENT,
    "vp9.webm": DOCUMENT,
    "truncated.mp4": "truncated",
    "no_video.m4a": "no_video_stream",
    "page.mp4": "not_media",
    "empty.mp4": "empty_file",
    "missing.mp4": "not_found",
}
SERVED = {
    "/good.mp4": DOCUMENT,
    "/status/404.mp4": "http_404",
    "/short.mp4": "incomplete",
    "/drip.mp4": "timeout_stall",
}
SHARED = {
    "pancake_240p_opus.mkv": DOCUMENT,
    "nasa_multistream_speech.mp4": DOCUMENT,
    "portrait_50s.mp4": DOCUMENT,
    "rotated_90.mov": DOCUMENT,
    "rotated_180.mov": DOCUMENT,
    "unordered_pts.mov": DOCUMENT,
    "av1.mkv": DOCUMENT,
    "hevc_10bit.mp4": DOCUMENT,
    "corrupted.mp4": "media_corrupt",
    "jfk_speech.flac": "no_video_stream",
}


def run_on(sources: list[str], folder: Path, **sections) -> tuple[RunReport, dict[str, str]]:
    """Run the pipeline locally and return, by source URI, a code or `document`."""
    manifest = folder / "videos.txt"
    manifest.write_text("\n".join(sources))
    recipe = make_recipe(
        {
            "sources": str(manifest),
            "run": str(folder / "run"),
            "transcribe": {"recognizer": {"beam_size": 1}},
            "retries": {"attempts": 2, "first_pause_s": 0.01},
            "fetch": {"stall_timeout_s": 1.0, "timeout_s": 20.0},
            "max_failed_share": 1.0,
            "clips": {"min_duration_s": 0.05},
            **sections,
        }
    )
    report = run_recipe(recipe, engine="local")
    store = Store(recipe.run)
    uris = {s.source_id: s.uri for s in _sources(store)}
    fates = dict.fromkeys(uris.values(), "lost")
    for step in report.steps:
        for outcome in read_outcomes(store, step.commits):
            if outcome.disposition is not Disposition.KEPT:
                fates[uris[outcome.owner_id]] = outcome.code
    for document in read_documents(recipe.dataset_url):
        fates[uris[document.source.source_id]] = DOCUMENT
    return report, fates


def _sources(store: Store):
    from interlink.pipeline.parts.plan import plan_sources

    return list(plan_sources(store, 1))


@pytest.fixture
def odd_files(make_video, tmp_path) -> dict[str, Path]:
    """Write the files of the table; names tell what is odd about each."""
    made = {
        "plain.mp4": make_video("plain.mp4", audio=(440,)),
        "no_audio.mp4": make_video("no_audio.mp4", seed=1),
        "rotated.mp4": make_video("rotated.mp4", rotation=90, seed=2),
        "portrait.mp4": make_video("portrait.mp4", size=(180, 320), seed=3),
        "variable_rate.mp4": make_video("variable_rate.mp4", variable_rate=True, seed=4),
        "late_start.mkv": make_video("late_start.mkv", start_s=0.7, audio=(440,), seed=5),
        "two_audio.mp4": make_video("two_audio.mp4", audio=(300, 600), seed=6),
        "av1.mp4": make_video("av1.mp4", codec="av1", seed=7),
        "hevc10.mp4": make_video("hevc10.mp4", codec="hevc10", seed=8),
        "vp9.webm": make_video("vp9.webm", codec="vp9", seed=9),
        "truncated.mp4": make_video("truncated.mp4", shots=(4.0, 4.0), seed=10),
        "no_video.m4a": make_video("no_video.m4a", with_video=False, audio=(440,)),
    }
    files = {name: video.path for name, video in made.items()}
    make_video.move_index_first(files["truncated.mp4"])
    make_video.truncate(files["truncated.mp4"], 0.5)
    for name, content in (("page.mp4", b"<html><body>sorry</body></html>"), ("empty.mp4", b"")):
        files[name] = tmp_path / name
        files[name].write_bytes(content)
    files["missing.mp4"] = tmp_path / "missing.mp4"
    return files


@pytest.mark.slow
def test_each_odd_input_becomes_a_document_or_a_clear_code(odd_files, faulty_server, tmp_path):
    files = {str(odd_files[name]): code for name, code in GENERATED.items()}
    faulty_server.add("/good.mp4", odd_files["plain.mp4"].read_bytes() + b"\0" * 64)
    served = {faulty_server.url(path): code for path, code in SERVED.items()}

    report, fates = run_on([*files, *served], tmp_path)

    assert fates == files | served
    assert sum(stage.planned for stage in report.steps[0].stages) == len(fates)


@pytest.mark.slow
def test_a_file_with_flipped_bits_costs_itself_at_most(make_video, tmp_path):
    plain = make_video("plain.mp4", audio=(440,))
    damaged = [make_video(f"flipped{seed}.mp4", audio=(440,), seed=seed) for seed in range(6)]
    for seed, video in enumerate(damaged):
        make_video.flip_bytes(video.path, count=40 * (seed + 1), seed=seed)

    _, fates = run_on([str(v.path) for v in (plain, *damaged)], tmp_path)

    assert fates.pop(str(plain.path)) == DOCUMENT
    allowed = {DOCUMENT, "media_corrupt", "not_media", "bad_container", "truncated", "gap"}
    # Which bytes are hit depends on the encoder, and its output on the processor.
    allowed |= {"unsupported_codec", "no_video_stream", "too_big"}
    assert set(fates.values()) <= allowed


@pytest.mark.slow
def test_real_files_from_outside_become_documents_or_a_clear_code(shared_videos, tmp_path):
    expected = {str(shared_videos / name): code for name, code in SHARED.items()}

    _, fates = run_on(list(expected), tmp_path)

    assert fates == expected


def test_a_run_in_which_too_many_records_fail_stops_and_says_why(make_video, tmp_path):
    good = make_video("good.mp4")
    missing = [str(tmp_path / f"missing{number}.mp4") for number in range(220)]
    with pytest.raises(BudgetExceededError, match=r"\d+ of 2\d\d records failed in stage 'fetch'"):
        run_on([str(good.path), *missing], tmp_path, max_failed_share=0.2)
