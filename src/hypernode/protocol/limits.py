"""Every bound on what crosses the wire, by name."""

from typing import Final

MAX_BODY_BYTES: Final = 1 << 20
"""Of a request; artifacts and frames apart."""
MAX_ARTIFACT_BYTES: Final = 4 << 30
"""Of one file."""
MAX_FRAME_BYTES: Final = 4 << 20
"""Of one message of frames."""
MAX_FRAMES_PER_MESSAGE: Final = 1_000
"""Frames in one message of a node."""
MAX_JSON_DEPTH: Final = 64
"""Levels of lists and objects in a body."""
MAX_HEADER_BYTES: Final = 32 << 10
"""Names and values of all header fields of a request together."""
MAX_TEXT: Final = 256
"""Characters of a name, a model, a wallet."""
MAX_LIST_LIMIT: Final = 1_000
"""Entries of a page, at most."""
DEFAULT_LIST_LIMIT: Final = 100
"""Entries of a page where the request names no limit."""
MAX_LOG_LINES: Final = 1_000
"""Log lines kept with a job; the oldest go first."""
MAX_LOG_LINE: Final = 4_096
"""Characters of a log line, a message or a reason; the rest is cut off."""
MAX_RESULT_BYTES: Final = 1 << 20
"""A larger result belongs into an artifact."""
MAX_STREAM_CHARS: Final = 1 << 20
"""Characters of one piece of a streamed answer; the rest is cut off."""
MAX_FILE_NAME: Final = 1_024
"""Characters of the name that a job gives a file."""
MAX_OUTPUT_FILES: Final = 1_000
"""Files of a result."""
MAX_CAPACITY: Final = 1_024
"""Jobs that a node may run at once; a larger number counts as this."""
POLL_WAIT_S: Final = 25.0
"""A long poll is answered after this long even if there is nothing: under most proxies' 30 s."""
