"""Datasets joined to one: nothing lost, ids apart, and everything that follows from all rows made anew."""

import shutil
import tomllib
from dataclasses import replace

import pyarrow.compute as pc
import pytest

import kazstance as ks
from kazstance.comparison.checked import checked as corrected
from kazstance.publish.hub import build_dataset
from tests import checked
from tests.conftest import HARBOUR, quiet

pytestmark = pytest.mark.full

OWN = ("source_id", "document_id", "paragraph_id", "sentence_id", "annotator_id")
KEPT = ("stances", "grid", "probes", "sentences", "judgements", "documents")


@pytest.fixture(scope="module")
def harbour(tmp_path_factory):
    out = tmp_path_factory.mktemp("harbour") / "data"
    build_dataset(HARBOUR, out, quiet)
    return ks.open(out)


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    """The same corpus under another id: every sentence is a copy."""
    return ks.open(changed(tmp_path_factory.mktemp("other"), 'id = "harbour"', 'id = "port"'))


def changed(folder, old, new, file="sources.toml"):
    """A dataset of the corpus with something changed."""
    corpus = shutil.copytree(HARBOUR, folder / "corpus")
    text = (corpus / file).read_text()
    assert old in text
    (corpus / file).write_text(text.replace(old, new, 1))
    if file == "sources.toml" and new.startswith("id = "):
        tomllib.loads(text)
    build_dataset(corpus, folder / "data", quiet)
    return folder / "data"


def keys(dataset, table):
    """What identifies the rows of a table, by split, with their labels."""
    names = [name for name in (*OWN, "target_id", "label", "text") if name in dataset[table].columns]
    return {
        split: sorted(map(str, dataset[table].stored(split).select(names).to_pylist()))
        for split in dataset[table].splits
    }


def test_two_datasets_without_a_target_in_common(harbour, tmp_path):
    shipped = ks.open()
    both = ks.concat([shipped, harbour], tmp_path / "both", id="both")
    both.verify()
    assert both.manifest.id == "both"
    assert both.manifest.title == f"{shipped.manifest.title}; {harbour.manifest.title}"
    for table in KEPT:
        parts = [keys(one, table) for one in (shipped, harbour)]
        assert keys(both, table) == {split: sorted(parts[0][split] + parts[1][split]) for split in parts[0]}
    assert len(both.targets) == len(shipped.targets) + len(harbour.targets)
    stored = {(row.source_id, row.target_id): row for row in both.positions}
    for cell in both.compare().positions():
        row = stored[cell.source, cell.target]
        assert (row.n_favor, row.n_against, row.net) == (cell.favor, cell.against, cell.net and cell.net.value)
    for one in (shipped, harbour):
        for row in one.positions:
            found = stored[row.source_id, row.target_id]
            assert (found.n_favor, found.n_neutral, found.n_against) == (row.n_favor, row.n_neutral, row.n_against)
            assert (found.n_sentences, found.n_asked, found.salience) == (row.n_sentences, row.n_asked, row.salience)
    assert both.compare()["dockers", "campism"].position is ks.Position.not_asked
    assert {name.partition("/")[0] for name in both.manifest.inputs} >= {"texts", shipped.manifest.id, "harbour"}


def test_the_same_sources_need_a_prefix(harbour, other, tmp_path):
    with pytest.raises(ks.KazstanceError, match=r"sources: '\w+' is also in .*; pass prefix=True"):
        ks.concat([harbour, other], tmp_path / "both", id="both")
    assert not (tmp_path / "both").exists()
    both = ks.concat([harbour, other], tmp_path / "both", id="both", prefix=True)
    both.verify()
    assert len(both.targets) == len(harbour.targets)
    assert len(both.stances) == 2 * len(harbour.stances)
    sources = [row.source_id for row in harbour.sources]
    assert [row.source_id for row in both.sources] == [
        f"{name}.{one}" for name in ("harbour", "port") for one in sources
    ]
    why = both.why(f"port.{harbour.stances[0].sentence_id}", harbour.stances[0].target_id)
    assert {row.annotator_id.partition(".")[0] for row in why.judgements} == {"port"}
    assert not any(row.complete for row in both.annotators)


def test_datasets_with_one_id_are_numbered(harbour, tmp_path):
    both = ks.concat([harbour, harbour, harbour], tmp_path / "both", id="both", prefix=True)
    both.verify()
    assert {row.source_id.partition(".")[0] for row in both.sources} == {"harbour", "harbour-2", "harbour-3"}
    assert len(both.positions) == 3 * len(harbour.positions)


def test_copies_between_the_datasets_are_found_and_never_trained_on(harbour, other, tmp_path):
    both = ks.concat([harbour, other], tmp_path / "both", id="both", prefix=True)
    groups = {row.copy_of for row in both.copies if row.kind.value == "equal"}
    assert all(name.startswith("harbour.") for name in groups)
    for fold in both.bench("stance", "cross_source").task.folds:
        tested = {item.text for item in fold.test}
        assert tested
        assert not tested & {item.text for item in fold.train}
    assert both.bench().run("majority", shortcuts=False).scores["macro_f1"].n == len(both.stances)


