"""What of a processor can show in a result: libraries choose their kernels, and so their rounding, by it."""

import platform
import re
from pathlib import Path
from typing import Final

_CPUINFO: Final = Path("/proc/cpuinfo")
_TELLING: Final = re.compile(r"sse4_2|avx\w*|fma|f16c|amx\w*|asimd\w*|sve\w*")


def isa() -> str:
    """As in `x86_64 avx avx2 fma`."""
    listed = (
        re.search(r"^(?:flags|Features)\s*:(.*)$", _CPUINFO.read_text(), re.MULTILINE) if _CPUINFO.exists() else None
    )
    flags = listed[1].split() if listed else []
    return " ".join([platform.machine(), *sorted(filter(_TELLING.fullmatch, flags))])
