"""Puts the built web app into the wheel: `make web` makes it, the source distribution carries it along."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUILT = "web/dist"
PLACE = "hypernode/web_app"


class WebAppHook(BuildHookInterface[Any]):
    """An editable installation reads the app from the clone, where `make web` renews it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the app to what is built."""
        if version == "editable":
            return
        if (Path(self.root) / BUILT / "index.html").is_file():
            build_data["force_include"][BUILT] = PLACE
        else:
            self.app.display_warning(f"{BUILT} is missing: this wheel has no web app. Run `make web` before.")
