"""Loads onnxruntime with its telemetry off, for every executor and for the SDK on a customer's machine."""

import os
from importlib import import_module
from typing import Any


def onnxruntime() -> Any:
    """The module; whatever else imports it must do so after this.

    Since 1.29 the official builds tell their maker of each model that is loaded, over the network and through files in
    the home and temporary folders. Only this variable, read at the import, stops all of it.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    return import_module("onnxruntime")
