"""AWS's models: the same as botocore reads them, and what lean leaves out."""

from __future__ import annotations

import json
from pathlib import Path

import botocore.session
import pytest
from botocore.loaders import Loader

from tui.aws import allowlist
from tui.aws.model_loader import SharedLoader
from tui.aws.sessions import Sessions
from tui.config.schema import Settings


@pytest.mark.parametrize("service", sorted(allowlist.READS))
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
        assert set(loader.load_service_model(service, "service-2")["operations"]) == allowlist.LOOKS[service]
    assert "AssumeRole" in loader.load_service_model("sts", "service-2")["operations"]


def test_a_file_of_ones_own_that_is_no_json_is_botocores_to_refuse(tmp_path: Path) -> None:
    loader = SharedLoader(lean=False)
    loader._search_paths.insert(0, str(tmp_path))  # type: ignore[attr-defined]  # as AWS_DATA_PATH does
    (tmp_path / "mine.json").write_text("{")
    with pytest.raises(ValueError, match="Expecting property name"):
        loader.load_data("mine")


def test_the_services_it_knows_are_those_evac_speaks_with() -> None:
    known = SharedLoader(lean=False).list_available_services("service-2")
    assert set(known) == set(allowlist.READS) <= set(Loader().list_available_services("service-2"))


def test_a_model_of_the_user_s_own_cannot_call_a_change_by_the_name_of_a_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """~/.aws/models and AWS_DATA_PATH come before botocore's own folder, for botocore: not here."""
    real = Loader().load_service_model("ec2", "service-2")
    real["operations"]["DescribeRegions"]["name"] = "StopInstances"
    folder = tmp_path / "models" / "ec2" / "2016-11-15"
    folder.mkdir(parents=True)
    (folder / "service-2.json").write_text(json.dumps(real))
    (tmp_path / "models" / "partitions.json").write_text('{"partitions": []}')
    (tmp_path / "models" / "endpoints.json").write_text('{"partitions": []}')
    monkeypatch.setattr(Loader, "CUSTOMER_DATA_PATH", str(tmp_path / "models"))
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path / "models"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    (tmp_path / "config").write_text(
        f"[profile p]\naws_access_key_id=x\naws_secret_access_key=y\ndata_path = {tmp_path}/models\n"
    )
    theirs = botocore.session.Session(profile="p").get_service_model("ec2")
    assert theirs.operation_model("DescribeRegions").wire_name == "StopInstances", "it would have worked"
    for lean in (True, False):
        client = Sessions(Settings(), lean=lean).client("p", "ec2", "eu-west-1")
        assert client.meta.service_model.operation_model("DescribeRegions").wire_name == "DescribeRegions"
        assert client.meta.endpoint_url == "https://ec2.eu-west-1.amazonaws.com"
