"""Every file under docker/ passes the checks of its own kind, and agrees with the rest of the tree.

The images were not built and the files not applied here; `docs/clusters.md` says so.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "docker"
FILES = sorted(path for path in DOCKER.rglob("*") if path.is_file())
KUBERNETES = "1.31"
"""The version whose schema resources must follow; it is the least that is still supported."""


def named(*suffixes: str) -> list[Any]:
    found = [path for path in FILES if path.name.endswith(suffixes)]
    return [pytest.param(p, id=p.relative_to(DOCKER).as_posix()) for p in found]


def check(tool: str, path: Path) -> None:
    """Run a linter that its package puts beside Python."""
    command = [Path(sys.executable).with_name(tool), path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def resources(path: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(path.read_text()))


def pod_templates(content: Any) -> Iterator[dict[str, Any]]:
    """Yield the pod templates inside a custom resource."""
    if isinstance(content, dict):
        for key, value in content.items():
            if key in {"template", "podTemplate"}:
                yield {k: v for k, v in value.items() if k not in {"apiVersion", "kind"}}
            else:
                yield from pod_templates(value)
    elif isinstance(content, list):
        for value in content:
            yield from pod_templates(value)


def test_every_file_has_a_check():
    checked = {p.values[0] for p in named("Dockerfile", ".sh", ".sbatch", ".yaml", ".dockerignore")}
    assert checked == set(FILES)


@pytest.mark.parametrize("path", named("Dockerfile"))
def test_dockerfiles_pass_hadolint(path):
    check("hadolint", path)


@pytest.mark.parametrize("path", named("Dockerfile"))
def test_what_chooses_a_base_is_declared_before_the_first_stage(path):
    head, *stages = re.split(r"^FROM ", path.read_text(), flags=re.MULTILINE)
    used = set(re.findall(r"\$\{(\w+)\}", "".join(stage.splitlines()[0] for stage in stages)))
    assert used
    assert used <= set(re.findall(r"^ARG (\w+)=", head, re.MULTILINE))


@pytest.mark.parametrize("path", named("Dockerfile"))
def test_a_variant_is_a_stage(path):
    stages = re.findall(r"^FROM \S+ AS (\w+)$", path.read_text(), re.MULTILINE)
    assert {"cpu", "cuda"} <= set(stages)


@pytest.mark.parametrize("path", named(".sh", ".sbatch"))
def test_scripts_pass_shellcheck(path):
    check("shellcheck", path)


@pytest.mark.parametrize("path", named(".yaml"))
def test_resources_follow_the_schema_of_their_kind(path):
    for resource in resources(path):
        schema = Path(__file__).with_name(f"{resource['kind'].lower()}.schema.json")
        if schema.exists():
            jsonschema.validate(resource, json.loads(schema.read_text()))
            templates = list(pod_templates(resource))
            assert templates
            for template in templates:
                wrapped = {"apiVersion": "v1", "kind": "PodTemplate", "template": template}
                kubernetes_validate.validate(wrapped, KUBERNETES, strict=True)
        else:
            kubernetes_validate.validate(resource, KUBERNETES, strict=True)


def test_the_schemas_refuse_what_no_operator_knows():
    [ray_job] = resources(DOCKER / "ray" / "rayjob.yaml")
    [flink] = resources(DOCKER / "flink" / "flinkdeployment.yaml")
    ray_job["spec"]["backOffLimit"] = 3
    flink["spec"]["taskManager"]["replicas"] = "2"
    for resource, text in (ray_job, "'backOffLimit' was unexpected"), (flink, "'2' is not of type"):
        schema = Path(__file__).with_name(f"{resource['kind'].lower()}.schema.json")
        with pytest.raises(jsonschema.ValidationError, match=text):
            jsonschema.validate(resource, json.loads(schema.read_text()))


@pytest.mark.parametrize("path", named("Dockerfile"))
def test_base_images_have_the_engine_s_version_of_the_constraints(path):
    engine = {"beam": "apache-beam", "ray": "ray"}[path.parent.name]
    [pinned] = re.findall(rf"^{engine}==(.+)$", (ROOT / "constraints.txt").read_text(), re.M)
    [stated] = re.findall(r"^ARG (?:BEAM|RAY)_VERSION=(.+)$", path.read_text(), re.M)
    assert stated == pinned


@pytest.mark.parametrize("path", named(".yaml"))
def test_cluster_files_have_the_engines_version_of_the_constraints(path):
    pins = dict(
        line.split("==") for line in (ROOT / "constraints.txt").read_text().split() if "==" in line
    )
    text = path.read_text()
    for image in re.findall(r"image: apache/beam_flink\S+_job_server:(\S+)", text):
        assert image == pins["apache-beam"]
    for version in re.findall(r"rayVersion: (\S+)", text):
        assert version == pins["ray"]


@pytest.mark.parametrize("path", named("Dockerfile"))
def test_images_hold_all_that_setup_needs(path):
    """The build context is cut down by a list: a folder that it forgets is not in the image."""
    kept = {
        line.removeprefix("!")
        for line in path.with_name("Dockerfile.dockerignore").read_text().split()
        if line.startswith("!")
    }
    packages = {"schemas", "transforms", "pipeline", "model", "examples"}
    assert packages | {"setup.py", "pyproject.toml", "README.md", "constraints.txt"} <= kept
    assert set(re.findall(r"^COPY ([\w./-]{2,}) ", path.read_text(), re.MULTILINE)) <= kept
    assert all((ROOT / name).exists() for name in kept)


def test_the_beam_image_keeps_the_boot_of_its_base():
    text = (DOCKER / "beam" / "Dockerfile").read_text()
    assert text.rstrip().endswith('ENTRYPOINT ["/opt/apache/beam/boot"]')


def test_no_pod_runs_as_root():
    for path in DOCKER.rglob("*.yaml"):
        for resource in resources(path):
            for template in pod_templates(resource.get("spec")):
                pod = template["spec"]
                for container in pod["containers"]:
                    context = pod.get("securityContext", {}) | container.get("securityContext", {})
                    is_ours = "REGISTRY" in container["image"]
                    assert context.get("runAsNonRoot") or not is_ours, container["name"]
