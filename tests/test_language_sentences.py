"""Sentences: the reference in 18 languages, spans that hold for any text, and segmenters of a user's own."""

import sys
import textwrap
import time
import types

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.languages import boundaries, one_line, paragraphs, sentence_f1
from kazstance.corpus.read import read
from kazstance.corpus.segment import segment
from kazstance.errors import InputError, KazstanceError
from kazstance.language.segmenters import Segmenter, choose_segmenter
from kazstance.language.sentences import sentences
from tests.conftest import HARBOUR
from tests.test_language_words import LANGUAGES
from tests.test_strict_readers import add_text, edit


def cut(text, language="und", name="unicode"):
    chosen = choose_segmenter(name, language, HARBOUR)
    return [text[start:end] for start, end in chosen.spans(text, language)]


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {"th"}))
def test_sentences_of_the_reference(language):
    """What the rules reach, less five points."""
    assert sentence_f1(sentences, language) >= 0.91


def test_the_reference_is_hard():
    """A sentence for every full stop with a space behind it does not do."""
    assert sum(sentence_f1(one_line, language) for language in LANGUAGES) / len(LANGUAGES) < 0.7
    assert sum(len(boundaries(*paragraph)[1]) for name in LANGUAGES for paragraph in paragraphs(name)) > 400


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", ["He met Dr. A. B. Shaw of Acme Inc. in D.C. at 4 p.m.", "Nobody spoke."]),
        ("en", ["See fig. 3 and no. 7.", "The answer was no.", "He left."]),
        ("de", ["Am 5. Januar kam z. B. Dr. Ehlers.", "Im 19. Jahrhundert war das so.", "Danach nicht."]),
        ("ru", ["В 1990 г. Иванов жил на ул. Абая и т. д.", "Он уехал в 1995 г.", "Потом вернулся."]),
        ("fr", ["« Qui vient ? » demanda M. Roy.", "« Personne ! »", "Il partit."]),
        ("ja", ["「行くぞ。」と彼は言った。", "彼は去った。"]),
        ("hy", ["Առաջին նախադասություն։", "Երկրորդը։"]),
        ("ka", ["პირველი წინადადება.", "მეორე წინადადება."]),
        ("am", ["የመጀመሪያው ዓረፍተ ነገር።", "ሁለተኛው።"]),
        ("my", ["ပထမ ဝါကျ။", "ဒုတိယ ဝါကျ။"]),
        ("el", ["Ποιος ήρθε;", "Κανείς δεν ήρθε."]),
        ("und", ["One (and why?) is here.", "2. Two!", "Three!"]),
        ("en", ["He likes art.", "She does not (see art. 5).", "Then came Wed. March 2."]),
        ("ru", ["Он помог им.", "Потом пришёл в музей им. А. К. Рогова."]),
        ("tr", ["„Gel“ der.", "Sonra 5. yüzyıl ve II. Murat anlatılır."]),
        ("en", ["He rose [12].", "Then it was 3.5 percent...", "“What now?!”", "Nothing."]),
    ],
)
def test_what_a_full_stop_means_depends_on_the_language(language, expected):
    text = " ".join(expected) if language != "ja" else "".join(expected)
    assert cut(text, language) == expected


@pytest.mark.parametrize("language", [*LANGUAGES, "el", "tlh", "und", "my"])
@given(text=st.text(st.sampled_from("aA1 .!?…。؟۔।()“”«»\n\t\u00a0😀é́中ا"), max_size=60))
def test_spans_hold_all_of_any_text_in_order(language, text):
    Segmenter("unicode", "", sentences).spans(text, language)


@pytest.mark.full
@pytest.mark.parametrize("piece", ["1. ", "a.", "(", "A. ", "“?” ", ".", " ", "!😀", "... x"])
def test_a_long_text_without_an_end_takes_time_in_proportion(piece):
    def spent(n):
        started = time.process_time()
        list(sentences(piece * n, "en"))
        return time.process_time() - started

    assert spent(40_000) < 9 * min(spent(10_000), spent(10_000)) + 0.5


