"""What one worker reserves on a Ray cluster, and for how many there is room."""

import math
from typing import Any

import ray

from ..step import Resources


def cluster_room(resources: Resources) -> int:
    """Return how many workers the live nodes of the cluster can hold in all."""
    return sum(node_room(node["Resources"], resources) for node in ray.nodes() if node["Alive"])


def node_room(node: dict[str, float], resources: Resources) -> int:
    """Return how many workers one node can hold."""
    wanted = {
        "CPU": resources.cpus,
        "GPU": resources.gpus,
        "memory": resources.memory_gib * 2**30,
        **resources.ray,
    }
    fits = [node.get(name, 0.0) / amount for name, amount in wanted.items() if amount > 0]
    return math.floor(min(fits) + 1e-9)


def describe(resources: Resources) -> str:
    """Say what one worker reserves, for errors."""
    memory = f", {resources.memory_gib:g} GiB of memory" if resources.memory_gib else ""
    own = "".join(f", {amount:g} {name}" for name, amount in resources.ray.items())
    return f"a worker of {resources.cpus:g} CPUs, {resources.gpus:g} GPUs{memory}{own}"


def reserved(resources: Resources) -> dict[str, Any]:
    """Return one worker's reservation as options of a Ray actor: CPUs, GPUs, bytes of memory."""
    return {
        "num_cpus": resources.cpus,
        "num_gpus": resources.gpus,
        "memory": int(resources.memory_gib * 2**30) or None,
        "resources": dict(resources.ray) or None,
    }
