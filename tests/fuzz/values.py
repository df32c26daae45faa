"""Values that are seldom expected: as text, as JSON, as TOML."""

from tests.fuzz.cases import Random

TEXTS = (
    "",
    " ",
    "\t",
    "\x00",
    "a\x00b",
    "\x1b]0;title\x07",
    "\x1b[31mred",
    "\x9b31m",
    "\u202eright to left",
    "\u2028line\u2029paragraph",
    "line\nfeed",
    "carriage\rreturn",
    "\ufeffmark",
    "\ufffe",
    "cafe\u0301",
    "\U0001f600",
    "../../../escape",
    "/etc/passwd",
    "C:\\nul",
    "=1+1",
    "@SUM(A1)",
    "<script>alert(1)</script>",
    "](javascript:alert(1))\n# heading | cell",
    "&amp; ]]>",
    "{{ x }} ${x} %s {0}",
    "'\"`",
    "none",
    "null",
    "NaN",
    "true",
    "-0",
    "1e999",
    "0x10",
    "١٢",
    "9" * 5000,
    "x" * 300,
    "x" * 140_000,
    "a b\u00a0c",
    "adjudications",
    "con",
    ".",
    "..",
    "-",
    "--help",
)
NUMBERS = (
    "0",
    "-1",
    "1",
    "2147483648",
    "9223372036854775808",
    "1" + "0" * 30,
    "-" + "9" * 5000,
    "1.5",
    "1e308",
    "1e999",
)
JSON_ONLY = (
    "null",
    "true",
    "[]",
    "{}",
    "NaN",
    "-Infinity",
    '"\\ud800"',
    '"\\u0000"',
    "01",
    "+1",
    "'x'",
    "[1, [2, [3]]]",
    '{"a": {"a": 1}}',
)
TOML_ONLY = (
    "true",
    "[]",
    "{}",
    "nan",
    "-inf",
    '"\\U0010FFFF"',
    "'''x\ny'''",
    "1979-05-27",
    "07:32:00",
    "1979-05-27T07:32:00Z",
    "0001-01-01",
    "0xff",
    "[[[]]]",
    "{a={b=1}}",
)
DEPTHS = (50, 900, 2_500, 20_000, 100_000)


def text(draw: Random) -> str:
    """A text."""
    return draw.choice(TEXTS)


def json_text(draw: Random) -> str:
    """A value of JSON, or what looks like one."""
    return _literal(draw, JSON_ONLY, "[", "]", '{"a":')


def toml_text(draw: Random) -> str:
    """A value of TOML, or what looks like one."""
    return _literal(draw, TOML_ONLY, "[", "]", "{a=")


def _literal(draw: Random, others: tuple[str, ...], opening: str, closing: str, table: str) -> str:
    way = draw.randrange(10)
    if way < 4:
        return quoted(text(draw))
    if way < 6:
        return draw.choice(NUMBERS)
    if way < 9:
        return draw.choice(others)
    depth = draw.choice(DEPTHS)
    if draw.random() < 0.5:
        return opening * depth + closing * depth
    return table * depth + "1" + "}" * depth


def quoted(value: str) -> str:
    """A text in quotation marks, as JSON and TOML alike take it: all but what has to be escaped is left as it is."""
    named = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return '"' + "".join(named.get(c, f"\\u{ord(c):04x}" if ord(c) < 32 or ord(c) == 127 else c) for c in value) + '"'
