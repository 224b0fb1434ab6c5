"""Routes of job types."""

from litestar import Controller, Response, get
from litestar.openapi.datastructures import ResponseSpec

from hypernode.api.services import Services
from hypernode.protocol.job_types import JobTypeList


class JobTypes(Controller):
    """What can be asked for."""

    path = "/api/job-types"
    tags = ["Jobs"]

    @get("/")
    async def index(self, services: Services) -> JobTypeList:
        """The job types, each with the schema of its input and a small job that works."""
        entries = services.catalogue.entries
        return JobTypeList(count=len(entries), job_types=entries)

    @get(
        "/{job_type:str}/files/{name:str}",
        responses={200: ResponseSpec(None, description="The content.", media_type="application/octet-stream")},
    )
    async def example_file(self, services: Services, job_type: str, name: str) -> Response[bytes]:
        """A file that an example needs, to be uploaded as an artifact."""
        content = services.catalogue.example_file(job_type, name)
        headers = {"X-Content-Type-Options": "nosniff"}
        return Response(content, media_type="application/octet-stream", headers=headers)
