"""The command that lets a language model judge."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from kazstance.cli.command import Json
from kazstance.output.counted import counted
from kazstance.output.plain_json import to_json
from kazstance.output.terminal import Table, display, echo, echo_page

if TYPE_CHECKING:
    from kazstance.annotate.by_model.model_run import Finished, RunPlan
    from kazstance.annotate.by_model.spending import Estimate, Prices
    from kazstance.schema.labels import Role

ENGINES: Final = ("openai", "inspect")
ORDERS: Final = ("forward", "reversed", "shuffled")
TOO_MANY: Final = 0.02
"""The share of pairs without a label from which a run says so."""


Corpus = Annotated[Path, typer.Argument(help="The corpus folder.")]
Model = Annotated[
    str,
    typer.Option("--model", help="The model by the server's name; without --base-url, openai/NAME or ollama/NAME."),
]
BaseUrl = Annotated[
    str | None, typer.Option(metavar="URL", help="The server, such as http://127.0.0.1:8080/v1; texts are sent there.")
]
KeyEnv = Annotated[
    str | None, typer.Option(metavar="NAME", help="The environment variable with the key of the server.")
]
As = Annotated[
    str | None, typer.Option("--as", metavar="ID", help="Name of the annotator.", show_default="made from the model's")
]
Sources = Annotated[list[str] | None, typer.Option("--source", help="Only this source. Repeatable.")]
Targets = Annotated[list[str] | None, typer.Option("--target", help="Only this target. Repeatable.")]
Share = Annotated[float, typer.Option(min=0, max=1, help="Probability of drawing each sentence.")]
Block = Annotated[int, typer.Option(min=1, help="How many targets a question asks about at most.")]
OrderName = Annotated[str, typer.Option("--order", help="Order of the targets: forward, reversed or shuffled.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the answers, of --share and of a shuffled order.")]
Parameters = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="A parameter of the server, in JSON; null leaves it out. Repeatable.",
        show_default="temperature=0",
    ),
]
MaxTokens = Annotated[
    int | None, typer.Option(min=1, help="Length of the longest answer.", show_default="200 for each target")
]
Brief = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="Instructions of your own: a file below annotations.", show_default="built in"),
]
Codebook = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="Another codebook: a file below annotations.", show_default="the corpus's own"),
]
RoleName = Annotated[str, typer.Option("--role", help="What the judgements are for: label, or check.")]
Price = Annotated[
    str | None,
    typer.Option(metavar="IN/OUT", help="US dollars for a million tokens of questions and answers: 0.15/0.60."),
]
Limit = Annotated[float | None, typer.Option("--limit-usd", min=0, help="Spend no more than this in all.")]
Connections = Annotated[int, typer.Option(min=1, max=256, help="Questions that are asked at a time.")]
Timeout = Annotated[float, typer.Option(min=0.1, max=86_400, help="Seconds to wait for an answer.")]
EngineName = Annotated[str, typer.Option("--engine", help=f"What talks to the server: {' or '.join(ENGINES)}.")]
Retry = Annotated[str | None, typer.Option(metavar="failed", help="Ask again about the pairs that got no label.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what it will take, about; nothing is sent.")]


def run(
    corpus: Corpus,
    model: Model,
    base_url: BaseUrl = None,
    key_env: KeyEnv = None,
    as_: As = None,
    source: Sources = None,
    target: Targets = None,
    share: Share = 1.0,
    block: Block = 10,
    order: OrderName = "forward",
    seed: Seed = 1,
    set_: Parameters = None,
    max_tokens: MaxTokens = None,
    brief: Brief = None,
    codebook: Codebook = None,
    role: RoleName = "label",
    price: Price = None,
    limit_usd: Limit = None,
    connections: Connections = 4,
    timeout: Timeout = 120.0,
    engine: EngineName = "openai",
    retry: Retry = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Let a language model judge what is open, by the corpus's codebook; run it again to go on where it stopped.

    Example: kazstance annotate run my_corpus --model ollama/qwen3 --dry-run
    """
    from kazstance.annotate.by_model.model_run import RunPlan, Scope

    plan = RunPlan(
        model=model,
        annotator=as_,
        base_url=base_url,
        key_variable=key_env,
        engine=_known(engine, "engine", ENGINES),
        scope=Scope(sources=tuple(source or ()), targets=tuple(target or ()), share=share),
        block=block,
        order=_known(order, "order", ORDERS),
        seed=seed,
        parameters={"temperature": 0} | dict(map(_parameter, set_ or ())),
        most_tokens=max_tokens,
        brief=brief,
        codebook=codebook,
        role=_role(role),
        prices=_prices(price),
        limit=limit_usd,
        connections=connections,
        timeout=timeout,
        retry_failed=retry is not None and bool(_known(retry, "kind of pair", ("failed",))),
    )
    _carry_out(corpus, plan, dry_run=dry_run, as_json=as_json)


