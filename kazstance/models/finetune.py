"""Fine-tune a local checkpoint in the format of transformers on sentences with their targets.

Nothing is downloaded, no code in the checkpoint is run, and weights are read only from safetensors.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from kazstance.bench.tasks import Item
from kazstance.errors import InputError, KazstanceError, Problem
from kazstance.extras import naming_extras
from kazstance.paths import StrPath
from kazstance.stats.metrics import macro_f1

WARM_UP: Final = 0.1
"""Share of the steps over which the learning rate rises; over the others it falls to 0 (Devlin et al., 2019)."""
DECAY: Final = 0.01
"""Weight decay (Devlin et al., 2019)."""
STEEPEST: Final = 1.0
"""Norm to which gradients are clipped (Pascanu et al., 2013)."""
POOL: Final = 16
"""Number of batches that are made together from rows of similar length, so that little is padded."""
FILES: Final = {
    "config.json": "config.json",
    "*.safetensors": "weights in safetensors",
    "tokenizer*.json": "tokenizer.json or tokenizer_config.json",
}
"""The files of a checkpoint."""


class Settings(BaseModel):
    """How a checkpoint is fine-tuned."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    epochs: int = Field(default=3, ge=1, le=1000)
    """Number of passes over the training rows; the epoch that does best on validation is kept."""
    lr: float = Field(default=3e-4, gt=0, le=1)
    """The peak learning rate."""
    batch: int = Field(default=16, ge=1, le=4096)
    """Rows per step."""
    length: int = Field(default=128, ge=8, le=8192)
    """Maximum number of tokens per row; the longer of text and target is cut first."""
    seed: int = Field(default=12345, ge=0, lt=2**63)
    """Seed of the new layer, the order of rows, and dropout."""


