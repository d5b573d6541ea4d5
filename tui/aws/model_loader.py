"""AWS's models as botocore wants them, read quickly and once for all sessions."""

from __future__ import annotations

import threading
from typing import Any

import msgspec
from botocore.loaders import JSONFileLoader, Loader

from tui.aws import allowlist

_LEAN = allowlist.LOOKS.keys() - allowlist.LOGINS.keys()


class _Files(JSONFileLoader):
    """As botocore's, by msgspec: the standard library takes 60 ms for EC2's model alone, five times as long.

    Objects come as plain dictionaries, which keep their order as the ordered ones do that botocore asks for.
    """

    def _load_file(self, full_path: str, open_method: Any) -> Any:
        try:
            with open_method(full_path, "rb") as file:
                body = file.read()
        except FileNotFoundError:
            return None
        try:
            return msgspec.json.decode(body)
        except msgspec.MsgspecError:  # a damaged installation: botocore says what is wrong with it
            theirs: Any = super()
            return theirs._load_file(full_path, open_method)


class SharedLoader(Loader):
    """AWS's models, each parsed once, however many threads want it first.

    `lean`: a client is made with the operations evac looks with and no other; EC2 has more than 700, and botocore makes a
    method of each for every client. Those that log in keep all.
    """

    FILE_LOADER_CLASS = _Files

    def __init__(self, lean: bool) -> None:
        # Only botocore's own: a file in ~/.aws/models or AWS_DATA_PATH could call a change by the name of a read.
        super().__init__([self.BUILTIN_DATA_PATH], include_default_search_paths=False)
        self._guard = threading.RLock()
        self._lean = lean
        self._small: dict[str, Any] = {}

    def load_service_model(self, *names: Any, **options: Any) -> Any:
        """As Loader's, one at a time."""
        with self._guard:
            model = super().load_service_model(*names, **options)
            service, *kind = names
            if not self._lean or service not in _LEAN or kind != ["service-2"]:
                return model
            if service not in self._small:
                looks = allowlist.LOOKS[service]
                kept = {name: one for name, one in model["operations"].items() if name in looks}
                self._small[service] = {**model, "operations": kept}
            return self._small[service]

    def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002 - botocore's signature
        """Those evac speaks with. botocore would look through the folders of all 400, for each kind of model."""
        return sorted(allowlist.READS)

    def load_data_with_path(self, name: str) -> Any:
        """As Loader's, one at a time."""
        with self._guard:
            return super().load_data_with_path(name)
