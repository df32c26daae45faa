"""A corpus whose texts, names and notes try to run code, to break the page, and to reorder it."""

import hashlib
import json
import random
from collections.abc import Iterable, Sequence
from pathlib import Path

from kazstance.corpus.read import read
from kazstance.corpus.segment import segment
from kazstance.schema.digest import text_hash

CODE = "window.executed = true"
HOSTILE = (
    f"<script>{CODE}</script>",
    f"</script><script>{CODE}</script>",
    f"<!--<script>{CODE}</script>",
    f"<img src=x onerror='{CODE}'>",
    f'"><svg onload="{CODE}">',
    f'" onmouseover="{CODE}" autofocus onfocus="{CODE}',
    f"' onclick='{CODE}",
    f"javascript:{CODE}",
    f"%%script%% ${{{CODE}}} {{{{ {CODE} }}}} `{CODE}` *{CODE}*",
    "&lt;b&gt; &amp; &quot; ]]> --> <plaintext> <style>*{display:none}</style>",
    "\u202eoverridden, never closed",
    "\u2067\u2069\u2069\u202eisolate closed too often",
    "\u202b\u202b\u202d embedded",
    "zero\u200bwidth\u200d \u2060 \ufeff joined",
    "😀 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 beyond the first plane",
    "W" * 10_000,
    f'=HYPERLINK("javascript:{CODE}")',
    "@SUM(1+1)",
    "שלום עולם עם Latin inside",
)
CONTROLS = "\x1b]0;owned\x07 \x1b[31m \x9b31m \x08 \x7f \x85 \u202e \u2066 \u200b \u2028 \ufeff \U000e0041 \xad"
BREAKS = (
    f"\n\n# Owned\n\n[owned](javascript:{CODE}) ![owned](https://evil.example/x.png) <script>{CODE}</script>"
    "\n\n```\n| owned |\n| --- |\n* owned\n<!-- end -->\n---\n<https://evil.example/> [owned]: https://evil.example/\n"
)
DANGEROUS = (
    *(f"{CONTROLS} {text} {BREAKS}" for text in HOSTILE[:4]),
    *(
        f"{start}HYPERLINK({CODE}) {CONTROLS} {BREAKS}"
        for start in ("=", " =", "\n=", "＝", "＋", "\ufeff@", "\u200b-", "\t+")
    ),
    f"]] ](javascript:{CODE}) {CONTROLS} }}, note = {{owned}} }} \\ \\input{{owned}} % $owned {BREAKS}",
    f"`` ` {CONTROLS} {BREAKS}",
    f"- {CONTROLS} {BREAKS}",
    f"1. {CONTROLS} {BREAKS}",
    f"> {CONTROLS} {BREAKS}",
    f"[owned][owned] [owned] \\[owned](https://evil.example/) &lt;b&gt; {CONTROLS} {BREAKS}",
    f"| a | b | \\| c {CONTROLS} {BREAKS}",
)
"""What acts where it leaves: on a terminal, in Markdown, a spreadsheet, XML, YAML, BibTeX; as many as are hostile to HTML."""
DANGEROUS_TEXTS = (
    "\x1b]0;owned\x07",
    "\x1b[31m",
    "\x1b]8;;https://evil.example/\x1b\\",
    *CONTROLS.split(" ")[3:],
    *BREAKS.split(),
)
"""The same for texts, in which paragraphs may not be alike."""
SOURCES = ("left", "constructor", "hasown")
TARGETS = ("tostring", "watch", "proto")


