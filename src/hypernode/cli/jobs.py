"""`hypernode jobs`: ask for work, follow it, withdraw it."""

from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Group, RenderableType
from rich.text import Text

from hypernode.cli.follow import follow
from hypernode.cli.session import ExitCode, Session, command, console, print_json
from hypernode.cli.show import details, printable, table, when
from hypernode.client import Client
from hypernode.client.jobs import JobOptions
from hypernode.domain.assurance import Assurance
from hypernode.domain.job import JobState
from hypernode.protocol.jobs import MAX_PARTS, Explanation, Job

app = typer.Typer(help="Ask for work, follow it, withdraw it.", no_args_is_help=True)

JobId = Annotated[str, typer.Argument(help="The job's id.", show_default=False)]
Limit = Annotated[int, typer.Option(min=1, help="At most this many.")]


def json_object(text: str) -> dict[str, Any]:
    """A JSON object from the command line, or from the file after an @."""
    try:
        raw = Path(text[1:]).read_bytes() if text.startswith("@") else text.encode()
        return msgspec.json.decode(raw, type=dict[str, Any])
    except OSError as error:
        raise typer.BadParameter(f"{error.filename}: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise typer.BadParameter(f"not a JSON object: {error}") from error


@command(app)
def submit(
    session: Session,
    job_type: Annotated[str, typer.Argument(metavar="TYPE", help="As in llm_inference.", show_default=False)],
    model: Annotated[str, typer.Option(help="A model that nodes have.")] = "default",
    input_: Annotated[
        Any, typer.Option("--input", parser=json_object, metavar="JSON|@FILE", help="The job type's input.")
    ] = None,
    prompt: Annotated[str | None, typer.Option(help="Short for --input '{\"prompt\": ...}'.")] = None,
    requirements: Annotated[
        Any,
        typer.Option(
            parser=json_object, metavar="JSON|@FILE", help="What a node must have, as in '{\"minVRAM\": 24}'."
        ),
    ] = None,
    budget: Annotated[str, typer.Option(help="HYPER: all that the job may cost.")] = "0",
    max_duration: Annotated[int, typer.Option(min=1, help="Seconds.")] = 3600,
    assurance: Annotated[Assurance, typer.Option(help="How much of its result is checked.")] = Assurance.SAMPLED,
    parts: Annotated[
        int, typer.Option(min=1, max=MAX_PARTS, help="Spread over at most so many jobs, where its type can be.")
    ] = 1,
    watch: Annotated[bool, typer.Option("--watch", help="Follow the job to its end.")] = False,
) -> None:
    """Ask for work. The budget is locked until the job ends; what it did not cost comes back."""
    options = JobOptions(
        model=model,
        input=input_ or {},
        budget=budget,
        max_duration=max_duration,
        assurance=assurance,
        parts=parts,
    )
    if prompt is not None:
        options["input"] = {**(input_ or {}), "prompt": prompt}
    if requirements is not None:
        options["requirements"] = requirements
    with session.client() as client:
        job = client.submit_job(job_type, **options)
        if watch:
            _announce(session, job)
            _watch(session, client, job.job_id)
        else:
            session.show(job, job_view(job))


@command(app, "list")
def list_(
    session: Session,
    mine: Annotated[bool, typer.Option("--mine", help="Only those of --wallet.")] = False,
    status: Annotated[str | None, typer.Option(help="As in running.")] = None,
    job_type: Annotated[str | None, typer.Option("--type", help="As in llm_inference.")] = None,
    limit: Limit = 20,
) -> None:
    """Jobs, newest first."""
    with session.client() as client:
        wallet = client.address if mine else None
        page_size = min(limit, 1000)
        jobs = list(islice(client.jobs(wallet=wallet, status=status, job_type=job_type, page_size=page_size), limit))
    columns = ("Job", "Type", "Model", "Status", "Budget", "Cost", "Created")
    rows = (
        (job.job_id, job.job_type, job.model, job.status, job.budget, job.metrics.cost, when(job.created_at))
        for job in jobs
    )
    session.show(jobs, table(columns, rows, empty="No jobs."))


@command(app)
def get(session: Session, job_id: JobId) -> None:
    """A job, with its result."""
    with session.client() as client:
        job = client.job(job_id)
    session.show(job, job_view(job))


@command(app)
def watch(
    session: Session,
    job_id: JobId,
    after: Annotated[int, typer.Option(min=0, help="Only events after this sequence number.")] = 0,
) -> None:
    """Follow a job to its end: states, progress, logs, tokens. With --json one event a line, then the job."""
    with session.client() as client:
        _watch(session, client, job_id, after)


@command(app)
def cancel(
    session: Session,
    job_id: JobId,
    stop_running: Annotated[
        bool, typer.Option("--stop-running", help="Even if it runs; what was done is paid.")
    ] = False,
) -> None:
    """Withdraw a job; its budget comes back."""
    with session.client() as client:
        job = client.cancel_job(job_id, stop_running=stop_running)
    session.show(job, job_view(job))


@command(app)
def explain(session: Session, job_id: JobId) -> None:
    """Why a job waits, and what would help."""
    with session.client() as client:
        explanation = client.explain(job_id)
    session.show(explanation, _explanation_view(explanation))


def job_view(job: Job) -> RenderableType:
    """All of a job that people want to know."""
    metrics = job.metrics
    parts: list[RenderableType] = [
        details(
            job=job.job_id,
            type=job.job_type,
            model=job.model,
            status=job.status,
            customer=job.wallet_address,
            budget=f"{job.budget} HYPER",
            cost=f"{metrics.cost} HYPER for {job.units} {job.unit}",
            duration=None if metrics.duration is None else f"{metrics.duration:.1f} s",
            node=job.assigned_node,
            attempts=job.attempts,
            verdict=job.verification and job.verification.verdict,
            receipt=job.receipt_id,
            created=when(job.created_at),
        )
    ]
    if job.error:
        parts.append(Text(f"\n{printable(job.error.message)}", style="yellow"))
    if job.result is not None:
        parts += [Text("\nResult", style="bold"), details(**job.result)]
    if job.artifacts:
        rows = ((each.sha256, each.name, each.size) for each in job.artifacts)
        parts.append(table(("Artifact", "Name", "Bytes"), rows, empty=""))
    return Group(*parts)


def _announce(session: Session, job: Job) -> None:
    if not session.json:
        console().print(f"Job {job.job_id}", *([job.error.message] if job.error else []), sep="\n")


def _watch(session: Session, client: Client, job_id: str, after: int = 0) -> None:
    """Follow to the end, then say how it ended; a job without a result is a failure of this command."""
    follow(client.watch(job_id, after), json=session.json)
    job = client.job(job_id)
    if session.json:
        print_json(job, indent=-1)
    else:
        console().print(job_view(job))
    if job.status != JobState.COMPLETED:
        raise typer.Exit(ExitCode.REFUSED)


def _explanation_view(explanation: Explanation) -> RenderableType:
    columns = ("Requirement", "Asked", "Nodes that fail it", "Nodes that fail only it")
    rows = (
        (each.requirement, each.asked, each.failing_nodes, each.only_obstacle_for) for each in explanation.obstacles
    )
    parts: list[RenderableType] = [
        Text(printable(explanation.sentence)),
        details(
            status=explanation.status,
            online_nodes=explanation.online_nodes,
            matching_nodes=explanation.matching_nodes,
            free_matching_nodes=explanation.free_matching_nodes,
        ),
    ]
    if explanation.obstacles:
        parts.append(table(columns, rows, empty=""))
    if explanation.relaxation:
        parts.append(Text(printable(explanation.relaxation.sentence), style="bold"))
    return Group(*parts)
