import tomllib

from mkdocs.utils.yaml import yaml_load

from tests.conftest import ROOT


def test_what_is_cited_is_what_is_here():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["project"]
    heading = (ROOT / "README.md").read_text("utf8").splitlines()[0]
    citation = yaml_load((ROOT / "CITATION.cff").read_text("utf8"))
    for cited in (citation, citation["preferred-citation"]):
        assert cited["version"] == project["version"]
        assert f"# {cited['title']}" == heading
    assert citation["license"] == project["license"]
