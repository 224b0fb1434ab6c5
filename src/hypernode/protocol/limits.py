"""Every bound on what crosses the wire, by name."""

from typing import Final

MAX_BODY_BYTES: Final = 1 << 20
MAX_ARTIFACT_BYTES: Final = 4 << 30
MAX_FRAME_BYTES: Final = 4 << 20
MAX_FRAMES_PER_MESSAGE: Final = 1_000
MAX_JSON_DEPTH: Final = 64
MAX_HEADER_BYTES: Final = 32 << 10
MAX_TEXT: Final = 256
"""Characters of a name, a model, a wallet."""
MAX_LIST_LIMIT: Final = 1_000
DEFAULT_LIST_LIMIT: Final = 100
MAX_LOG_LINES: Final = 1_000
"""Log lines kept with a job; the oldest go first."""
MAX_LOG_LINE: Final = 4_096
MAX_RESULT_BYTES: Final = 1 << 20
"""A larger result belongs into an artifact."""
MAX_STREAM_CHARS: Final = 1 << 20
MAX_OUTPUT_FILES: Final = 1_000
MAX_CAPACITY: Final = 1_024
POLL_WAIT_S: Final = 25.0
"""A long poll is answered after this long even if there is nothing: under most proxies' 30 s."""
