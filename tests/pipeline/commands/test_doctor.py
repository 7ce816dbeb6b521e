"""`interlink doctor`: what is there, what is missing, and the fix."""

from importlib import metadata

import pytest

from interlink.pipeline.commands import doctor


def test_a_whole_installation_is_ready_for_the_demo(interlink):
    code, printed = interlink("doctor")
    assert code == 0, printed
    assert f"pyarrow                 {metadata.version('pyarrow')}" in printed
    assert "Whisper base            905e5bf8336b" in printed
    assert "next: interlink demo" in printed
    assert all(len(line) <= 80 for line in printed.splitlines())


def test_every_package_that_it_looks_for_is_named_by_an_extra():
    requires = metadata.requires("interlink") or []
    for need in doctor.NEEDS:
        own = [r for r in requires if r.lower().startswith(need.distribution)]
        assert own, need.distribution
        if need.extra is not None:
            assert any(f'extra == "{need.extra}"' in r for r in own), need


def test_a_missing_extra_is_told_with_its_fix(interlink, monkeypatch):
    absent = doctor.Need(distribution="no-such-package", purpose="tests", extra="asr")
    monkeypatch.setattr(doctor, "NEEDS", (absent,))
    code, printed = interlink("doctor")
    assert code == 3
    assert "!!" in printed
    assert "tests: pip install 'interlink[asr]'" in printed
    assert "the demo cannot run yet: no-such-package" in printed


def test_what_the_demo_does_not_need_may_be_missing(interlink, monkeypatch):
    absent = doctor.Need(
        distribution="no-such-package", purpose="tests", extra="s3", is_for_demo=False
    )
    monkeypatch.setattr(doctor, "NEEDS", (absent,))
    code, printed = interlink("doctor")
    assert (code, "pip install 'interlink[s3]'" in printed) == (0, True)


@pytest.mark.parametrize(("name", "word"), [("MIN_DISK_GIB", "disk"), ("MIN_MEMORY_GIB", "memory")])
def test_a_small_machine_is_warned(interlink, monkeypatch, name, word):
    monkeypatch.setattr(doctor, name, 1e9)
    code, printed = interlink("doctor")
    [line] = [line for line in printed.splitlines() if f"free {word}" in line]
    assert code == 0
    assert "low: " in line