@pytest.mark.parametrize("name", ["nupunkt", "yasbd", "lines"])
@given(text=st.text(st.sampled_from("aAb1 .!?…。()“”\n😀é́中"), max_size=60))
def test_spans_of_other_segmenters_hold_all_of_any_text(name, text):
    cut(text, "en", name)


@pytest.mark.parametrize(
    ("spans", "fault"),
    [
        ([(0, 3)], "'four' at 4 is not in any unit"),
        ([(0, 3), (4, 9)], r"the span \(4, 9\) ends beyond the text, which has 8 characters"),
        ([(0, 4), (3, 8)], r"the span \(3, 8\) is empty, or begins before 4"),
        ([(4, 8), (0, 3)], "'one' at 0 is not in any unit"),
        ([(0, 3), (3, 3), (4, 8)], "is empty"),
        ([(-1, 8)], r"the span \(-1, 8\)"),
        (["one", "four"], "'one' is not a span"),
        ([(0.0, 8.0)], "not a span"),
        (None, "TypeError"),
    ],
)
def test_spans_that_are_not_units_are_refused(spans, fault):
    with pytest.raises(KazstanceError, match=rf"segmenter x: .*{fault}"):
        Segmenter("x", "1", lambda *_: spans).spans("one four", "en")


@pytest.mark.parametrize("tag", ["th", "lo", "bo", "dz", "pi-Thai"])
def test_scripts_without_sentence_ends_are_refused(tag):
    for name in (None, "unicode"):
        with pytest.raises(
            KazstanceError, match='script has no marks at the ends of sentences; set segmenter = "lines"'
        ):
            choose_segmenter(name, tag, HARBOUR)
    assert choose_segmenter("lines", tag, HARBOUR).spans("หนึ่ง\nสอง", tag) == [(0, 5), (6, 9)]


def test_the_language_chooses():
    chosen = {tag: choose_segmenter(None, tag, HARBOUR) for tag in ("en-GB", "de", "zh-Hant", "tlh")}
    assert [found.name for found in chosen.values()] == ["nupunkt", "unicode", "unicode", "unicode"]
    assert [tag for tag, found in chosen.items() if found.note] == ["tlh"]


def test_a_language_without_rules_is_warned_of(harbour):
    edit(harbour / "sources.toml", 'language = "en"', 'language = "tlh"')
    with pytest.warns(match=r"sources.toml:\d+: language 'tlh' has no sentence rules"):
        corpus = read(harbour)
    assert len({found.name for found in corpus.segmenters.values()}) == 2


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('language = "en"', 'language = "english"', r"sources.toml:\d+: language: 'english' is not a language tag"),
        ('language = "en"', 'language = "th"', r"sources.toml:\d+: language: text in the Thai script has no marks"),
        ('language = "en"', 'language = "en"\nsegmenter = "nupunk"', r"segmenter: 'nupunk' is not a segmenter; choose from.*did you mean nupunkt"),
        ('language = "en"', 'language = "tlh"\nsegmenter = "yasbd"', r"segmenter: .*no rules for the language 'tlh'"),
        ('language = "en"', 'language = "en"\nparagraphs = "page"', r"paragraphs: .*'line' or 'blank_line'"),
        ('license = "CC0-1.0"', 'license = "CC0-1.0"\nsegmenter = "no_such_module:cut"', r"No module named 'no_such_module'; expected a module that is installed or on PYTHONPATH"),
        ('license = "CC0-1.0"', 'license = "CC0-1.0"\nsegmenter = "subprocess:getoutput"', r"subprocess:getoutput is not marked as a segmenter"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be_are_problems_of_the_line(harbour, old, new, message):
    edit(harbour / "sources.toml", old, new)
    with pytest.raises(InputError, match=message):
        read(harbour)


OWN = """
from pathlib import Path
from kazstance.language import segmenter

Path(__file__).with_suffix(".ran").touch()

@segmenter(version="2.1")
def halves(text, language):
    middle = text.find(",") + 1
    return [(0, middle), (middle, len(text))] if middle else [(0, len(text))]

@segmenter(version="1")
def loses(text, language):
    return [(0, 3)]
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A module on the path, under a name that no other test has imported."""
    name = f"own_{abs(hash(tmp_path))}"
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / f"{name}.py").write_text(textwrap.dedent(OWN))
    monkeypatch.syspath_prepend(tmp_path / "code")
    yield name
    sys.modules.pop(name, None)


