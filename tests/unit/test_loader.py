"""AWS's models: the same as botocore reads them, and what lean leaves out."""

from __future__ import annotations

from pathlib import Path

import pytest
from botocore.loaders import Loader

from tui.aws import readonly
from tui.aws.loader import SharedLoader


@pytest.mark.parametrize("service", sorted(readonly.READS))
@pytest.mark.parametrize("kind", ["service-2", "endpoint-rule-set-1"])
def test_what_it_reads_is_what_botocore_reads(service: str, kind: str) -> None:
    ours = SharedLoader(lean=False).load_service_model(service, kind)
    theirs = Loader().load_service_model(service, kind)
    assert ours == theirs
    assert list(ours) == list(theirs), "in the same order"
    for name, shape in theirs.get("shapes", {}).items():
        assert list(ours["shapes"][name].get("members", ())) == list(shape.get("members", ()))


def test_lean_knows_what_evac_looks_with_and_no_other_call() -> None:
    loader = SharedLoader(lean=True)
    for service in ("ec2", "iam"):
        assert set(loader.load_service_model(service, "service-2")["operations"]) == readonly.LOOKS[service]
    assert "AssumeRole" in loader.load_service_model("sts", "service-2")["operations"]


def test_a_file_of_ones_own_that_is_no_json_is_botocores_to_refuse(tmp_path: Path) -> None:
    loader = SharedLoader(lean=False)
    loader._search_paths.insert(0, str(tmp_path))  # type: ignore[attr-defined]  # as AWS_DATA_PATH does
    (tmp_path / "mine.json").write_text("{")
    with pytest.raises(ValueError, match="Expecting property name"):
        loader.load_data("mine")


def test_the_services_it_knows_are_those_evac_speaks_with() -> None:
    known = SharedLoader(lean=False).list_available_services("service-2")
    assert set(known) == set(readonly.READS) <= set(Loader().list_available_services("service-2"))
