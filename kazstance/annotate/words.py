"""How people spell labels and other answers in sheets: in any case, in English and other languages."""

import unicodedata
from collections.abc import Mapping
from typing import Final

LABELS: Final[Mapping[str, str]] = {
    "favor": "favour|in favor|in favour|for|pro|dafür|pour|a favor|a favore|за|қолдайды|lehte|"
    "支持|賛成|찬성|مؤيد|समर्थन",
    "against": "anti|con|contra|dagegen|contre|en contra|contro|против|қарсы|aleyhte|反对|反對|反対|반대|معارض|विरोध",
    "neutral": "neutre|neutro|neutrale|нейтрально|бейтарап|tarafsız|中立|중립|محايد|तटस्थ",
    "none": "not about it|not about the target|not about|keine|kein bezug|aucun|ninguno|ninguna|nessuno|нет|"
    "не о том|жоқ|yok|无|無|なし|関係なし|없음|لا شيء|कोई नहीं",
}
"""Other words for each label; `none` is a sentence that is not about the target."""
EXPLICITNESS: Final[Mapping[str, str]] = {
    "explicit": "explizit|ausdrücklich|explicite|explícito|esplicito|явно|айқын|açık|明确|明示|صريح",
    "implicit": "implizit|implicite|implícito|implicito|неявно|жанама|örtük|隐含|暗示|ضمني",
}
CERTAINTY: Final[Mapping[str, str]] = {
    "sure": "certain|sicher|sûr|sûre|certaine|seguro|segura|sicuro|sicura|уверен|уверена|сенімді|emin|确定|確実|متأكد",
    "unsure": "uncertain|not sure|unsicher|incertain|incertaine|inseguro|insegura|incerto|не уверен|не уверена|"
    "сенімсіз|emin değil|不确定|不確実|غير متأكد",
}
DONE: Final[Mapping[str, str]] = {
    "done": "x|1|y|yes|true|ok|✓|✔|☑|wahr|ja|erledigt|fertig|oui|vrai|sí|si|verdadero|sì|vero|да|истина|иә|evet|"
    "doğru|是|完成|はい|済|예|نعم|हाँ",
    "": "no|false|0|-|nein|falsch|non|faux|falso|нет|ложь|жоқ|hayır|yanlış|否|いいえ|아니오|لا|नहीं",
}
"""Marks in the column `done`, as people write them or as spreadsheet programs show TRUE."""


DOTTED: Final = {ord("ı"): "i", 0x307: None}
"""The letters I of Turkish and Kazakh, whose capitals others fold otherwise."""


def spelled(typed: str, words: Mapping[str, str], own: Mapping[str, str] | None = None) -> str | None:
    """The name that a typed word stands for; None if it stands for none.

    Args:
        typed: what was typed.
        words: each name with its other words.
        own: words of the corpus, which go before all others, with their names.
    """
    typed = folded(typed)
    known = {folded(word): name for name, others in words.items() for word in (name, *others.split("|"))}
    known |= {folded(word): name for word, name in (own or {}).items()}
    return known.get(typed)


def folded(word: str) -> str:
    """A word without differences of case, width, white space and final signs."""
    plain = unicodedata.normalize("NFKC", word).casefold().translate(DOTTED)
    return " ".join(plain.split()).rstrip(".!")
