"""Job types over HTTP: what can be asked for, told well enough to make a form of it."""

from hypernode.protocol.artifacts import ArtifactRef
from hypernode.protocol.wire import Body, HyperIn, JsonObject


class PriceUnit(Body):
    """What a price of a job type is for, as in HYPER for every 1,000 tokens."""

    name: str
    per: int


class ExampleFile(ArtifactRef, rename="camel", frozen=True, kw_only=True):
    """A file that the example needs: upload what `url` gives before."""

    url: str


class ExampleJob(Body):
    """A body of POST /api/jobs, but for the wallet."""

    job_type: str
    model: str
    input: JsonObject
    requirements: JsonObject
    budget: HyperIn
    max_duration: int


class JobTypeView(Body):
    """A job type that this coordinator takes."""

    job_type: str
    title: str
    description: str
    capability: str  #: What a node must list that runs it.
    input_schema: JsonObject  #: JSON Schema 2020-12 of the job's `input`.
    example: ExampleJob | None  #: Null: a plug-in that shows none.
    example_files: list[ExampleFile]
    unit: PriceUnit
    needs: str | None  #: The command that installs the engine on a node; null: nothing is to be installed.


class JobTypeList(Body):
    """The job types, in an order that stays."""

    count: int
    job_types: list[JobTypeView]
    success: bool = True