def test_pairs_are_made_between_the_datasets(harbour, other, tmp_path):
    both = ks.concat([harbour, other], tmp_path / "both", id="both", prefix=True)
    across = [row for row in both.pairs if row.source_a.partition(".")[0] != row.source_b.partition(".")[0]]
    assert across


def test_targets_with_one_id_must_be_the_same_target(harbour, tmp_path):
    target = harbour.targets[0]
    data = changed(tmp_path / "x", f'name = "{target.name}"', 'name = "something else"', "targets.toml")
    text = (tmp_path / "x" / "corpus" / "sources.toml").read_text().replace('id = "harbour"', 'id = "port"', 1)
    (tmp_path / "x" / "corpus" / "sources.toml").write_text(text)
    build_dataset(tmp_path / "x" / "corpus", data, quiet)
    with pytest.raises(ks.InputError, match=rf"name: {target.target_id}: 'something else', expected '{target.name}'"):
        ks.concat([harbour, ks.open(data)], tmp_path / "both", id="both", prefix=True)


def test_datasets_that_decide_in_other_ways_are_not_joined(harbour, tmp_path):
    data = changed(tmp_path / "x", 'id = "harbour"', 'id = "port"\ndeciding = "plurality"')
    with pytest.raises(ks.KazstanceError, match="decide by majority and plurality"):
        ks.concat([harbour, ks.open(data)], tmp_path / "both", id="both", prefix=True)


@pytest.mark.parametrize(("wrong", "expected"), [([], "0 datasets"), (["x"], "1 datasets, expected two or more")])
def test_fewer_than_two(wrong, expected, harbour, tmp_path):
    with pytest.raises(ks.KazstanceError, match=expected):
        ks.concat([harbour for _ in wrong], tmp_path / "both", id="both")


def test_a_joined_dataset_can_be_joined_again(harbour, other, tmp_path):
    once = ks.concat([harbour, other], tmp_path / "once", id="once", prefix=True)
    twice = ks.concat([once, ks.open()], tmp_path / "twice", id="twice")
    twice.verify()
    assert len(twice.stances) == len(once.stances) + len(ks.open().stances)
    assert pc.sum(twice.sentences.to_arrow()["annotated"]).as_py() > 0


def test_samples_still_stand_for_what_they_were_drawn_from(tmp_path):
    """The corrected figures of a source are those of its own dataset, beside others and under other ids."""
    made = []
    for seed in (1, 2):
        corpus, data = tmp_path / f"corpus{seed}", tmp_path / f"data{seed}"
        truth = checked.write_corpus(corpus, seed)
        checked.judge(corpus, tmp_path / f"sheet{seed}", truth, 120, "ann")
        build_dataset(corpus, data, quiet)
        made.append(ks.open(data))
    for i, prefix in enumerate(("", f"{made[0].manifest.id}.")):
        both = ks.concat([made[0], (ks.open(), made[1])[i]], tmp_path / f"both{i}", id="both", prefix=bool(i))
        both.verify()
        joined = corrected(both, model=f"{prefix}{checked.MODEL}").figures
        own = corrected(made[0], model=checked.MODEL).figures
        assert [replace(figure, source=f"{prefix}{figure.source}") for figure in own] == [
            figure for figure in joined if figure.source in {f"{prefix}{one.source}" for one in own}
        ]


def test_samples_of_one_model_that_judged_for_two_datasets_are_one(tmp_path):
    """The same model and the same person, in sources that differ: together they stand for all of these."""
    names = dict(zip(checked.SOURCES, ("oslo", "rome", "bern"), strict=True))
    made = []
    for seed in (1, 2):
        corpus = tmp_path / f"corpus{seed}"
        checked.judge(corpus, tmp_path / f"sheet{seed}", checked.write_corpus(corpus, seed), 120, "ann")
        for file in [path for path in corpus.rglob("*") if path.is_file()] if seed == 2 else ():
            text = file.read_text()
            for old, new in names.items():
                text = text.replace(f'"{old}', f'"{new}').replace(f"/{old}.txt", f"/{new}.txt")
            file.write_text(text)
            file.rename(file.with_stem(names.get(file.stem, file.stem)))
        build_dataset(corpus, tmp_path / f"data{seed}", quiet)
        made.append(ks.open(tmp_path / f"data{seed}"))
    both = corrected(ks.concat(made, tmp_path / "both", id="both"), model=checked.MODEL)
    assert both.sample.sources == (*checked.SOURCES, *names.values())
    for one in made:
        own = corrected(one, model=checked.MODEL).sample
        places = [both.sample.sources.index(source) for source in own.sources]
        assert (both.sample.size[places] == own.size).all()
        assert (both.sample.truths[places] == own.truths).all()
