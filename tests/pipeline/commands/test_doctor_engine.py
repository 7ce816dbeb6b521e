"""`interlink doctor --engine`: each worker's state, and the fix of what it lacks."""

import dataclasses
import os
import re
import socket
import time

import pytest
import yaml
from interlink_toy_clusters import beam_cluster

from interlink.pipeline.commands import doctor_engine
from interlink.pipeline.commands.doctor_engine import _fault, _kinds
from interlink.pipeline.engines.probe import report_worker
from interlink.pipeline.recipes.recipe import make_recipe
from interlink.pipeline.step import Resources

HERE = "--direct_running_mode=in_memory"
"""Beam's workers in this process."""


def rows(printed: str) -> list[list[str]]:
    """Return the words of each worker's row."""
    return [line.split() for line in printed.splitlines() if socket.gethostname() in line]


@pytest.fixture
def recipe(here):
    def write(**content) -> str:
        (here / "recipe.yaml").write_text(yaml.safe_dump({"sources": "videos"} | content))
        return "recipe.yaml"

    return write


def test_the_engine_alone_needs_no_recipe(interlink):
    pytest.importorskip("apache_beam")
    code, printed = interlink("doctor --engine beam --", HERE)
    assert code == 0, printed
    [row] = rows(printed)
    assert row[:3] == ["ok", socket.gethostname(), str(os.getpid())]
    assert "each of 1 workers can do its work in" in printed


def test_a_recipe_says_where_the_store_is_and_nothing_stays_there(interlink, here, recipe):
    pytest.importorskip("apache_beam")
    code, printed = interlink(f"doctor --engine beam {recipe(run='here')} --", HERE)
    assert code == 0, printed
    assert printed.rstrip().endswith("each of 1 workers can do its work in here")
    assert list((here / "here").iterdir()) == []


def test_a_worker_with_another_package_is_refused(interlink, monkeypatch):
    pytest.importorskip("apache_beam")
    own = dataclasses.replace(report_worker("driver"), package="another digest")
    monkeypatch.setattr(doctor_engine, "report_worker", lambda name: own)
    code, printed = interlink("doctor --engine beam --", HERE)
    assert code == 3
    assert rows(printed)[0][0] == "!!"
    assert "this machine 0.1.0 (another dige): build the image anew" in printed


def test_other_packages_are_told_and_stop_nothing(interlink, monkeypatch):
    pytest.importorskip("apache_beam")
    own = dataclasses.replace(report_worker("driver"), packages=("av 1.0",), python="3.9 x")
    monkeypatch.setattr(doctor_engine, "report_worker", lambda name: own)
    code, printed = interlink("doctor --engine beam --", HERE)
    assert code == 0
    assert "this machine av 1.0: other versions may give other bytes" in printed
    assert "this machine has Python 3.9 x: pickles may not cross versions" in printed


@pytest.mark.parametrize(
    ("changed", "resources", "text"),
    [
        ({}, Resources(), ""),
        ({"fault": "no codec"}, Resources(), "cannot decode a video: no codec; install av"),
        ({"gpus": ()}, Resources(gpus=0.5), "sees no GPU, though 0.5 are reserved: build"),
        ({"gpus": ("H100",)}, Resources(gpus=0.5), ""),
    ],
)
def test_what_a_worker_lacks_comes_with_its_fix(changed, resources, text):
    own = report_worker("driver")
    found = _fault(dataclasses.replace(own, **changed), own, resources)
    assert text in found
    assert bool(found) == bool(text)


def test_each_kind_of_worker_is_asked_once_wherever_the_recipe_puts_its_steps():
    steps = {
        "fetch": {"engine": "local", "workers": 2, "cpus": 0.25},
        "scan": {"engine": "beam", "workers": 64, "cpus": 1},
        "transcribe": {"engine": "ray", "workers": 64, "gpus": 1},
        "cut": {"engine": "ray", "workers": 64, "cpus": 1},
        "caption": {"engine": "ray", "workers": 64, "gpus": 1},
        "assemble": {"engine": "local", "workers": 2, "resources": {"disk": 1}},
    }
    recipe = make_recipe({"sources": "x", "steps": steps})
    assert _kinds(recipe, "ray") == [
        Resources(workers=2, cpus=0.25),
        Resources(workers=10, cpus=1.0),
        Resources(workers=10, gpus=1.0),
        Resources(workers=2, ray={"disk": 1.0}),
    ]
    assert _kinds(recipe, "beam") == [Resources(workers=10)]


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("doctor --engine local", "--engine local must be beam or ray"),
        ("doctor recipe.yaml", "a recipe is looked at with --engine beam or --engine ray"),
    ],
)
def test_words_that_mean_nothing_are_refused(interlink, line, text):
    code, printed = interlink(line)
    assert (code, text in printed) == (2, True)


def test_silence_ends(interlink, monkeypatch):
    pytest.importorskip("apache_beam")
    monkeypatch.setattr(doctor_engine, "DEADLINE_S", 1)
    monkeypatch.setattr(doctor_engine, "kill_children", lambda: None)
    monkeypatch.setattr(doctor_engine, "probe_engine", lambda *_, **__: time.sleep(60))
    code, printed = interlink("doctor --engine beam --", HERE)
    assert (code, "no answer from the workers within 1 s: see their own logs" in printed) == (
        3,
        True,
    )


@pytest.mark.slow
@pytest.mark.engines
def test_workers_in_processes_of_their_own_answer(interlink, recipe, tmp_path_factory):
    pytest.importorskip("apache_beam")
    here = ["--direct_running_mode=multi_processing", "--direct_num_workers=2"]
    with beam_cluster(tmp_path_factory.mktemp("beam")) as cluster:
        for options, number in (here, 2), (cluster.options, 1):
            code, printed = interlink(f"doctor --engine beam {recipe()} --", *options)
            assert code == 0, printed
            found = {row[2] for row in rows(printed)}
            assert len(found) == number
            assert str(os.getpid()) not in found


@pytest.mark.slow
@pytest.mark.engines
def test_ray_s_workers_answer(interlink, recipe, monkeypatch):
    pytest.importorskip("ray")
    monkeypatch.setenv("RAY_TMPDIR", "/tmp")
    code, printed = interlink(f"doctor --engine ray {recipe()}")
    assert code == 0, printed
    assert 1 <= len(rows(printed)) <= 2
    assert re.search(r"10 records on ray, \d workers? of 0.5 CPUs, 0 GPUs", printed)
