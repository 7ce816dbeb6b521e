"""Three videos of five shards are taken down, killed midway, again: gone everywhere, for good."""

import csv
import hashlib
import importlib.util
import json
import random
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from interlink.pipeline.commands.main import app
from interlink.pipeline.dataset.reader import read_documents
from interlink.pipeline.recipes.recipe import Recipe, make_recipe
from interlink.pipeline.run import run_recipe
from interlink.schemas.document import Document

NUM_VIDEOS = 15
GONE = (3, 7, 11)
OF_RUNS = {"stats.json", "events.jsonl", "jobs", "published"}
"""What a run writes about its own doing."""


def told(number: int) -> dict[str, str]:
    """Return what only one video's line says."""
    return {
        "path": f"film{number:02d}.mp4",
        "duration_s": "20",  # so that three videos make a part
        "caption": f"Okapi{number:02d} walks by",
        "title": f"Tale of Quagga{number:02d}",
        "note": f"secret{number:02d}",
    }


def recipe_of(folder: Path, videos: Path) -> Recipe:
    content = {
        "sources": str(videos),
        "run": str(folder / "run"),
        "name": "tales",
        "caption": {"captioner": {"backend": "facts", "read_screen_text": False}},
    }
    return make_recipe(content)


def interlink(*words: object) -> str:
    """Run a command in this process and return what it prints."""
    done = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def rate_all(audit: Path) -> None:
    """Judge every item, with notes on what is in it."""
    items = pq.read_table(audit / "items.parquet").to_pylist()
    plan = json.loads((audit / "plan.json").read_text())
    lines = []
    for item in items:
        claims = [
            {"side": text["side"], "claim": claim["number"], "verdict": "wrong"}
            for text in item["texts"]
            for claim in text["claims"]
        ]
        rating = {"audit_id": plan["audit_id"], "item_id": item["item_id"], "rater": "ann"}
        note = f"about {item['texts'][0]['text']}"
        lines.append(json.dumps(rating | {"clip_verdict": "bad", "claims": claims, "note": note}))
    (audit / "ratings-ann.jsonl").write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def films(tmp_path_factory) -> Path:
    """A manifest of fifteen small videos."""
    folder = tmp_path_factory.mktemp("films")
    path = Path(__file__).with_name("media.py")
    spec = importlib.util.spec_from_file_location("interlink_test_media_of_takedown", path)
    media = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = media
    spec.loader.exec_module(media)
    maker = media.VideoMaker(folder)
    with (folder / "films.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, told(0))
        writer.writeheader()
        for number in range(NUM_VIDEOS):
            row = told(number)
            writer.writerow(row)
            maker(row["path"], shots=(2.2, 2.1), size=(64, 48), fps=10, seed=number)
    return folder / "films.csv"


@pytest.fixture(scope="module")
def made(tmp_path_factory, films) -> Path:
    """A run with its dataset, and an audit that was judged, published, reported and exported."""
    folder = tmp_path_factory.mktemp("made")
    run_recipe(recipe_of(folder, films), engine="local")
    dataset, audit = folder / "run" / "dataset", folder / "run" / "audit"
    interlink("audit", "sample", dataset, "--n", 30, "--kinds", "given", "--output", audit)
    rate_all(audit)
    interlink("audit", "import", audit, audit / "ratings-ann.jsonl")
    interlink("audit", "report", audit)
    interlink("audit", "publish", audit)
    forms = "jsonl,csv,parquet,huggingface,label-studio"
    interlink("audit", "export", audit, "--format", forms)
    return folder


@pytest.fixture
def copy(made, tmp_path) -> Path:
    """A copy of all that was made, to take something out of."""
    shutil.copytree(made, tmp_path / "copy")
    return tmp_path / "copy"


def leaves(value: Any) -> Iterator[bytes]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for item in value:
            yield from leaves(item)
    elif isinstance(value, str):
        yield value.encode()
    elif isinstance(value, bytes):
        yield value


def places(folder: Path, needles: Iterable[bytes]) -> dict[str, set[bytes]]:
    """Search the bytes of every file, and every value of Parquet files, which are compressed."""
    found = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        data = path.read_bytes()
        if data.startswith(b"PAR1"):
            table = pq.read_table(path).to_pylist(maps_as_pydicts="lossy")
            data += b"\0".join(leaves(table))
        hits = {needle for needle in needles if needle in data}
        if hits:
            found[path.relative_to(folder).as_posix()] = hits
    return found


def needles_of(made: Path, number: int) -> set[bytes]:
    """Return what tells of a video: its words, its file's bytes, its pictures, its clips."""
    texts = {value.encode() for name, value in told(number).items() if name != "duration_s"}
    dataset = str(made / "run" / "dataset")
    [document] = [d for d in read_documents(dataset) if d.source.uri == told(number)["path"]]
    pictures = {frame.image.bytes for clip in document.clips for frame in clip.frames}
    [file] = (made / "run" / "steps").glob(f"fetch-*/*/*/{document.video_id}.mp4")
    clips = clip_files(made, {clip.clip_id for clip in document.clips})
    assert len(clips) == len(document.clips) == 2
    return texts | pictures | clips | {file.read_bytes()[-2000:]}


def rows(folder: Path) -> dict[str, Document]:
    return {d.source.uri: d for d in read_documents(str(folder / "run" / "dataset"))}


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not {path.name, path.parent.name} & OF_RUNS
    }


