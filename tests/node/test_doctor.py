"""The doctor on this machine."""

from pathlib import Path

from hypernode.node import doctor
from hypernode.node.doctor import Level
from hypernode.node.settings import NodeSettings


def test_it_finds_what_is_there_and_says_how_to_mend_the_rest(tmp_path: Path):
    home = tmp_path / "not" / "made" / "yet"

    found = {each.subject: each for each in doctor.examine(NodeSettings("http://127.0.0.1:9", "wallet", home))}

    assert found["llm_inference"].level is Level.OK
    assert "smollm2-135m-instruct" in found["llm_inference"].detail
    assert found["generic_compute"].level is Level.OK
    assert found["gpu"].detail
    assert found["disk"].level is Level.OK
    assert found["coordinator"].level is Level.BROKEN
    assert all(each.fix for each in found.values() if each.level is not Level.OK)
    assert not home.exists()
