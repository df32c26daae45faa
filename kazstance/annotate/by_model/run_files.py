"""What a run leaves in the corpus folder: judgements in the form of people's, what they depend on, and what failed."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, Final

import tomlkit
from tomlkit.exceptions import TOMLKitError

from kazstance.annotate.by_model.calls import Asked, Call, Questions, hashes
from kazstance.annotate.by_model.journal import NEWLINE, Journal
from kazstance.annotate.by_model.model_answers import PairAnswer, PairStatus
from kazstance.annotate.by_model.prompts import BRIEF, canonical, digest
from kazstance.annotate.by_model.run_state import RUNS, STATUSES, RunState
from kazstance.annotate.by_model.spending import Spending
from kazstance.annotate.drawing import readings_file
from kazstance.corpus.decisions import PairKey
from kazstance.corpus.editing import Edit, encoded
from kazstance.corpus.inputs import RunInput
from kazstance.corpus.read import ANNOTATORS
from kazstance.errors import KazstanceError
from kazstance.input.strict_toml import load_toml
from kazstance.output.plain_json import to_line
from kazstance.paths import StrPath
from kazstance.schema.digest import text_hash
from kazstance.schema.labels import Role

ORDERS: Final = {
    "forward": "in the order of the codebook",
    "reversed": "in the reverse order of the codebook",
    "shuffled": "in an order by chance",
}
LONGEST: Final = 200
"""How many characters of a name are kept that a server gives itself."""
Pairs = Mapping[PairKey, PairAnswer]


def pairs_of(questions: Questions, asked: Iterable[Asked]) -> dict[PairKey, PairAnswer]:
    """What became of each pair, in the order of the texts and then of the targets as they were asked.

    Args:
        questions: all that may be asked.
        asked: what has been answered.
    """
    found: dict[PairKey, PairAnswer] = {}
    for one in asked:
        for target, answer in one.pairs.items():
            key = one.call.sentence.sentence_id, target
            if key not in found or not found[key].status.has_label:
                found[key] = answer
    keys = ((sentence, target) for sentence in questions.sentences for target in questions.targets)
    return {key: found[key] for key in keys if key in found}


def record_prompts(file: StrPath, calls: Iterable[Call]) -> None:
    """Add to a file what is shared by the questions of several sentences: instructions, codebook, targets and schema.

    Args:
        file: the file, with a line for each, which names its digest.
        calls: the questions.
    """
    file = Path(file)
    content = file.read_bytes() if file.is_file() else b""
    there = content[: content.rfind(NEWLINE) + 1]  # a last line that was cut off is written again
    prompts = {call.prompt.digest: call.prompt for call in calls}
    lines = [
        to_line({"prompt": name, "text": prompt.text, "schema": prompt.schema})
        for name, prompt in prompts.items()
        if f'{{"prompt": "{name}"'.encode() not in there
    ]
    if lines:
        with file.open("ab") as opened:
            opened.truncate(len(there))
            opened.write("".join(lines).encode())


def put_judgements(edit: Edit, state: RunState, questions: Questions, pairs: Pairs) -> None:
    """Put the judgements of a run into a corpus folder, and which pairs have none or not all of their evidence.

    Args:
        edit: the changes to the corpus folder.
        state: how the run was begun.
        questions: all that may be asked.
        pairs: what became of each pair.
    """
    lines = "".join(map(to_line, _readings(state, questions, pairs)))
    edit.put(readings_file(state.annotator), encoded(lines, readings_file(state.annotator)))
    rows = (
        {"sentence_id": sentence, "target_id": target, "status": answer.status.value}
        for (sentence, target), answer in pairs.items()
        if answer.status is not PairStatus.ok
    )
    edit.put(f"{RUNS}/{state.annotator}/{STATUSES}", "".join(map(to_line, rows)).encode())


def _readings(state: RunState, questions: Questions, pairs: Pairs) -> Iterator[dict[str, Any]]:
    """A line for each sentence with a label: what was covered, and the judgements."""
    by_sentence: dict[str, dict[str, PairAnswer]] = {}
    for (sentence, target), answer in pairs.items():
        if answer.status.has_label:
            by_sentence.setdefault(sentence, {})[target] = answer
    for sentence, answers in by_sentence.items():
        chances = {t: questions.probability((sentence, t), state.scopes, state.seed or 0) for t in answers}
        levels = set(chances.values())
        yield {
            "sentence_id": sentence,
            "text_hash": text_hash(questions.sentences[sentence].text),
            **({"round": state.round} if state.round > 1 else {}),
            "covered": list(answers),
            **({} if levels == {1.0} else {"probability": levels.pop() if len(levels) == 1 else chances}),
            "judgements": [answer.judgement for answer in answers.values() if answer.judgement],
        }


def provenance(state: RunState, questions: Questions, journal: Journal, pairs: Pairs) -> dict[str, Any]:
    """What the judgements of a run depend on, and what became of its questions, as `[annotator.run]` has it.

    Args:
        state: how the run was begun.
        questions: all that may be asked.
        journal: what was sent and came back.
        pairs: what became of each pair.
    """
    rows, prices = journal.answered, state.prices
    spent = Spending(prices, rows)
    replies = [row.reply for row in rows if row.reply]
    times = sorted(row.time for row in rows)
    targets = sorted(questions.targets.values(), key=lambda target: target.id)
    statuses = Counter(answer.status.value for answer in pairs.values())
    found = {
        **{name: getattr(state, name) for name in RunInput.model_fields if name in RunState.model_fields},
        "model": without_folders(state.model),
        "answered": _distinct(reply.model and without_folders(reply.model) for reply in replies),
        "fingerprints": _distinct(reply.fingerprint for reply in replies),
        "clients": _distinct(row.client for row in rows),
        "first": times[0] if times else None,
        "last": times[-1] if times else None,
        "targets_digest": digest(canonical([[t.id, t.name, t.kind, t.definition] for t in targets])),
        "corpus_digest": digest(canonical(hashes(questions.sentences.values()))),
        "questions": len(rows),
        "tries": sum(row.tries for row in rows),
        "lost": len(journal.lost),
        "tokens_in": spent.tokens.given,
        "tokens_cached": spent.tokens.cached,
        "tokens_out": spent.tokens.answered,
        "usd": None if spent.usd is None else round(spent.usd, 6),
        "prices": str(prices) if prices else None,
        "statuses": {status.value: statuses[status.value] for status in PairStatus if statuses[status.value]},
    }
    return {name: value for name, value in found.items() if value not in (None, [], {})}


def _distinct(names: Iterable[str | None]) -> list[str]:
    """Names that a server gave, without those that say nothing, each in one line and not too long."""
    return sorted({" ".join(name.split())[:LONGEST] for name in names if name and name.strip()})


def without_folders(name: str) -> str:
    """The name of a model that is named by its file: where that is on a machine does not belong to the record.

    Args:
        name: the name, or the path of the file.
    """
    for path in (PurePosixPath(name), PureWindowsPath(name)):
        if path.is_absolute():
            return path.name
    return name


def own_brief(annotator: str) -> str:
    """The file below `annotations` with the instructions of the program, as a run was given them.

    Args:
        annotator: the id of the annotator.
    """
    return f"briefs/{annotator}.md"


def put_annotator(edit: Edit, state: RunState, run: Mapping[str, Any], role: Role) -> None:
    """Put a model into the table of annotators; what a user has added to its entry stays.

    Args:
        edit: the changes to the corpus folder.
        state: how the run was begun.
        run: what its judgements depend on.
        role: what the judgements are for, of a new annotator.
    """
    entry: dict[str, Any] = {
        "id": state.annotator,
        "origin": "model",
        **({} if role is Role.label else {"role": role.value}),
        "name": without_folders(state.model),
        "family": without_folders(state.model),
        "order": _order(state),
    }
    brief = state.brief or own_brief(state.annotator)
    if state.brief is None:
        edit.put(f"annotations/{brief}", BRIEF.encode())
    entry |= {"brief": brief}
    if run.get("last"):
        entry |= {"date": datetime.fromisoformat(run["last"]).date()}
    if len(run.get("answered", ())) == 1:
        entry |= {"version": run["answered"][0]}
    rows = load_toml(edit.text(ANNOTATORS)).get("annotator", [])
    if state.annotator not in {row["id"] for row in rows}:
        edit.append(ANNOTATORS, "annotator", entry | {"run": run})
        return
    new = {name: entry[name] for name in ("date", "version") if name in entry} | {"run": dict(run)}
    edit.put(ANNOTATORS, encoded(with_changed(edit.text(ANNOTATORS), state.annotator, new), ANNOTATORS))


def _order(state: RunState) -> str:
    blocks = "each target on its own" if state.block == 1 else f"targets in blocks of {state.block}"
    return f"each sentence on its own; {blocks}, {ORDERS[state.order]}"


def with_changed(text: str, annotator: str, new: Mapping[str, Any]) -> str:
    """The table of annotators with other values of some fields of an entry; everything else stays as it is.

    Args:
        text: the table as TOML.
        annotator: the id of the entry.
        new: the fields and their values.

    Raises:
        KazstanceError: the file cannot be changed as it is.
    """
    try:
        document = tomlkit.parse(text)
        rows: Any = document["annotator"]
        entry = next(row for row in rows if row["id"] == annotator)
        there = {name: entry[name].unwrap() for name in new if name in entry}
        for name, value in new.items():
            if there.get(name) != value:
                entry[name] = value
        return tomlkit.dumps(document)
    except (TOMLKitError, AttributeError, TypeError, StopIteration) as error:
        raise KazstanceError(f"{ANNOTATORS}: {error}; expected a file with {annotator!r} under [[annotator]]") from None
