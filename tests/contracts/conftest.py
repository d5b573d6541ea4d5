"""The clouds, started once.

`moto_is_wrong` marks what moto answers otherwise than AWS: a strict xfail, so that a moto that mends it tells us.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.contracts import aws_worlds


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "moto_is_wrong(reason): moto differs from AWS here; strict xfail there only"
    )


@pytest.fixture(scope="session")
def clouds() -> Iterator[Callable[[str], aws_worlds.Cloud]]:
    started: dict[str, aws_worlds.Cloud] = {}

    def get(name: str) -> aws_worlds.Cloud:
        if name not in started:
            started[name] = aws_worlds.own() if name == "own" else aws_worlds.moto()
        return started[name]

    yield get
    for cloud in started.values():
        cloud.close()


@pytest.fixture(params=["own", "moto"])
def cloud(request: pytest.FixtureRequest, clouds: Callable[[str], aws_worlds.Cloud]) -> aws_worlds.Cloud:
    marker = request.node.get_closest_marker("moto_is_wrong")
    if marker is not None and request.param == "moto":
        request.applymarker(pytest.mark.xfail(reason=marker.args[0], strict=True))
    return clouds(request.param)


@pytest.fixture
def own(clouds: Callable[[str], aws_worlds.Cloud]) -> Iterator[aws_worlds.Cloud]:
    """Ours alone, as at the start, without faults."""
    cloud = clouds("own")
    assert cloud.demo is not None
    cloud.demo.control("reset", {})
    yield cloud
    cloud.demo.control("reset", {})
