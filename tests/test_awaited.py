"""Systems that nobody has run are in the panels, visibly empty, until somebody puts runs into their folders."""

import json
import re
import subprocess
import sys

import pytest

import kazstance as ks
from benchmarks import systems
from benchmarks.systems import AWAITED, WTS, awaited_line, awaited_runs, place
from kazstance.models import harness
from kazstance.models.prompts import PROMPTS
from kazstance.publish.card import read_page

PROTOCOLS = ("in_domain", "cross_source")


@pytest.mark.parametrize("page", ["README.md", "DATASET_CARD.md"])
def test_pages_say_what_awaited_systems_need(page, root):
    lines = [line for line in read_page(root / page).splitlines() if line.startswith("|")]
    for name, needs in AWAITED.items():
        (line,) = [line for line in lines if line.startswith(f"| {name} |")]
        cells = line.strip("| ").split(" | ")
        assert cells[1] == f"— not run: needs the weights of {needs}"
        assert set(cells[2:]) == {"—"}
        assert len(cells) == max(other.count(" | ") for other in lines if "lexicon" in other) + 1


@pytest.mark.full
def test_the_recipe_turns_logged_samples_into_answers_under_every_prompt(tmp_path, root):
    """The program of the recipe, on samples as lm-evaluation-harness logs them: likelihoods of each choice."""
    program = re.search(r"(?s)<<'END'\n(.*?)^END$", read_page(root / "docs/benchmark.md"), re.MULTILINE)[1]
    samples = tmp_path / "build" / "asked" / "model" / "samples_kazstance_stance_2026.jsonl"
    samples.parent.mkdir(parents=True)
    with samples.open("w", encoding="utf-8") as file:
        for doc in harness.load("stance", split="test")["test"]:
            chances = [[str(-abs(number - doc["label"])), "False"] for number, _ in enumerate(doc["choices"])]
            file.write(json.dumps({"doc": doc, "filtered_resps": chances}) + "\n")
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)
    bench = ks.open().bench("stance", "in_domain")
    found = bench.run(tmp_path / "answers.jsonl", name="model", shortcuts=False)
    assert found.prompts.prompts == [prompt.name for prompt in PROMPTS]
    assert (found.scores["accuracy"].value, found.prompts.same_answer) == (1, 1)


def test_runs_that_the_recipe_makes_fill_the_line(monkeypatch, tmp_path, root):
    """The commands of the recipe, with a rule in place of the model, so that each seed answers otherwise."""
    monkeypatch.setattr(systems, "RUNS", tmp_path)
    recipe = read_page(root / "docs/benchmark.md")
    name = next(iter(AWAITED))
    folder = re.search(r'--out "build/runs/stance/\$protocol/(.+?)/\$seed"', recipe)[1]
    benches = {protocol: ks.open().bench("stance", protocol) for protocol in PROTOCOLS}
    assert awaited_runs(name, benches, []) == []
    values = []
    for seed, label in enumerate(("favor", "against"), 1):
        answers = [label if number % 3 == 0 else item.label for number, item in enumerate(benches["in_domain"].rows)]
        out = place(folder, "stance", "in_domain") / str(seed)
        run = benches["in_domain"].run(answers, out, name=f"model, seed {seed}", shortcuts=False)
        values.append(run.scores["wts"].value)
    runs = awaited_runs(name, benches, [])
    low, high = sorted(values)
    expected = f"{sum(values) / 2:.2f}, {low:.2f} to {high:.2f}"
    assert awaited_line(name, runs, PROTOCOLS, [WTS]) == [name, expected, "—"]
    assert awaited_line(name, runs[:1], PROTOCOLS, [WTS])[1] == runs[0].scores["wts"].text(with_reason=False)
