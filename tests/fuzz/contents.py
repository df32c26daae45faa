"""Mutations of the content of a file: bytes, lines, encodings, and the structure of JSON, TOML and CSV."""

import csv
import io
import json
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tests.fuzz import values
from tests.fuzz.cases import Random

Mutation = Callable[[bytes, Random], bytes]
MAGIC = (
    b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n",
    b"PK\x03\x04\x14\x00\x06\x00\x08\x00",
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
    b"<!DOCTYPE html>\n<html><body>\n",
    b"{\\rtf1\\ansi ",
    b"PAR1",
    b"SQLite format 3\x00",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"\xff\xfe",
    b"\xfe\xff",
    b"\xef\xbb\xbf",
    b"\xef\xbb\xbf\xef\xbb\xbf",
    b"\x00",
    b"null\n",
    b"[",
    b'"',
)
CODECS = (
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-32",
    "utf-8-sig",
    "cp1252",
    "latin-1",
    "cp1251",
    "utf-7",
    "shift-jis",
    "cp037",
)


def flip(content: bytes, draw: Random) -> bytes:
    """One to four bytes become others."""
    found = bytearray(content)
    for _ in range(draw.randint(1, 4)):
        if found:
            found[draw.randrange(len(found))] ^= 1 << draw.randrange(8)
    return bytes(found)


def odd_bytes(content: bytes, draw: Random) -> bytes:
    """Bytes are put in that are no UTF-8, no text, or invisible."""
    place = draw.randint(0, len(content))
    odd = draw.choice(
        (
            b"\xff",
            b"\xc3",
            b"\xed\xa0\x80",
            b"\xf4\x90\x80\x80",
            b"\x00",
            b"\x1b[2J",
            b"\r",
            b"\x0b",
            b"\xe2\x80\xae",
            b"\xef\xbb\xbf",
            b"\xc2\x85",
            b'"',
            b"\\",
            b"\x1a",
        )
    )
    return content[:place] + odd * draw.choice((1, 1, 1, 40)) + content[place:]


def truncate(content: bytes, draw: Random) -> bytes:
    """The end is gone, or all of it."""
    return content[: draw.choice((0, 1, draw.randint(0, len(content)), max(0, len(content) - 1)))]


