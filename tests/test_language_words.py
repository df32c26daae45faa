"""Words and language tags: against what the scripts' own rules say, and the same text typed in other ways."""

import json
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kazstance
from kazstance.corpus.build import make
from kazstance.errors import MissingExtraError
from kazstance.language.icu import _breaker_of
from kazstance.language.tags import UNDETERMINED, base, check_tag, is_right_to_left, script
from kazstance.language.words import normal, tokens, words
from tests.conftest import quiet

REFERENCE = Path(__file__).parent / "languages"
LANGUAGES = sorted(file.stem for file in REFERENCE.glob("*.json"))
SPACED = sorted(set(LANGUAGES) - {"zh", "ja", "th"})


def reference(language):
    return json.loads((REFERENCE / f"{language}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("hi", "मज़दूरों की सरकार", ["मज़दूरों", "की", "सरकार"]),
        ("ar", "كَتَبَ الوَلَد", ["كَتَبَ", "الوَلَد"]),
        ("fa", "او می‌گوید", ["او", "می‌گوید"]),
        ("he", 'האו"ם הודיע', ['האו"ם', "הודיע"]),
        ("tr", "İŞÇİLER IŞIK", ["işçiler", "ışık"]),
        ("az", "ISTIRAHƏT İDARƏSİ", ["ıstırahət", "idarəsi"]),
        ("en", "I SIT", ["i", "sit"]),
        ("fr", "L’État n’a qu'aujourd’hui", ["l'", "état", "n'", "a", "qu'", "aujourd'hui"]),
        ("ca", "col·legi", ["col·legi"]),
        ("uk", "обʼєднання об’єднання", ["об'єднання", "об'єднання"]),
        ("en", "co\u00adoperate ＫＡＺ state\u2011owned", ["cooperate", "kaz", "state-owned"]),
        ("en", '"one"two', ["one", "two"]),
    ],
)
def test_words_are_those_of_the_script(language, text, expected):
    assert words(text, language) == expected


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_of_the_reference(language):
    """Every word of the reference, but for those of Chinese, Japanese and Thai, which follow a dictionary's convention."""
    if language not in SPACED:
        pytest.importorskip("icu4py")
    found, expected = [], []
    for row in reference(language)["words"]:
        found += words(row["text"], language)
        expected += [normal(word, language) for word in row["words"]]
    common = sum((min(found.count(word), expected.count(word)) for word in set(expected)), 0)
    f1 = 2 * common / (len(found) + len(expected))
    assert f1 >= {"zh": 0.88, "th": 0.85, "ja": 0.74, "he": 0.95, "ko": 0.95}.get(language, 1.0)


@pytest.mark.parametrize("language", SPACED)
@pytest.mark.parametrize("form", ["NFD", "NFKD"])
def test_how_a_text_is_typed_makes_no_difference(language, form):
    for row in reference(language)["words"]:
        text = row["text"]
        upper = (
            "".join({"i": "İ", "ı": "I"}.get(sign, sign.upper()) for sign in text) if language == "tr" else text.upper()
        )
        for other in (unicodedata.normalize(form, text), f"„{text}“", upper, text.replace("'", "’")):
            assert tokens(other, language) == tokens(text, language), other


def test_dictionary_words_hold_beyond_the_first_plane():
    """ICU counts UTF-16 units, of which these characters have two."""
    pytest.importorskip("icu4py")
    text = "𠮷野家で食べた政府は軍隊を派遣した"
    found = words(text, "ja")
    assert "".join(found) == text
    assert {"政府", "軍隊", "派遣"} <= set(found)


@pytest.mark.parametrize("vowel", ["น้ำทำงาน", "ນ້ຳ"])
def test_vowels_that_a_normal_form_takes_apart_stay_whole(vowel):
    assert normal(vowel) == vowel


def test_words_of_the_shipped_texts_are_those_of_030():
    """Letters, with apostrophes and hyphens inside, in small letters."""
    import re

    old = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
    for row in kazstance.load("sentences"):
        assert words(row.text, "en") == [word.replace("’", "'") for word in old.findall(row.text.casefold())]


@given(st.text(max_size=80), st.sampled_from(SPACED))
def test_any_text_has_words_that_are_normal_already(text, language):
    found = words(text, language)
    assert found == [word for item in found for word in words(item, language)]
    assert not any(set(word) & set("\u00ad\u200b\u2060\ufeff ") for word in found)


@pytest.mark.parametrize("tag", ["en", "pt-BR", "zh-Hant", "sr-Latn-RS", "tlh", "he", "und", "mul", "en-x-dialect"])
def test_tags_that_are_valid(tag):
    assert check_tag(tag) == tag


@pytest.mark.parametrize("tag", ["english", "xx", "", "kz", "en US", "en\u200b", "de-", "a" * 300])
def test_tags_that_are_not(tag):
    with pytest.raises(ValueError, match="is not a language tag; expected one of BCP 47, such as en, pt-BR or zh-Hant"):
        check_tag(tag)


@given(st.text(max_size=30) | st.from_regex(r"[a-zA-Z]{2,3}(-[a-zA-Z0-9]{1,8}){0,3}", fullmatch=True))
def test_any_text_may_stand_where_a_tag_should(tag):
    assert base(tag)
    assert isinstance(script(tag), str)


def test_what_a_tag_says():
    assert [base(tag) for tag in ("pt-BR", "cmn", "iw", "deu", "english", "und")] == [
        "pt", "zh", "he", "de", UNDETERMINED, UNDETERMINED
    ]  # fmt: skip
    right = {
        tag
        for tag in ("ar", "he", "ur", "fa", "ckb", "dv", "yi", "pa-Arab", "pa", "en", "az", "ks-Deva", "und")
        if is_right_to_left(tag)
    }
    assert right == {"ar", "he", "ur", "fa", "ckb", "dv", "yi", "pa-Arab"}


def test_without_a_dictionary_a_corpus_is_refused_with_what_to_install(harbour, tmp_path, monkeypatch):
    """Before any work, and not with words that are whole clauses."""

    class Hiding:
        @staticmethod
        def find_spec(name, path=None, target=None):
            if name.partition(".")[0] == "icu4py":
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    for name in [name for name in sys.modules if name.partition(".")[0] == "icu4py"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Hiding, *sys.meta_path])
    _breaker_of.cache_clear()
    remedy = r"icu4py is not installed; run: pip install 'kazstance\[languages\]'"
    for language in ("zh", "ja", "th", "lo", "km", "my", "yue-Hant"):
        with pytest.raises(MissingExtraError, match=remedy):
            words("政府派出了军队", language)
    settings = (harbour / "sources.toml").read_text().replace('language = "en"', 'language = "zh"', 1)
    (harbour / "sources.toml").write_text(settings)
    with pytest.raises(MissingExtraError, match=remedy):
        make(harbour, quiet)


@given(st.text(st.characters(max_codepoint=127), max_size=40), st.sampled_from(["en", "tr", "th"]))
def test_tokens_of_ascii_are_found_by_the_same_rules(text, language):
    """A letter outside ASCII at the end makes no difference to what is before it."""
    assert tokens(f"{text} ж", language) == [*tokens(text, language), "ж"]


def test_tokens_have_no_joiners():
    assert tokens("او می\u200cگوید", "fa") == ["او", "میگوید"]