def check(folder: StrPath) -> None:
    """Check that a folder holds the files of a checkpoint.

    Raises:
        KazstanceError: there is no such folder.
        InputError: files are missing; all are listed.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise KazstanceError(f"{folder}: no such folder, expected a checkpoint on this machine; nothing is downloaded")
    missing = [what for pattern, what in FILES.items() if not any(folder.glob(pattern))]
    if missing:
        raise InputError(
            Problem(str(folder), None, None, f"no {what}, expected a checkpoint with it") for what in missing
        )


def finetune(train: Sequence[Item], test: Sequence[Item], folder: StrPath, settings: Settings) -> list[str]:
    """Fine-tune on the training rows except validation, which chooses the epoch by macro-F1; then predict.

    Args:
        train: the rows to train on.
        test: the rows to label.
        folder: the checkpoint to start from.
        settings: the hyperparameters.

    Raises:
        KazstanceError: the folder does not hold a checkpoint that transformers can read, or training diverges.
        MissingExtraError: torch or transformers is not installed.
    """
    check(folder)
    validation = [item for item in train if item.split == "validation"]
    fitting = [item for item in train if item.split != "validation"] or train
    labels = sorted({item.label for item in train})
    with _prepared(settings.seed):
        model = Classifier(folder, labels, settings)
        best, kept = -math.inf, model.weights()
        for _ in model.epochs(fitting):
            reached = _macro_f1(validation, model.predict(validation), labels) if validation else math.inf
            if reached > best or not validation:
                best, kept = reached, model.weights()
        model.restore(kept)
        return model.predict(test)


class Classifier:
    """A checkpoint with a new classification layer."""

    def __init__(self, folder: StrPath, labels: Sequence[str], settings: Settings) -> None:
        """Read the checkpoint.

        Args:
            folder: the checkpoint to start from.
            labels: the labels, in the order of the outputs.
            settings: the hyperparameters.

        Raises:
            KazstanceError: transformers cannot read it.
        """
        from transformers import AutoModelForSequenceClassification, AutoTokenizer  # noqa: PLC0415  # an extra

        local = {"local_files_only": True, "trust_remote_code": False}
        try:
            self._tokenizer: Any = AutoTokenizer.from_pretrained(folder, **local)
            self._model: Any = AutoModelForSequenceClassification.from_pretrained(
                folder, num_labels=len(labels), ignore_mismatched_sizes=True, use_safetensors=True, **local
            )
        except Exception as error:  # a checkpoint may be wrong in any way
            raise KazstanceError(f"{folder}: {error}; expected a checkpoint that transformers knows") from error
        self._labels, self._settings = labels, settings

    def epochs(self, items: Sequence[Item]) -> Iterator[int]:
        """Train on the items, once per epoch."""
        import torch  # noqa: PLC0415  # an extra

        s = self._settings
        steps = s.epochs * math.ceil(len(items) / s.batch)
        optimizer = torch.optim.AdamW(self._model.parameters(), lr=s.lr, weight_decay=DECAY)
        scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _slope(step, steps))
        for epoch in range(s.epochs):
            self._model.train()
            for batch in self._batches(items):
                self._step(batch, optimizer)
                scheduler.step()
            yield epoch

    def predict(self, items: Sequence[Item]) -> list[str]:
        """The most probable label of each item."""
        import torch  # noqa: PLC0415  # an extra

        self._model.eval()
        found: dict[int, str] = {}
        order = sorted(range(len(items)), key=lambda i: _size(items[i]))
        with torch.inference_mode():
            for start in range(0, len(order), self._settings.batch):
                part = order[start : start + self._settings.batch]
                chosen = self._model(**self._encode([items[i] for i in part])).logits.argmax(dim=1)
                found |= {i: self._labels[label] for i, label in zip(part, chosen.tolist(), strict=True)}
        return [found[i] for i in range(len(items))]

    def weights(self) -> dict[str, Any]:
        """A copy of the weights."""
        return {name: part.clone() for name, part in self._model.state_dict().items()}

    def restore(self, weights: dict[str, Any]) -> None:
        """Restore a copy of the weights."""
        self._model.load_state_dict(weights)

    def _batches(self, items: Sequence[Item]) -> Iterator[list[Item]]:
        """All items in random order, with batches of similar length."""
        import torch  # noqa: PLC0415  # an extra

        size = self._settings.batch
        order: list[int] = torch.randperm(len(items)).tolist()
        batches = []
        for start in range(0, len(order), POOL * size):
            pool = sorted(order[start : start + POOL * size], key=lambda i: _size(items[i]))
            batches += [pool[first : first + size] for first in range(0, len(pool), size)]
        for i in torch.randperm(len(batches)).tolist():
            yield [items[j] for j in batches[i]]

    def _step(self, batch: Sequence[Item], optimizer: Any) -> None:
        import torch  # noqa: PLC0415  # an extra

        gold = torch.tensor([self._labels.index(item.label) for item in batch])
        loss = torch.nn.functional.cross_entropy(self._model(**self._encode(batch)).logits, gold)
        if not loss.isfinite():
            raise KazstanceError(
                f"the loss is {loss.item()} at a learning rate of {self._settings.lr}, expected a lower one"
            )
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._model.parameters(), STEEPEST)
        optimizer.step()

    def _encode(self, items: Sequence[Item]) -> Any:
        """Text and target as a pair; for a pair of texts, both come before the target."""
        between = f" {self._tokenizer.sep_token or ''} "
        texts = [between.join(filter(None, [item.text, item.text_b])) for item in items]
        targets = [item.target for item in items]
        length = self._settings.length
        return self._tokenizer(texts, targets, padding=True, truncation=True, max_length=length, return_tensors="pt")


@contextmanager
def _prepared(seed: int) -> Iterator[None]:
    """Seed torch, let transformers report only errors, and restore both afterwards.

    Raises:
        MissingExtraError: one of them is not installed.
    """
    with naming_extras():
        import torch  # noqa: PLC0415  # an extra
        from transformers.utils import logging  # noqa: PLC0415
    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()


def _slope(step: int, steps: int) -> float:
    """The fraction of the peak learning rate at a step: rising, then falling to 0."""
    rising = max(1.0, WARM_UP * steps)
    return min((step + 1) / rising, (steps - step) / max(1.0, steps - rising))


def _size(item: Item) -> int:
    return len(item.text) + len(item.text_b) + len(item.target)


def _macro_f1(items: Sequence[Item], predicted: Sequence[str], labels: Sequence[str]) -> float:
    counts = np.zeros((1, len(labels), len(labels)))
    for item, label in zip(items, predicted, strict=True):
        counts[0, labels.index(item.label), labels.index(label)] += 1
    return float(macro_f1(counts))
