"""A sample of a model's labels for people: strata, probabilities, two judges, phases, and what it refuses."""

import json
import shutil
from collections import Counter

import pytest
from typer.testing import CliRunner

from kazstance.annotate.drawing import draw, foresee
from kazstance.annotate.plan import Design, Request
from kazstance.annotate.sheet_folder import export_sheets
from kazstance.cli import app
from kazstance.comparison.judged_sample import NET
from kazstance.corpus.build import build
from kazstance.dataset import DatasetFolder
from kazstance.errors import KazstanceError
from tests.checked import MODEL, SOURCES, add_run, judge, plans_of, request, write_corpus
from tests.conftest import quiet
from tests.sheets import rows_of


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made") / "corpus"
    return folder, write_corpus(folder, failed=0.05)


@pytest.fixture
def corpus(made, tmp_path):
    shutil.copytree(made[0], tmp_path / "corpus")
    return tmp_path / "corpus", made[1]


def labels_of(folder):
    """The model's label by pair, and None where it has none."""
    found = {}
    for line in (folder / f"annotations/{MODEL}.jsonl").read_text().splitlines():
        row = json.loads(line)
        own = {judgement["target_id"]: judgement["label"] for judgement in row["judgements"]}
        found |= {(row["sentence_id"], target): own.get(target, "none") for target in row["covered"]}
    return found


def test_strata_have_fixed_sizes_and_known_probabilities(corpus):
    folder, truth = corpus
    labels = labels_of(folder)
    stratum = {pair: (pair[0].split("/")[0], labels.get(pair, "no_answer")) for pair in truth}
    size = Counter(stratum.values())
    sheet = draw(folder, "ada", request(150, "ada"))
    drawn = Counter(stratum[item.sentence_id, item.target_id] for item in sheet.plan.items)
    assert sum(drawn.values()) == 150
    assert {source: sum(n for (of, _), n in drawn.items() if of == source) for source in SOURCES} == dict.fromkeys(
        SOURCES, 50
    )
    for item in sheet.plan.items:
        of = stratum[item.sentence_id, item.target_id]
        assert item.probability == pytest.approx(drawn[of] / size[of])
        assert item.typed
    assert min(drawn.values()) >= 2
    assert all(drawn[source, "none"] >= 15 for source in SOURCES)
    assert sheet.plan.strata.pairs == {
        source: {kind: size[source, kind] for kind in ("against", "neutral", "favor", "none", "no_answer")}
        for source in SOURCES
    }


def test_every_target_is_met_in_proportion(corpus):
    folder, _ = corpus
    labels = labels_of(folder)
    items = draw(folder, "ada", request(240, "ada")).plan.items
    for source in SOURCES:
        pairs = [(i.sentence_id, i.target_id) for i in items if i.sentence_id.startswith(source)]
        drawn = Counter(target for sentence, target in pairs if labels.get((sentence, target)) == "none")
        there = Counter(t for (s, t), label in labels.items() if s.startswith(source) and label == "none")
        for target, n in there.items():
            assert abs(drawn[target] - n * sum(drawn.values()) / sum(there.values())) <= 1


def test_the_draw_is_the_same_again_and_another_with_another_seed(corpus):
    folder, _ = corpus
    one, same, other = (draw(folder, "ada", request(60, "ada"), seed).plan for seed in (1, 1, 2))
    assert one.sheet == same.sheet
    assert one.items != other.items


@pytest.mark.full
def test_two_people_share_the_sample_and_judge_a_fifth_twice(corpus, tmp_path):
    folder, truth = corpus
    found = judge(folder, tmp_path / "sheets", truth, 100, "ada", "ben")
    both = set(found["ada"]) & set(found["ben"])
    assert len(both) == 20
    assert len(set(found["ada"]) | set(found["ben"])) == 100
    assert len(found["ada"]) == len(found["ben"]) == 60


def test_people_see_neither_label_nor_stratum_nor_probability(corpus, tmp_path):
    folder, _ = corpus
    export_sheets(folder, "ada", tmp_path / "out", request(60, "ada"), formats=("csv", "label-studio"))
    rows = rows_of(tmp_path / "out/sheet.csv")
    assert all(row["label"] == "" for row in rows)
    shown = "".join(file.read_text() for file in (tmp_path / "out").iterdir())
    assert MODEL not in shown
    assert "probability" not in shown
    places = [row["sentence_id"] for row in rows]
    order = list(dict.fromkeys(places))
    assert places == sorted(places, key=order.index)  # in the order of the texts, not of the strata
    assert [name.split("/")[0] for name in order] == sorted(name.split("/")[0] for name in order)


@pytest.mark.full
def test_a_second_phase_goes_where_the_errors_are(corpus, tmp_path):
    folder, truth = corpus
    first = judge(folder, tmp_path / "one", truth, 90, "ada")["ada"]
    second = judge(folder, tmp_path / "two", truth, 240, "ada")["ada"]
    assert not set(first) & set(second)
    assert len(first) + len(second) == 240
    labels = labels_of(folder)
    everything = Counter((s.split("/")[0], labels.get((s, t), "no_answer")) for s, t in truth)
    drawn = Counter((s.split("/")[0], labels.get((s, t), "no_answer")) for s, t in [*first, *second])
    later = [plan for plan in plans_of(folder) if len(plan["items"]) == 150]
    for item in later[0]["items"]:
        of = item["sentence_id"].split("/")[0], labels.get((item["sentence_id"], item["target_id"]), "no_answer")
        assert item.get("probability", 1) == pytest.approx(drawn[of] / everything[of])


