"""Random samples of a model's labels that people judged, as the plans of their sheets record them."""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from kazstance.corpus.draws import SHEETS, is_imported
from kazstance.corpus.folder import Folder
from kazstance.corpus.inputs import AnnotatorInput
from kazstance.input.strict_json import StrictError, load_object
from kazstance.output.plain_json import to_json
from kazstance.paths import StrPath
from kazstance.schema.digest import pairs_hash
from kazstance.schema.manifest import PeoplesSample

DEPENDED_ON: Final = ("model", "prompt_digest", "codebook_digest", "targets_digest", "block", "order")
"""What is recorded of a run that its labels depend on."""
_Round = tuple[str, str, int]
"""A model, a person who judged its labels, and the round."""


def frozen(corpus: StrPath, who: AnnotatorInput, codebook: str) -> str:
    """A digest of what the labels of a model depend on, as far as the corpus folder records it.

    That is the model, the wording of the prompt, the codebook and the targets of its run; of a model whose run is not
    recorded, its brief. The codebook of the corpus, by which people judge, is always part of it.

    Args:
        corpus: the corpus folder.
        who: the annotator.
        codebook: the name of the codebook.
    """
    own = [f"annotations/{who.brief}"] if who.brief and who.run is None else []
    said: dict[str, Any] = {name: _digest(Path(corpus) / name) for name in (codebook, *own)}
    if who.run is not None:
        said |= {name: getattr(who.run, name) for name in DEPENDED_ON}
    return sha256(to_json(said).encode()).hexdigest()[:12]


def _digest(file: Path) -> str | None:
    return sha256(file.read_bytes()).hexdigest() if file.is_file() else None


def read_samples(folder: Folder, annotators: Iterable[AnnotatorInput], codebook: str) -> list[PeoplesSample]:
    """The samples of which something has been imported.

    Args:
        folder: the corpus folder; told what is wrong with its plans.
        annotators: its annotators.
        codebook: the name of the codebook.
    """
    known = {who.id: who for who in annotators}
    found: list[PeoplesSample] = []
    asked: dict[_Round, set[tuple[str, str]]] = {}
    for path in sorted((folder.root / SHEETS).glob("[!.]*.json")):
        name = f"{SHEETS}/{path.name}"
        if not path.is_file() or b'"design"' not in path.read_bytes():
            continue
        try:
            plan = load_object(folder.read_text(name) or "")
            model = plan["request"]["design"]["model"]
            if is_imported(folder, plan) and model in known:
                pairs = {(item["sentence_id"], item["target_id"]) for item in plan["items"]}
                found.append(_sample(plan, frozen(folder.root, known[model], codebook)))
                asked.setdefault(_round_of(found[-1]), set()).update(pairs)
        except StrictError as error:
            folder.problems.append(error.problem(name))
        except (KeyError, TypeError, ValueError, AttributeError, ValidationError):
            folder.report(name, None, None, "not the plan of a sheet, expected one as written at the export")
    return [sample.model_copy(update={"asked": pairs_hash(asked[_round_of(sample)])}) for sample in found]


def _round_of(sample: PeoplesSample) -> _Round:
    return sample.model, sample.annotator, sample.round


def _sample(plan: Mapping[str, Any], current: str) -> PeoplesSample:
    request = plan["request"]
    return PeoplesSample(
        sheet=plan["sheet"],
        model=request["design"]["model"],
        annotator=plan["annotator"],
        round=plan.get("round", 1),
        sources=tuple(request.get("sources", ())),
        targets=tuple(request.get("targets", ())),
        frozen=plan["strata"]["frozen"],
        current=current,
        pairs=len(plan["items"]),
        asked="",
        strata=plan["strata"]["pairs"],
    )
