"""Checks what the training of `interlink demo` wrote, and that COSMO has learned to see.

`python -m interlink.examples.check_training [demo/training/cosmo]` prints one line.
"""

import json
import sys
from pathlib import Path
from typing import Any

from PIL import Image

from .check_demo import demand, run_check

MIN_VISION_GAIN = 0.05
"""Nats per token. [A control that is trained on deranged media stays below 0.01.]"""


def check_training(output: Path) -> str:
    """Check the folder of a training.

    Args:
        output: what its recipe calls `output`.

    Returns:
        What was found, in one line.

    Raises:
        UsageError: something is missing, or nothing was learned from the pictures.
    """
    lines = (output / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    measured = [event for event in events if event["event"] == "evaluation"]
    demand(len(measured) >= 2, "held-out documents were not measured before and after")
    before, after = measured[0], measured[-1]
    gain, error = after["vision_gain"], after["vision_gain_error"]
    demand(after["loss"] < before["loss"], f"the held-out loss did not fall: {_losses(measured)}")
    demand(gain >= MIN_VISION_GAIN, f"vision gain {gain:.3f}, less than {MIN_VISION_GAIN}")
    demand(gain > 2 * error, f"vision gain {gain:.3f} is no more than two errors of {error:.3f}")
    for name in ("curves.png", "captions.png"):
        with Image.open(output / name) as picture:
            picture.load()
    newest = max((output / "checkpoints").glob("*/CHECKPOINT.json"), default=None)
    demand(newest is not None, "there is no checkpoint")
    return (
        f"{output} is whole: loss {_losses(measured)}, vision gain {gain:.3f} "
        f"with a standard error of {error:.3f}, retrieval {before['retrieval_top1']:.2f} to "
        f"{after['retrieval_top1']:.2f}, {after['step']} steps"
    )


def _losses(measured: list[dict[str, Any]]) -> str:
    return f"{measured[0]['loss']:.3f} to {measured[-1]['loss']:.3f}"


if __name__ == "__main__":
    sys.exit(run_check(check_training, "demo/training/cosmo"))