def test_more_judgements_are_said_to_make_figures_surer(corpus):
    folder, _ = corpus
    widths = [[row.half_width for row in foresee(folder, request(n, "ada"))] for n in (60, 150, 400, 540)]
    for less, more in zip(widths, widths[1:], strict=False):
        assert all(a > b for a, b in zip(less, more, strict=True))
    assert widths[-1] == pytest.approx([0, 0, 0])


def test_widths_are_those_by_which_figures_are_refused(corpus):
    """Before they are cut to the range: with two judgements of each label next to nothing is known."""
    folder, _ = corpus
    (few, *_), (many, *_) = (foresee(folder, request(n, "ada")) for n in (30, 400))
    assert few.half_width > 1
    assert (few.is_wide, many.is_wide) == (True, False)
    assert many.half_width < NET.widest / 2


@pytest.mark.full
def test_what_was_judged_before_the_prompt_was_frozen_is_not_gold(corpus, tmp_path):
    folder, truth = corpus
    judge(folder, tmp_path / "one", truth, 60, "ada")
    (folder / "CODEBOOK.md").write_text("# Codebook\n\nAnother rule.\n")
    with pytest.raises(
        KazstanceError, match="another prompt or codebook; what was judged then is development, not gold"
    ):
        draw(folder, "ada", request(120, "ada"))
    (tmp_path / "data").mkdir()
    build(folder, tmp_path / "data", quiet)
    (sample,) = DatasetFolder(tmp_path / "data").manifest.samples
    assert (sample.annotator, sample.model, sample.frozen != sample.current) == ("ada", MODEL, True)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (request(60, "ada", share=0.5), "expected it without --share"),
        (request(60, "ada", suggested_by=MODEL), "people who see labels tend to take them over"),
        (request(60, "ada").model_copy(update={"sources": ("east",)}), "'east'"),
    ],
)
def test_what_a_sample_cannot_be_combined_with(corpus, asked, said):
    with pytest.raises(KazstanceError, match=said):
        draw(corpus[0], "ada", asked)


@pytest.mark.full
def test_a_sample_has_a_round_of_its_own(corpus, tmp_path):
    folder, truth = corpus
    export_sheets(folder, "ada", tmp_path / "all", Request(labels_only=True, sources=("north",)), formats=("csv",))
    with pytest.raises(KazstanceError, match="round 1 of 'ada' has other judgements than on a sample of gpt's"):
        draw(folder, "ada", request(60, "ada"))
    judge(folder, tmp_path / "one", truth, 60, "ben")
    with pytest.raises(KazstanceError, match="round 1 of 'ben' has a sample of a model's labels"):
        draw(folder, "ben", Request())


@pytest.mark.full
def test_samples_of_two_models_have_rounds_of_their_own(corpus, tmp_path):
    folder, truth = corpus
    add_run(folder)
    judge(folder, tmp_path / "one", truth, 60, "ada")
    of_other = Request(labels_only=True, design=Design(model="again", judge=60, annotators=("ada",)))
    with pytest.raises(KazstanceError, match="round 1 of 'ada' has other judgements than on a sample of again's"):
        draw(folder, "ada", of_other)
    assert draw(folder, "ada", of_other, number=2).plan.round == 2


@pytest.mark.full
def test_a_phase_waits_for_the_one_before(corpus, tmp_path):
    folder, _ = corpus
    export_sheets(folder, "ada", tmp_path / "one", request(60, "ada"), formats=("csv",))
    with pytest.raises(KazstanceError, match="is not imported completely; import it before more is drawn"):
        draw(folder, "ada", request(90, "ada"))


def test_what_the_model_has_not_judged_is_not_sampled(corpus):
    """Of 60 sentences a source, the model has labels on those of one source."""
    folder, _ = corpus
    file = folder / f"annotations/{MODEL}.jsonl"
    lines = [line for line in file.read_text().splitlines(keepends=True) if '"north/' in line]
    file.write_text("".join(lines))
    with pytest.raises(KazstanceError, match="gpt has no label on .* pairs; let it judge them first"):
        draw(folder, "ada", request(60, "ada"))
    items = draw(folder, "ada", request(60, "ada", sources=("north",))).plan.items
    assert {item.sentence_id.split("/")[0] for item in items} == {"north"}


def test_a_dry_run_without_a_design_writes_nothing(corpus, tmp_path):
    folder, _ = corpus
    out = tmp_path / "out"
    said = CliRunner().invoke(
        app, ["annotate", "export", str(folder), "--annotator", "ada", "--dry-run", "--out", str(out)]
    )
    assert said.exit_code == 2
    assert "--dry-run: expected --design with it" in said.output
    assert not out.exists()
    assert plans_of(folder) == []


def test_on_the_command_line(corpus, tmp_path):
    folder, _ = corpus
    said = CliRunner().invoke(
        app,
        [
            "annotate",
            "export",
            str(folder),
            "--annotator",
            "ada",
            "--design",
            "90",
            "--dry-run",
            "--out",
            str(tmp_path / "out"),
        ],
    )
    assert said.exit_code == 0, said.output
    assert "± 0." in said.stdout
    assert not (tmp_path / "out").exists()
    assert plans_of(folder) == []
    said = CliRunner().invoke(
        app,
        [
            "annotate",
            "export",
            str(folder),
            "--annotator",
            "ada",
            "--annotator",
            "ben",
            "--design",
            "90",
            "--out",
            str(tmp_path / "out"),
        ],
    )
    assert said.exit_code == 0, said.output
    assert len(plans_of(folder)) == 2
    assert sum(len(plan["items"]) for plan in plans_of(folder)) == 108