def test_a_segmenter_of_the_users(harbour, own):
    edit(harbour / "sources.toml", 'license = "CC0-1.0"', f'license = "CC0-1.0"\nsegmenter = "{own}:halves"')
    (harbour / "curation/units.csv").write_text((harbour / "curation/units.csv").read_text().splitlines()[0] + "\n")
    corpus = read(harbour)
    units, problems = segment(corpus)
    assert problems == []
    assert {(found.name, found.version) for found in corpus.segmenters.values()} == {(f"{own}:halves", "2.1")}
    assert "A quay costs money," in {unit.text for unit in units}


def test_a_segmenter_that_loses_text_is_a_problem_of_the_line(harbour, own):
    edit(harbour / "sources.toml", 'license = "CC0-1.0"', f'license = "CC0-1.0"\nsegmenter = "{own}:loses"')
    _, problems = segment(read(harbour))
    assert [problem.file for problem in problems if problem.file.startswith("texts")] == [
        f"texts/{name}.txt" for name in ("dockers", "merchants", "gazette")
    ]
    assert f"texts/dockers.txt:1: segmenter {own}:loses: 'to the harbour toll!' at 3 is not in any unit" in str(
        problems[0]
    )


def test_code_in_a_corpus_folder_is_not_run(harbour, own, tmp_path, monkeypatch):
    moved = harbour / f"{own}.py"
    (tmp_path / "code" / f"{own}.py").rename(moved)
    monkeypatch.syspath_prepend(harbour)
    edit(harbour / "sources.toml", 'license = "CC0-1.0"', f'license = "CC0-1.0"\nsegmenter = "{own}:halves"')
    unread = pytest.warns(match="is not a corpus file")
    with unread, pytest.raises(InputError, match=f"{own} is part of the corpus folder, whose code is not run"):
        read(harbour)
    assert not moved.with_suffix(".ran").exists()


WRAPPED = "The council of the port said on\nMonday that the toll would stay\nin force. Nobody spoke.\n \n\nThey left.\n"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("", [4, 5]),
        ('paragraphs = "line"', [4, 5]),
        ('paragraphs = "blank_line"', [2, 3]),
        ('paragraphs = "blank_line"\nsegmenter = "unicode"', [2, 3]),
        ('paragraphs = "blank_line"\nsegmenter = "lines"', [2, 4]),
        ('segmenter = "lines"', [4, 4]),
    ],
)
def test_what_ends_a_paragraph_is_said(harbour, settings, expected):
    """The number of paragraphs, and of units."""
    add_text(harbour, "wrapped", WRAPPED.encode())
    edit(harbour / "sources.toml", 'id = "wrapped"\n', f'id = "wrapped"\n{settings}\n')
    units, problems = segment(read(harbour))
    assert problems == []
    found = [unit for unit in units if unit.source_id == "wrapped"]
    assert [len({unit.paragraph_id for unit in found}), len(found)] == expected
    assert [WRAPPED[unit.raw_start : unit.raw_end] for unit in found] == [unit.text for unit in found]


def test_a_line_a_unit_is_honoured(harbour):
    text = "One. Two. Three.\n\nMr. Brand said\nso.\n"
    add_text(harbour, "lines", text.encode())
    edit(harbour / "sources.toml", 'id = "lines"\n', 'id = "lines"\nsegmenter = "lines"\n')
    units, _ = segment(read(harbour))
    assert [unit.text for unit in units if unit.source_id == "lines"] == ["One. Two. Three.", "Mr. Brand said", "so."]


def test_a_module_made_at_run_time_is_no_place_to_find_a_segmenter(harbour, monkeypatch):
    monkeypatch.setitem(sys.modules, "made_at_run_time", types.ModuleType("made_at_run_time"))
    edit(harbour / "sources.toml", 'license = "CC0-1.0"', 'license = "CC0-1.0"\nsegmenter = "made_at_run_time:cut"')
    with pytest.raises(InputError, match="made_at_run_time:cut: AttributeError"):
        read(harbour)
