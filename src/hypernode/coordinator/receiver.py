"""Receives what nodes report: refuses what no honest node would send, has the rest checked or accepted."""

import asyncio
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final
from uuid import UUID

import msgspec

from hypernode.coordinator.auditor import Auditor
from hypernode.coordinator.sessions import Held
from hypernode.coordinator.settler import Ended, Ending, Settler
from hypernode.domain.assurance import Assurance
from hypernode.domain.demand import DEFAULT_MODEL
from hypernode.domain.lease import LeaseEvent
from hypernode.ports import Executor, Finding
from hypernode.protocol import limits
from hypernode.protocol.frames import Report
from hypernode.store import artifacts
from hypernode.store.database import Database

MAX_FINGERPRINT_BYTES: Final = 8_192


class Receiver:
    """The one door for reports, over whichever link they come."""

    def __init__(
        self, database: Database, executors: Mapping[str, Executor], auditor: Auditor, settler: Settler
    ) -> None:
        self._database = database
        self._executors = executors
        self._auditor = auditor
        self._settler = settler

    async def report(self, held: Held, node_id: UUID, provider: str, report: Report) -> Ended:
        """End an attempt as its node says, or have it checked first. Raises StaleLease if it was not live.

        A result that is not what the job type promises is a failure.
        """
        if is_plain(held, report):
            return await self.report_plain(held, report)
        fault = self._fault(held, report)
        claimed = {ref.sha256 for ref in report.artifacts}
        # Only what the node itself uploaded: a digest alone must not open somebody else's file.
        if not fault and claimed and claimed - await artifacts.readable(self._database, provider, claimed):
            fault = "the result names artifacts that the node has not uploaded"
        ending = _ending(held, report, fault)
        if ending.event is LeaseEvent.FAIL:
            return await self._settler.end(ending)
        checked = await self._auditor.open(held, node_id, provider, ending, report.fingerprint)
        return checked or await self._settler.end(ending)

    def report_plain(self, held: Held, report: Report) -> asyncio.Future[Ended]:
        """As `report`, for a plain one."""
        return self._settler.put(_ending(held, report, self._fault(held, report)))

    def _fault(self, held: Held, report: Report) -> str:
        if report.error:
            return report.error
        if report.result is None:
            return "the node reported neither a result nor an error"
        if len(msgspec.json.encode(report.result)) > limits.MAX_RESULT_BYTES:
            return f"the result is larger than {limits.MAX_RESULT_BYTES} bytes"
        if len(msgspec.json.encode(report.fingerprint)) > MAX_FINGERPRINT_BYTES:
            return f"the fingerprint is larger than {MAX_FINGERPRINT_BYTES} bytes"
        if len(report.artifacts) > limits.MAX_OUTPUT_FILES:
            return f"the result has more than {limits.MAX_OUTPUT_FILES} files"
        if any(not _is_file_name(ref.name) for ref in report.artifacts):
            return f"a file's name is relative, of at most {limits.MAX_FILE_NAME} characters, without `..` and U+0000"
        if report.model and held.model not in (DEFAULT_MODEL, report.model):
            return f"the node used the model {report.model}, not {held.model}"
        try:
            msgspec.convert(report.result, Finding if held.audit else self._executors[held.job_type].Output)
        except msgspec.ValidationError as error:
            return f"the result is not what {held.job_type} gives: {error}"
        return ""


def is_plain(held: Held, report: Report) -> bool:
    """Whether a report can be judged by itself: it names no files, and nobody is to check it."""
    return not report.artifacts and (held.audit or held.assurance == Assurance.NONE)


def _ending(held: Held, report: Report, fault: str) -> Ending:
    if fault:
        blames_input = bool(report.error) and report.blames_input
        return Ending(held.lease_id, LeaseEvent.FAIL, _clean(fault), blames_input)
    return Ending(
        held.lease_id,
        LeaseEvent.SUCCEED,
        result=report.result,
        units=max(0, report.units),
        model=_clean(report.model),
        artifacts=report.artifacts,
    )


def _is_file_name(name: str) -> bool:
    """Whether customers can be given it: they put the file there, below a folder of theirs."""
    path = PurePosixPath(name)
    return (
        len(name) <= limits.MAX_FILE_NAME and "\x00" not in name and not path.is_absolute() and ".." not in path.parts
    )


def _clean(text: str) -> str:
    return text.replace("\x00", "\ufffd")[: limits.MAX_LOG_LINE]