def grow(content: bytes, draw: Random) -> bytes:
    """The content over and over, up to a million bytes."""
    return content * draw.choice((2, 50, max(2, 1_000_000 // max(1, len(content)))))


def slices(content: bytes, draw: Random) -> bytes:
    """A part is taken out, put elsewhere, or doubled."""
    a, b = sorted(draw.randint(0, len(content)) for _ in range(2))
    place = draw.randint(0, len(content))
    rest = content[:a] + content[b:]
    return draw.choice((rest, rest[:place] + content[a:b] + rest[place:], content[:b] + content[a:b] + content[b:]))


def lines(content: bytes, draw: Random) -> bytes:
    """A line is left out, doubled, moved, joined with the next, made blank, or repeated very often."""
    found = content.splitlines(keepends=True)
    if not found:
        return b"\n" * draw.choice((1, 1000))
    i, j = draw.randrange(len(found)), draw.randrange(len(found))
    line = found[i]
    way = draw.randrange(8)
    if way == 0:
        del found[i]
    elif way == 1:
        found.insert(j, line)
    elif way == 2:
        found[i], found[j] = found[j], line
    elif way == 3:
        found[i] = line.rstrip(b"\r\n")
    elif way == 4:
        found[i] = draw.choice((b"\n", b"   \n", b"\t\r\n", b"#\n", b"{}\n", b"null\n", b"x\n"))
    elif way == 5:
        found[i:i] = [line] * draw.choice((30, 3000))
    elif way == 6:
        found[i:i] = [b"x\n"] * draw.choice((30, 100_000))
    else:
        draw.shuffle(found)
    return b"".join(found)


def encoding(content: bytes, draw: Random) -> bytes:
    """The same text in another encoding, with other ends of lines, or in another normal form."""
    text = content.decode("utf-8", "replace")
    way = draw.randrange(4)
    if way == 0:
        return text.encode(draw.choice(CODECS), "replace")
    if way == 1:
        return unicodedata.normalize(draw.choice(("NFC", "NFD", "NFKC", "NFKD")), text.replace("e", "é")).encode()
    if way == 2:
        return text.replace("\n", draw.choice(("\r\n", "\r", "\u2028", "\x85", "\n\n", "\n\r"))).encode()
    return text.replace(
        draw.choice(" aeo,"), draw.choice(("\u00a0", "\u200b", "\u0430", "\u3000", "\uff1d", "\u00ad"))
    ).encode()


def magic(content: bytes, draw: Random) -> bytes:
    """The file begins, or ends, as one of another format."""
    mark = draw.choice(MAGIC)
    return mark + content if draw.random() < 0.8 else content + mark


def word(content: bytes, draw: Random) -> bytes:
    """A word becomes another word of the file, or a value that is seldom expected."""
    text = content.decode("utf-8", "surrogateescape")
    words = [w for w in text.replace('"', " ").split() if w]
    if not words:
        return content
    other = draw.choice(words) if draw.random() < 0.4 else values.text(draw)
    return text.replace(draw.choice(words), other, draw.choice((1, 1, -1))).encode("utf-8", "surrogateescape")


class Pairs(list[tuple[str, Any]]):
    """An object of JSON, in which a key may appear twice."""


class Raw(str):
    """What is written as it is."""

    __slots__ = ()


DEEPEST = 200
"""What lies deeper is changed as text: walking it takes a stack that an earlier mutation may have used up."""


def json_structure(content: bytes, draw: Random) -> bytes:
    """A value is replaced, left out, doubled under the same key, wrapped; a key is renamed or added."""
    parsed, is_lines = _parse_json(content)
    if parsed is None or _depth(parsed) > DEEPEST:
        return flip(content, draw)
    places = list(_places(parsed))
    if not places:
        return values.json_text(draw).encode("utf-8", "surrogatepass")
    _change(*draw.choice(places), draw)
    written = "".join(f"{_dump(row)}\n" for row in parsed) if is_lines else _dump(parsed)
    return written.encode("utf-8", "surrogatepass")


def _parse_json(content: bytes) -> tuple[Any, bool]:
    """The value of a document, or of its lines as a list, and whether it was lines."""
    for is_lines in (False, True):
        try:
            text = content.decode("utf-8-sig")
            if is_lines:
                return [json.loads(line, object_pairs_hook=Pairs) for line in text.splitlines() if line.strip()], True
            return [json.loads(text, object_pairs_hook=Pairs)], True
        except (ValueError, RecursionError):
            continue
    return None, False


def _depth(node: Any) -> int:
    """How many containers lie in one another."""
    depth, level = 0, [node]
    while level:
        depth += 1
        level = [child for parent in level if isinstance(parent, list) for child in _children(parent)]
    return depth


def _children(parent: list[Any]) -> list[Any]:
    return [item[1] for item in parent] if isinstance(parent, Pairs) else parent


def _places(node: Any) -> Iterator[tuple[list[Any], int]]:
    """Each container and index in it."""
    if isinstance(node, list):
        for i, item in enumerate(node):
            yield node, i
            yield from _places(item[1] if isinstance(node, Pairs) else item)


def _change(parent: list[Any], i: int, draw: Random) -> None:
    is_object = isinstance(parent, Pairs)
    value = parent[i][1] if is_object else parent[i]
    other: Any = Raw(values.json_text(draw))
    way = draw.randrange(8)
    if way == 0:
        del parent[i]
        return
    if way == 1:
        parent.insert(i, parent[i])
        return
    if way == 2 and is_object:
        parent.append((parent[i][0], other))
        return
    if way == 3 and is_object:
        parent[i] = (draw.choice((parent[i][0].upper(), parent[i][0] + "s", values.text(draw))), value)
        return
    if way == 4:
        other = draw.choice(([value], Pairs([("a", value)]), [value, value], str(value)[:200]))
    parent[i] = (parent[i][0], other) if is_object else other


def _dump(node: Any) -> str:
    if isinstance(node, Raw):
        return node
    if isinstance(node, Pairs):
        return "{" + ", ".join(f"{values.quoted(key)}: {_dump(value)}" for key, value in node) + "}"
    if isinstance(node, list):
        return "[" + ", ".join(map(_dump, node)) + "]"
    return json.dumps(node)


def toml_structure(content: bytes, draw: Random) -> bytes:
    """A value is replaced; a key is renamed, doubled or added; the header of a table is renamed, doubled or nested."""
    found = content.decode("utf-8", "replace").split("\n")
    keyed = [i for i, line in enumerate(found) if "=" in line]
    headers = [i for i, line in enumerate(found) if line.startswith("[")]
    way = draw.randrange(8)
    if way < 4 and keyed:
        i = draw.choice(keyed)
        key = found[i].partition("=")[0].strip()
        line = f"{key} = {values.toml_text(draw)}"
        found[i : i + (way != 3)] = [line]
    elif way == 4 and keyed:
        i = draw.choice(keyed)
        key, _, value = found[i].partition("=")
        found[i] = (
            f"{draw.choice((key.strip() + 's', values.quoted(values.text(draw)), key.strip() + '.a' * draw.choice((1, 3_000))))} = {value}"
        )
    elif way == 5 and headers:
        i = draw.choice(headers)
        name = found[i].strip("[]")
        found[i] = draw.choice(
            (
                f"[[{name}s]]",
                f"[{name}]",
                f"[[{name}.{name}]]",
                f"[[{name}]]\n[[{name}]]",
                "",
                "[[]]",
                f"[[{'a.' * 3_000}a]]",
            )
        )
    else:
        line = draw.choice(
            ('extra = "x"', "complete = true", 'id = "x"', "[other]\nx = 1", f"x = {values.toml_text(draw)}")
        )
        found.insert(draw.randint(0, len(found)), line)
    return "\n".join(found).encode("utf-8", "surrogatepass")


def csv_structure(content: bytes, draw: Random) -> bytes:
    """A cell, a row, a column or the header changes; or how fields are quoted and separated."""
    text = content.decode("utf-8-sig", "replace")
    try:
        rows = list(csv.reader(io.StringIO(text, newline="")))
    except csv.Error:
        return flip(content, draw)
    if not rows or not rows[0]:
        return flip(content, draw)
    _change_rows(rows, draw)
    out = io.StringIO(newline="")
    delimiter = draw.choice((*",,,,,,,,", ";", "\t", "|"))
    quoting = draw.choice((csv.QUOTE_MINIMAL, csv.QUOTE_MINIMAL, csv.QUOTE_ALL))
    csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=draw.choice(("\r\n", "\n"))).writerows(rows)
    return out.getvalue().encode("utf-8", "surrogatepass")


def _change_rows(rows: list[list[str]], draw: Random) -> None:
    row = draw.randrange(len(rows))
    column = draw.randrange(max(1, len(rows[0])))
    way = draw.randrange(10)
    if way < 4 and rows[row]:
        rows[row][draw.randrange(len(rows[row]))] = values.text(draw)
    elif way == 4:
        for cells in rows:
            del cells[column : column + 1]
    elif way == 5:
        for cells in rows:
            cells.insert(draw.randint(0, len(cells)), cells[column] if column < len(cells) else "")
    elif way == 6:
        rows.insert(draw.randint(0, len(rows)), rows[row])
    elif way == 7:
        rows[row] = draw.choice(([], rows[row][:-1], [*rows[row], "extra"], [""] * len(rows[row])))
    elif way == 8:
        rows[0] = draw.choice(
            (rows[0][::-1], [name.upper() for name in rows[0]], [f" {name}" for name in rows[0]], rows[-1])
        )
    else:
        del rows[1:]


def quotes(content: bytes, draw: Random) -> bytes:
    """A quotation mark too many, in the first line or elsewhere, or a field that never ends."""
    first = content.find(b"\n") if draw.random() < 0.5 else len(content)
    place = draw.randint(0, max(0, first))
    return content[:place] + draw.choice((b'"', b'""', b'"' + b"x" * 140_000, b"x" * 140_000)) + content[place:]


ANY: Sequence[Mutation] = (flip, odd_bytes, truncate, grow, slices, lines, encoding, magic, word)
STRUCTURES: dict[str, Sequence[Mutation]] = {
    ".json": (json_structure,),
    ".jsonl": (json_structure,),
    ".toml": (toml_structure,),
    ".csv": (csv_structure, csv_structure, quotes),
    ".tsv": (csv_structure, quotes),
}


def mutate(content: bytes, suffix: str, draw: Random) -> tuple[bytes, str]:
    """The content after one mutation, half of them of the structure where the kind of file has one; and its name."""
    structures = STRUCTURES.get(suffix, ())
    mutation = draw.choice(structures if structures and draw.random() < 0.55 else ANY)
    return mutation(content, draw), mutation.__name__


def write_alike(content: bytes, suffix: str, draw: Random) -> tuple[bytes, str]:
    """The same content written otherwise, and how: a byte-order mark, ends of lines, order of keys, escapes, quoting."""
    text = content.decode("utf-8")
    if suffix == ".jsonl":
        text = "".join(f"{_dump_alike(json.loads(line), draw)}\n" for line in text.splitlines())
    elif suffix == ".csv":
        rows = list(csv.reader(io.StringIO(text, newline="")))
        out = io.StringIO(newline="")
        csv.writer(out, quoting=draw.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL)), lineterminator="\n").writerows(rows)
        text = out.getvalue()
    end, mark = draw.choice(("\n", "\r\n")), draw.choice((b"", b"\xef\xbb\xbf"))
    is_quoted = suffix == ".csv"  # a field of CSV may have lines, whose ends are its own
    return mark + (text if is_quoted else text.replace("\n", end)).encode(), f"mark {mark!r}, ends {end!r}"


def _dump_alike(value: dict[str, Any], draw: Random) -> str:
    pairs = list(value.items())
    draw.shuffle(pairs)
    separators = draw.choice(((",", ":"), (" , ", " : ")))
    return json.dumps(dict(pairs), ensure_ascii=draw.random() < 0.5, separators=separators)