def apply_words(folder: Path) -> list[str]:
    dataset, films = folder / "run" / "dataset", [told(number)["path"] for number in GONE]
    sources = [word for film in films for word in ("--source", film)]
    return ["takedown", "apply", str(dataset), *sources, "--reason", "asked by its owner"]


def apply_until(change: int, folder: Path) -> tuple[int, str]:
    """Apply in a process of its own that dies before its change of that number."""
    done = subprocess.run(
        [sys.executable, "-m", "interlink_toy_kills", str(change), *apply_words(folder)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_what_is_taken_down_is_gone_everywhere_whatever_kills_it(seed, made, copy, films):
    gone: set[bytes] = set().union(*(needles_of(made, number) for number in GONE))
    others, before, chance = needles_of(made, 4), rows(copy), random.Random(seed)
    assert set().union(*places(copy, gone).values()) == gone
    holding = stems(places(copy, others))

    num_kills = 0
    while (status := apply_until(chance.randrange(25, 75), copy)[0]) == -signal.SIGKILL:
        num_kills += 1
    assert status == 0
    assert num_kills >= 2

    dataset = copy / "run" / "dataset"
    assert places(copy, gone) == {}
    assert "nothing is left of it" in interlink("takedown", "verify", dataset)
    after = rows(copy)
    assert set(before) - set(after) == {told(number)["path"] for number in GONE}
    assert after == {uri: row for uri, row in before.items() if uri in after}
    assert stems(places(copy, others)) == holding
    check_audit(copy / "run" / "audit")
    check_that_the_run_goes_on(copy, films)
    check_that_the_bytes_stay_out(copy, films)
    assert places(copy, gone) == {}


def test_a_clip_that_is_taken_down_is_gone_and_its_video_stays(made, copy, films):
    """What is left of it is the video's file and sound, of which other clips are made."""
    name, dataset = told(4)["path"], copy / "run" / "dataset"
    first, second = rows(copy)[name].clips
    gone = {frame.image.bytes for frame in first.frames} | {
        text.text.encode() for text in first.texts
    }
    gone |= clip_files(copy, {first.clip_id})
    assert set().union(*places(copy, gone).values()) == gone
    interlink("takedown", "apply", dataset, "--clip", first.clip_id, "--reason", "r")
    assert places(copy, gone) == {}
    assert "nothing is left of it" in interlink("takedown", "verify", dataset)
    [clip] = rows(copy)[name].clips
    assert clip == second
    check_that_the_run_goes_on(copy, films)
    interlink("fsck", dataset, "--deep")
    interlink("fsck", copy / "run", "--deep")


def clip_files(folder: Path, clip_ids: set[str]) -> set[bytes]:
    return {
        row["bytes"]
        for path in (folder / "run" / "dataset" / "media").iterdir()
        for row in pq.read_table(path).to_pylist()
        if row["owner_id"] in clip_ids
    }


def stems(found: dict[str, set[bytes]]) -> dict[str, set[bytes]]:
    """Return the places without the digests in the names of shards, which are written again.

    What a killed process was about to write anew holds nothing of what is gone.
    """
    whole = {name: hits for name, hits in found.items() if not name.endswith(".tmp")}
    return {re.sub(r"-[0-9a-f]{8}\.parquet$", "", name): hits for name, hits in whole.items()}


def check_audit(audit: Path) -> None:
    """The audit of the others can still be reported and exported, with their ratings."""
    assert pq.read_table(audit / "ratings" / "ratings.parquet").num_rows > 0
    interlink("audit", "report", audit)
    interlink("audit", "import", audit, audit / "ratings-ann.jsonl")
    interlink("audit", "export", audit, "--format", "jsonl", "--output", audit.parent / "again")


def check_that_the_run_goes_on(copy: Path, films: Path) -> None:
    """Nothing is done again, nothing fetched, and no byte changes."""
    recipe = recipe_of(copy, films)
    named = {"run/recipe.yaml", "run/digests.json"}  # they say where the run lies
    known = {name: one for name, one in digests(copy).items() if name not in named}
    report = run_recipe(recipe, engine="local")
    assert all(step.num_reused == step.num_parts for step in report.steps)
    assert {name: one for name, one in digests(copy).items() if name not in named} == known


def check_that_the_bytes_stay_out(copy: Path, films: Path) -> None:
    """A video that comes again under another name is turned away, and tells nothing of itself."""
    again = films.parent / "innocent.mp4"
    shutil.copy(films.parent / told(GONE[0])["path"], again)
    manifest = copy / "again.txt"
    manifest.write_text(f"{again}\n")
    report = run_recipe(recipe_of(copy, manifest), engine="local")
    [fetched] = [step for step in report.steps if (step.plan, step.step) == (2, "fetch")]
    assert [(stage.planned, stage.rejected) for stage in fetched.stages] == [(1, 1)]
    assert report.publication.manifest.num_documents == NUM_VIDEOS - len(GONE)
    manifest.unlink()
