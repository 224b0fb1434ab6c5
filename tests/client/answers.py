"""Answers of the API, as bodies that a scripted server gives."""

import json
from typing import Any

from hypernode.chain.keys import Keypair, address_of

KEYPAIR = Keypair.from_seed(bytes(32))
ADDRESS = address_of(KEYPAIR)
JOB_ID = "019ab000-0000-7000-8000-000000000001"


def job(status: str = "queued", **changes: Any) -> dict[str, Any]:
    at = "2026-11-23T12:00:00.000Z"
    return {
        "jobId": JOB_ID,
        "walletAddress": ADDRESS,
        "jobType": "llm_inference",
        "model": "default",
        "input": {},
        "requirements": {},
        "budget": 1,
        "maxDuration": 3600,
        "status": status,
        "createdAt": at,
        "updatedAt": at,
        "assignedNode": None,
        "result": None,
        "logs": [],
        "metrics": {"startTime": None, "endTime": None, "duration": None, "cost": 0},
        "priority": 0,
        "attempts": 0,
        "units": 0,
        "unit": "token",
        "error": None,
        "verification": None,
        "receiptId": None,
        "artifacts": [],
        **changes,
    }


def job_answer(status: str = "queued", **changes: Any) -> dict[str, Any]:
    return {"success": True, "message": "Job created successfully", "job": job(status, **changes)}


def problem(status: int, code: str, error: str, **more: Any) -> dict[str, Any]:
    return {
        "type": "about:blank",
        "title": error,
        "status": status,
        "detail": error,
        "error": error,
        "code": code,
        **more,
    }


def sse(seq: int, kind: str, **data: Any) -> bytes:
    event = {"seq": seq, "jobId": JOB_ID, "kind": kind, "data": data, "at": "2026-11-23T12:00:00.000Z"}
    return f"id: {seq}\nevent: {kind}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n".encode()