def write_hostile(
    folder: Path, hostile: Sequence[str] = HOSTILE, texts: Sequence[str] = HOSTILE, publication: Sequence[str] = ()
) -> Path:
    """Write the corpus folder; what is hostile stands in every text and field, lines of TOML under its publication."""
    draw = random.Random(1)
    (folder / "texts").mkdir(parents=True)
    (folder / "annotations").mkdir()
    sums = []
    for i, source in enumerate(SOURCES):  # each text in one source only: what sources share, the build refuses
        paragraphs = [_sentence(draw, text) for text in (*texts[i :: len(SOURCES)], *[""] * 8)]
        content = "\n\n".join(paragraphs).encode()
        (folder / "texts" / f"{source}.txt").write_bytes(content)
        sums.append(f"{hashlib.sha256(content).hexdigest()}  texts/{source}.txt\n")
    (folder / "SHA256SUMS").write_text("".join(sums))
    (folder / "sources.toml").write_text(_sources(hostile, publication), encoding="utf-8")
    (folder / "targets.toml").write_text(_targets(hostile), encoding="utf-8")
    annotator = {"origin": "model", "name": hostile[0], "family": hostile[1], "order": hostile[10], "note": hostile[5]}
    tables = (_table("annotator", {"id": name} | annotator) for name in "ab")
    (folder / "annotations" / "annotators.toml").write_text("")
    _annotate(folder, hostile)
    (folder / "annotations" / "annotators.toml").write_text("\n".join(tables), encoding="utf-8")
    return folder


def _sentence(draw: random.Random, hostile: str) -> str:
    """A sentence of random words around something hostile, so that no two are near-copies."""
    words = ["".join(draw.choices("abdefghiklmnoprstuvw", k=draw.randint(3, 9))) for _ in range(16)]
    return " ".join([*words[:8], hostile, *words[8:]])


def _table(name: str, values: dict[str, object]) -> str:
    return f"[[{name}]]\n" + "".join(f"{key} = {_toml(value)}\n" for key, value in values.items())


def _toml(value: object) -> str:
    """JSON is TOML, but for a raw DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _sources(hostile: Sequence[str], publication: Sequence[str]) -> str:
    header = {"id": "hostile", "title": f"{hostile[0]}{hostile[11]}", "version": "1.0.0", "event": hostile[3]}
    corpus = _table("corpus", header | {"license": hostile[5]}).replace("[[corpus]]", "[corpus]")
    fields = ("title", "speaker", "tradition", "date_stated", "url", "original_language", "rights", "notes")
    rows = [
        _table(
            "source",
            {"id": source, "language": "en"}
            | {field: hostile[(i * 7 + j) % len(hostile)] for j, field in enumerate(fields)},
        )
        for i, source in enumerate(SOURCES)
    ]
    said = "\n".join(["[corpus.publication]", *publication, ""]) if publication else ""
    return "\n".join([corpus, said, *rows])


def _targets(hostile: Sequence[str]) -> str:
    rows = [
        {"id": target, "name": hostile[i * 5], "kind": ("issue", "claim", "issue")[i], "group": hostile[i + 4]}
        | {"fold": i + 1, "definition": " ".join(hostile[i::3])}
        for i, target in enumerate(TARGETS)
    ]
    return "\n".join(_table("target", row) for row in rows)


def _annotate(folder: Path, hostile: Sequence[str]) -> None:
    """Two annotators who differ on every fifth sentence, with all of the sentence as evidence."""
    sentences, problems = segment(read(folder))
    assert not problems
    split = []
    for annotator in "ab":
        lines = []
        for i, sentence in enumerate(sentences):
            judgements = []
            for j, target in enumerate(TARGETS):
                label = ("favor", "against", "neutral")[(i + j + (annotator == "b" and i % 5 == 0)) % 3]
                judgements.append({"target_id": target} | _judgement(label, sentence.text, hostile[(i + j) % 15]))
            key = {"sentence_id": sentence.sentence_id, "text_hash": text_hash(sentence.text)}
            lines.append(key | {"covered": ["issue", "claim"], "judgements": judgements})
            if annotator == "b" and i % 5 == 0:
                ruling = {"rule": hostile[i % 10], "reason": hostile[(i + 5) % 15]}
                split += [key | {"target_id": t} | _judgement("favor", sentence.text) | ruling for t in TARGETS]
        _write_lines(folder / "annotations" / f"{annotator}.jsonl", lines)
    _write_lines(folder / "annotations" / "adjudications.jsonl", split)


def _judgement(label: str, text: str, note: str | None = None) -> dict[str, object]:
    explicitness = None if label == "neutral" else "explicit"
    found = {
        "label": label,
        "explicitness": explicitness,
        "certainty": "unsure",
        "evidence": [{"start": 0, "text": text}],
    }
    return found | ({"note": note} if note else {})


def _write_lines(path: Path, rows: Iterable[dict[str, object]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
