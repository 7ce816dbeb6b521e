"""Counters and the lines of JSON: complete, readable, without what is trained again."""

import json
import math

import pytest

from interlink.model.cosmo.batch import KINDS
from interlink.model.metrics import Ledger, MetricsLog, Speed, StepMetrics, read_events

SPEED = Speed(tokens_per_s=10.0, clips_per_s=2.0, data_wait_share=0.5)


def step(number, **changes):
    values = {
        "step": number,
        "tokens": 100 * number,
        "loss": 1.5,
        "loss_by_kind": {"given": 1.5},
        "contrastive_loss": None,
        "retrieval_top1": None,
        "negatives": None,
        "learning_rate": 1e-3,
        "grad_norm": 0.5,
        "gates": {"2.attention": 0.1},
        "logit_scale": 14.3,
    }
    return StepMetrics(**(values | changes))


def write(folder, *numbers, after_step=None):
    log = MetricsLog(folder, after_step=after_step)
    for number in numbers:
        log.write_step(step(number), SPEED, Ledger(steps=number, media=7), epoch=1)
    log.close()
    return log.path


def test_a_step_is_one_line_with_the_counters(tmp_path):
    (event,) = read_events(write(tmp_path, 1))
    assert event["event"] == "step"
    assert (event["step"], event["tokens"], event["media"], event["epoch"]) == (1, 100, 7, 1)
    assert event["tokens_per_s"] == 10.0
    assert event["gates"] == {"2.attention": 0.1}


def test_what_is_not_finite_is_null(tmp_path):
    log = MetricsLog(tmp_path, after_step=None)
    log.write_step(step(1, loss=math.nan, grad_norm=math.inf), SPEED, Ledger(), epoch=0)
    log.close()
    (event,) = read_events(log.path)
    assert (event["loss"], event["grad_norm"]) == (None, None)


def test_going_on_takes_out_what_is_trained_again(tmp_path):
    write(tmp_path, 1, 2, 3)
    path = write(tmp_path, 3, 4, after_step=2)
    assert [event["step"] for event in read_events(path)] == [1, 2, 3, 4]


def test_beginning_anew_forgets_what_was(tmp_path):
    log = MetricsLog(tmp_path, after_step=None)
    log.write("start", {"recipe": {}})
    log.close()
    assert [event["step"] for event in read_events(write(tmp_path, 1))] == [1]


def test_going_on_from_the_very_beginning_keeps_what_was_measured_before(tmp_path):
    log = MetricsLog(tmp_path, after_step=None)
    log.write("start", {"recipe": {}})
    log.write("evaluation", {"step": 0, "loss": 2.0})
    log.write_step(step(1), SPEED, Ledger(), epoch=0)
    log.close()
    MetricsLog(tmp_path, after_step=0).close()
    assert [event["event"] for event in read_events(log.path)] == ["start", "evaluation"]


def test_a_line_that_was_cut_off_is_left_out(tmp_path):
    path = write(tmp_path, 1, 2)
    path.write_text(path.read_text()[:-20])
    assert [event["step"] for event in read_events(path)] == [1]


def test_the_ledger_counts_by_kind_and_survives_json():
    ledger = Ledger()
    counts = [0] * len(KINDS)
    counts[1] = 5
    ledger.add_tokens_with_loss(counts)
    ledger.add_tokens_with_loss(counts)
    assert ledger.tokens_with_loss == {KINDS[1].value: 10}
    assert Ledger.from_plain(json.loads(json.dumps(vars(ledger)))) == ledger


def test_tensorboard_gets_the_same_numbers(tmp_path):
    reader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    write(tmp_path, 1, 2)
    events = reader.EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    assert [(e.step, e.value) for e in events.Scalars("step/loss")] == [(1, 1.5), (2, 1.5)]
    assert "step/gates/2.attention" in events.Tags()["scalars"]
