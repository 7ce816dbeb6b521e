"""What surrounds a run changes no byte: clock, zone, locale, hash seed, workers, network."""

import dataclasses
import importlib.util
import signal
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from interlink_toy_chaos import ChaosRun
from interlink_toy_faults import STEPS
from interlink_toy_truth import truth_of

from interlink.pipeline.dataset.versions import manifest_versions, read_manifest
from interlink.pipeline.faults import Fault
from interlink.pipeline.storage.store import Store

pytestmark = [pytest.mark.slow]

HERE = Path(__file__).parent
# Interfaces of a new network namespace are down; engines talk to their workers over loopback.
ALONE = ("unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$@"', "sh")
# Ray 2.60 asks which cloud it is on, whatever its settings (usage_lib.py,
# get_cloud_from_metadata_requests); these addresses never leave a machine or its host.
METADATA = ("169.254.169.254", "metadata.google.internal")
RAY = {f"{verb}:{address}" for verb in ("name", "connect") for address in METADATA}
IN_PROCESS = ("--", "--direct_running_mode=in_memory")


def may_not_take_the_network() -> bool:
    """Tell whether this user is not allowed to take the network away from a process."""
    return subprocess.run([*ALONE, "true"], capture_output=True, check=False).returncode != 0


def with_clock(offset: str) -> dict[str, str]:
    """Return the environment in which processes see the wall clock moved by `offset`."""
    package = importlib.util.find_spec("libfaketime")
    assert package is not None
    library = next(Path(package.origin).parent.rglob("libfaketime.so.1"))
    return {"LD_PRELOAD": str(library), "FAKETIME": offset, "DONT_FAKE_MONOTONIC": "1"}


def test_another_clock_zone_locale_and_hash_seed_change_no_byte(tmp_path, manifest, calm):
    odd = {"TZ": "Asia/Kathmandu", "LC_ALL": "C", "LANG": "C", "PYTHONHASHSEED": "7"}
    run = ChaosRun(folder=tmp_path, manifest=manifest, environment={**odd, **with_clock("-1d")})
    assert run.until_done().exits == (0,)
    created = read_manifest(Store(str(run.dataset))).provenance.created
    assert datetime.fromisoformat(created) < datetime.now(UTC) - timedelta(hours=23)
    assert truth_of(run.run, run.dataset) == calm


def test_a_run_goes_on_when_the_clock_was_set_a_day_back(tmp_path, manifest, calm):
    killed = Fault(point="commit.before", action="kill", subject="*/cut-*/001-00001/*")
    run = ChaosRun(
        folder=tmp_path,
        manifest=manifest,
        faults=[killed],
        environment=with_clock("+1d"),
        settings={"restarts": 0},
    )
    assert run.start().wait(timeout=240) == -signal.SIGKILL
    run.environment = {}
    assert run.until_done().exits == (0,)
    assert truth_of(run.run, run.dataset) == calm


def test_another_engine_and_other_workers_make_no_new_version(tmp_path, manifest, calm):
    run = ChaosRun(
        folder=tmp_path,
        manifest=manifest,
        engine="beam",
        settings={"restarts": 0},
        options=IN_PROCESS,
    )
    assert run.until_done().exits == (0,)
    assert truth_of(run.run, run.dataset) == calm
    versions = manifest_versions(Store(str(run.dataset)))
    local = dataclasses.replace(run, engine="local", options=())
    assert local.until_done().exits == (0,)
    assert truth_of(run.run, run.dataset) == calm
    assert manifest_versions(Store(str(run.dataset))) == versions


@pytest.mark.skipif(may_not_take_the_network(), reason="may not take the network away")
@pytest.mark.parametrize("engine", ["local", "beam", "ray"])
def test_without_any_network_a_run_ends_and_looks_for_none(engine, tmp_path, manifest, calm):
    looked = tmp_path / "looked"
    run = ChaosRun(
        folder=tmp_path / "run",
        manifest=manifest,
        engine=engine,
        steps=STEPS if engine != "ray" else ("scan", "caption"),
        environment={"INTERLINK_TEST_LOOKED": str(looked)},
        path=[str(HERE / "sockets")],
        options=IN_PROCESS if engine == "beam" else (),
    )
    result = run.until_done(*ALONE)
    assert result.exits == (0,), result.output
    assert truth_of(run.run, run.dataset) == calm
    assert set(looked.read_text().split()) <= {"watching"} | (RAY if engine == "ray" else set())
