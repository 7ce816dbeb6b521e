"""Label Studio's own SDK checks configuration, tasks and annotations.

How an export looks was taken from Label Studio 1.23.2, where a person's clicks on a project of ours
gave it.
"""

import json
import os
import re
import warnings

import pytest

from interlink.pipeline.audit.export.export import export_audit
from interlink.pipeline.audit.export.label_studio_config import label_config
from interlink.pipeline.audit.rubric import make_rubric
from interlink.schemas.audit import PREFERENCES, ClipVerdict, ErrorType, Verdict

CAPTIONS = (("A dog. It runs.", "A cat. It sits."), ("A bird.",))


@pytest.fixture(scope="module")
def label_interface():
    """`LabelInterface` of the SDK; without it tests are skipped, but fail where `CI` is set."""
    if "CI" not in os.environ:
        pytest.importorskip("label_studio_sdk", reason="`make test` installs it")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydantic's old validators
        from label_studio_sdk.label_interface import LabelInterface
    return LabelInterface


@pytest.fixture
def export(tmp_path):
    """Exports an audit; returns folder, configuration and tasks."""

    def export(audit):
        folder = next(iter(export_audit(audit, ["label-studio"], tmp_path))).folder
        tasks = json.loads((folder / "tasks.json").read_text("ascii"))
        return folder, (folder / "config.xml").read_text("utf-8"), tasks

    return export


def expanded(config, task):
    """Return the configuration as Label Studio sees it for a task: its `Repeater` unrolled."""

    def unroll(match):
        claims = task["data"][match["on"]]
        return "".join(match["body"].replace("{{idx}}", str(n)) for n in range(len(claims)))

    pattern = r'<Repeater on="\$(?P<on>\w+)" indexFlag="{{idx}}">(?P<body>.*?)</Repeater>'
    return re.sub(pattern, unroll, config, flags=re.DOTALL)


def answer(name, kind="choices", **value):
    side = name.split("_")[-2] if re.search(r"_\d+$", name) else "a"
    return {"from_name": name, "to_name": f"caption_{side}", "type": kind, "value": value}


def test_the_sdk_takes_configuration_tasks_and_every_answer(make_audit, export, label_interface):
    _, config, tasks = export(make_audit(*CAPTIONS, media=True))
    label_interface(config).validate()
    assert len(tasks) == 2
    for task in tasks:
        assert label_interface(config).validate_task(task)
        interface = label_interface(expanded(config, task))
        interface.validate()
        assert interface.validate_task(task)
        verdicts = [answer("verdict_a_0", choices=[name]) for name in Verdict]
        types = answer("error_types_a_0", choices=list(ErrorType))
        severities = [answer("severity_a_0", choices=[name]) for name in "123"]
        clip = [answer("clip_verdict", choices=[name]) for name in ClipVerdict]
        preferred = [answer("preferred", choices=[name]) for name in PREFERENCES]
        note = answer("note", "textarea", text=["=1"])
        result = [*verdicts, types, *severities, *clip, *preferred, note]
        assert interface._validate_object({"result": result}, return_errors=True) == []
        for wrong in (
            answer("verdict_a_0", choices=["maybe"]),
            answer("verdict_a_9", choices=["right"]),
        ):
            assert not interface.validate_annotation({"result": [wrong]})


def test_the_sdk_takes_hostile_captions(judged, export, label_interface):
    folder, plan, _ = judged
    _, config, tasks = export(folder)
    interface = label_interface(config)
    interface.validate()
    assert all(interface.validate_task(task) for task in tasks)
    assert [task["data"]["caption_a"] for task in tasks] == [i.texts[0].text for i in plan.items]
    assert "HYPERLINK" not in config


def test_texts_of_the_rubric_are_escaped(label_interface):
    rubric = make_rubric()
    hostile = type(rubric)(
        introduction=('<script>"&]]>',),
        claim_verdicts=rubric.claim_verdicts,
        clip_verdicts=rubric.clip_verdicts,
        error_types=rubric.error_types,
        severities=rubric.severities,
    )
    config = label_config(hostile, has_two=False, has_media=False)
    label_interface(config).validate()
    assert "<script>" not in config


def test_files_are_served_by_paths_under_the_folder(make_audit, export):
    folder, config, tasks = export(make_audit(*CAPTIONS, media=True))
    for task in tasks:
        for name in ("video", "sheet"):
            path = task["data"][name].removeprefix("/data/local-files/?d=")
            assert path.startswith("files/")
            assert (folder / path).stat().st_size > 0
    guide = (folder / "README.md").read_text("utf-8")
    assert "LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED=true" in guide
    assert "LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT=" in guide
    assert "<Video" in config


def test_only_what_an_audit_has_is_asked_and_shown(make_audit, export):
    _, config, tasks = export(make_audit(("A dog.",)))
    assert "<Video" not in config
    assert "caption_b" not in config
    assert "preferred" not in config
    assert tasks[0]["data"]["video"] == ""