def _carry_out(corpus: Path, plan: "RunPlan", *, dry_run: bool, as_json: bool) -> None:
    """Estimate a run or make it, and report."""
    from kazstance.annotate.by_model.model_run import estimate_run, run_model

    if dry_run:
        _report_estimate(*estimate_run(corpus, plan), as_json=as_json)
        return
    done = run_model(corpus, plan, lambda line: echo(line, err=True))
    _report(done, as_json=as_json)
    if done.is_failure:
        raise typer.Exit(1)


def _role(name: str) -> "Role":
    from kazstance.schema.labels import Role

    return Role(_known(name, "role", ("label", "check")))


def _prices(text: str | None) -> "Prices | None":
    from kazstance.annotate.by_model.spending import read_prices

    return read_prices(text) if text else None


def _known(name: str, kind: str, known: tuple[Any, ...]) -> Any:
    """A name, if it is known.

    Raises:
        UnknownNameError: it is not.
    """
    from kazstance.errors import UnknownNameError

    if name not in known:
        raise UnknownNameError(name, kind, known)
    return name


def _parameter(text: str) -> tuple[str, Any]:
    """The name and value of a parameter, from a text such as temperature=0.5."""
    from kazstance.input.strict_json import StrictError, load_json

    name, sign, value = text.partition("=")
    try:
        if sign and name.strip():
            return name.strip(), load_json(value)
    except StrictError:
        pass
    raise typer.BadParameter(f'--set: {text!r}, expected NAME=VALUE in JSON, such as temperature=0.5 or effort="low"')


def _report_estimate(annotator: str, found: "Estimate", *, as_json: bool) -> None:
    if as_json:
        echo_page(to_json({"annotator": annotator, **asdict(found)}))
        return
    echo(
        f"{annotator}: {found.questions:,} questions about {found.pairs:,} pairs, "
        f"about {found.tokens_in:,} tokens in and {found.tokens_out:,} out{_cost(found)}{_time(found)}"
    )


def _cost(found: "Estimate") -> str:
    return "; what it costs follows from --price" if found.usd is None else f", {found.usd:.2f} USD"


def _time(found: "Estimate") -> str:
    from kazstance.corpus.progress import in_words

    return "" if found.seconds is None else f", {in_words(found.seconds)}"


def _report(done: "Finished", *, as_json: bool) -> None:
    if as_json:
        echo_page(to_json({**asdict(done), "file": str(done.file)}))
        return
    table = Table("status", "pairs")
    for status, n in done.statuses.items():
        table.add_row(status, f"{n:,}")
    if done.statuses:
        display(table)
    usd, lost = done.run.get("usd"), done.run.get("lost", 0)
    echo(
        f"{done.annotator}: sent {counted(done.sent, 'question')} now, "
        f"{done.run.get('questions', 0):,} in all with {done.run.get('tokens_in', 0):,} tokens in and "
        f"{done.run.get('tokens_out', 0):,} out" + (f", {usd:.2f} USD" if usd is not None else "")
    )
    if lost:
        echo(f"{counted(lost, 'answer')} came to nothing because a run was killed, and may have been paid for")
    for source, (failed, every) in done.failed.items():
        if failed > TOO_MANY * every:
            echo(f"{source}: {failed:,} of {every:,} pairs have no label; they are open, not none", err=True)
    if done.stopped:
        echo(
            f"stopped: {done.stopped}; {counted(done.left.questions, 'question')} left, run the command again to go on",
            err=True,
        )
