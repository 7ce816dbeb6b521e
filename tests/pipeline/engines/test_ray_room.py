"""For how many workers a node of a Ray cluster has room."""

import pytest

from interlink.pipeline.step import Resources

pytest.importorskip("ray")

from interlink.pipeline.engines.ray_room import node_room


@pytest.mark.parametrize(
    ("node", "resources", "room"),
    [
        ({"CPU": 2.0}, {"cpus": 0.5}, 4),
        ({"CPU": 2.0}, {"cpus": 0.1}, 20),
        ({"CPU": 8.0, "GPU": 1.0}, {"cpus": 0.5, "gpus": 0.5}, 2),
        ({"CPU": 0.0}, {"cpus": 0.5}, 0),
        ({}, {"cpus": 0.5, "gpus": 1.0}, 0),
        ({"CPU": 8.0, "memory": 5.0 * 2**30}, {"memory_gib": 2.0}, 2),
        ({"CPU": 8.0, "asr": 3.0}, {"ray": {"asr": 1.0}}, 3),
    ],
)
def test_a_node_holds_as_many_workers_as_its_scarcest_resource(node, resources, room):
    assert node_room(node, Resources(**resources)) == room
