"""Results side by side: the leaderboard, and tables of every score with its lift over the best shortcut."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import inf
from typing import Final

import kazstance
from kazstance.bench.breakdowns import Breakdown
from kazstance.bench.comparisons import paired_tests
from kazstance.bench.leaderboard import leaderboard, signatures, tests_sheet, undefined_notes
from kazstance.bench.probes import ProbeScore
from kazstance.bench.protocols import PROTOCOLS
from kazstance.bench.result import Result, with_lift
from kazstance.bench.sheets import Line, Sheet
from kazstance.bench.tasks import TARGET, TASKS
from kazstance.output import plain_json
from kazstance.output.markdown import Markdown, emphasis, markdown_table, plain, strong
from kazstance.stats.estimate import UNDEFINED
from kazstance.stats.strata import OTHER, OTHER_STRATA, are_comparable, share_text

PROBED: Final = {
    "mask": "Names of organisations, places and people are hidden; the label stays the same.",
    "swap": "Rows of one sentence on two targets with different labels: ignoring the target changes no answer.",
    "mirror": "A check of consistency, not part of any score: rows on claims, also shown on their contradictories. "
    "A reader judged those blind; no system can be expected to reverse more.",
}
"""What each probe shows."""
SOFT: Final = (
    "Lower is better: distance to the shares of the annotators' votes, and calibration of the most probable label."
)
PROMPTED: Final = "Mean over the prompts, lowest and highest score; share of the rows with the same answer under all."
OTHER_ROWS: Final = "Columns are over different strata: compare systems within a column, not columns with each other."
"""What is said above a table whose columns are not comparable."""


def side_by_side(results: Iterable[Result]) -> list[Result]:
    """Results and their shortcuts, each once and with its lift over the best shortcut on the same rows."""
    given = list(_distinct(results))
    beside = [shortcut for result in given for shortcut in result.shortcuts]
    own = {(result.rows, result.system) for result in given}
    added = {(s.rows, s.system): s for s in beside if (s.rows, s.system) not in own}
    everything = sorted([*given, *added.values()], key=_order)
    return [with_lift(result, everything) for result in everything]


def _distinct(results: Iterable[Result]) -> Iterator[Result]:
    """Results without repetition; different ones of systems with the same name are told apart."""
    seen: dict[tuple[str, str], list[str]] = {}
    for result in results:
        known = seen.setdefault((result.rows, result.system), [])
        if result.fingerprint in known:
            continue
        known.append(result.fingerprint)
        if known[1:] and not result.is_shortcut:
            more = "per target" if result.run.per_target else str(len(known))
            yield replace(result, run=replace(result.run, system=f"{result.system} ({more})"))
        else:
            yield result


def _order(result: Result) -> tuple[int, tuple[int, str], str, bool, float, str]:
    """Shortcuts by name, then the systems from the highest headline down."""
    protocol = result.run.protocol
    known = PROTOCOLS.index(protocol) if protocol in PROTOCOLS else len(PROTOCOLS)
    kind = list(TASKS).index(result.run.task) if result.run.task in TASKS else len(TASKS)
    headline = result.scores[result.headline]
    place = -headline.value if headline.is_defined and not result.is_shortcut else inf
    return kind, (known, protocol), result.rows, not result.is_shortcut, place, result.system


IN_WORDS: Final = {"wts": "within-target skill", "ss": "skill over the best text-blind rule", "somers_d": "Somers' D"}
"""Headlines in words."""
ALL_SCORES: Final = (
    "Every metric with its 95 % interval over clusters; under “targets”, targets are resampled, for targets not seen."
)
PARTS: Final = "The same scores on parts of the rows, without intervals."
REASONS: Final = "Why a figure of the tables is missing."


@dataclass(frozen=True)
class Section:
    """All results on the same rows; the first of its tables is the leaderboard."""

    task: str
    protocol: str
    title: str
    facts: str
    notes: Sequence[str]
    """What the scores rest on, and with which they cannot be compared."""
    hints: Sequence[str]
    warnings: Sequence[str]
    sheets: Sequence[Sheet]
    signatures: Sequence[str]
    common: Sequence[str]
    """The signature without what differs between systems."""
    undefined: Sequence[str]
    """Why figures of the leaderboard are undefined."""
    results: Sequence[Result]


def sections(results: Iterable[Result]) -> list[Section]:
    """The content of a report on results from `side_by_side`: a section for each task and protocol.

    Results on different rows under the same names, such as two of a user's own datasets, have separate sections,
    distinguished by their data.
    """
    grouped: dict[tuple[str, str, str], list[Result]] = {}
    for result in results:
        grouped.setdefault((result.run.task, result.run.protocol, result.rows), []).append(result)
    titles = [f"{task} · {protocol}" for task, protocol, _ in grouped]
    titles = [
        title if titles.count(title) == 1 else f"{title} · {_data(found[0])}"
        for found, title in zip(grouped.values(), titles, strict=True)
    ]
    first = {title: found[0] for found, title in zip(grouped.values(), titles, strict=True)}
    return [_section(found, title, first) for found, title in zip(grouped.values(), titles, strict=True)]


def _data(result: Result) -> str:
    return " ".join(f"{name} {digest[:12]}" for name, digest in result.run.data.items())


def _section(results: Sequence[Result], title: str, beside: Mapping[str, Result]) -> Section:
    """A section; `beside` has the first result of each section of the page, by title."""
    first, tests = results[0], paired_tests(results)
    remarks = dict.fromkeys(remark for result in results for remark in result.remarks)
    return Section(
        task=first.run.task,
        protocol=first.run.protocol,
        title=title,
        facts=f"n = {first.n}, D = {first.D:.1f}",
        notes=[*first.facts, *first.facts_within.values(), *_other_sections(first, beside)],
        hints=[*shortcut_hints(results), *sorted(remarks)],
        warnings=list(dict.fromkeys(result.warning for result in results if result.warning)),
        sheets=[
            leaderboard(results, tests),
            *tests_sheet(tests),
            *_prompts(results),
            _all_scores(results),
            *_breakdowns(results),
            *_soft(results),
            *_probes(results),
            *_undefined(results),
        ],
        signatures=[result.signature for result in results],
        common=signatures(results),
        undefined=undefined_notes(results),
        results=results,
    )


def in_words(section: Section) -> str:
    """The headline of a section in words: the system with the highest one, and how it compares with the shortcuts."""
    name = section.results[0].headline
    known = [result for result in section.results if result.scores[name].is_defined]
    systems = [result for result in known if not result.is_shortcut]
    figure = f"{IN_WORDS[name]} ({name})" if name in IN_WORDS else name
    if not systems:
        return f"{section.title}: no system has a defined {figure}; only shortcuts were run."
    best = max(systems, key=lambda result: result.scores[name].value)
    of = f"the highest of {len(systems)} systems" if systems[1:] else "the only system"
    said = f"{section.title}: {best.system} is {of}, with a {figure} of {best.scores[name].text(with_reason=False)}"
    if best.lift is None or not best.lift.is_defined:
        return f"{said}; there is no shortcut to compare it with."
    above = best.lift.text(signed=True, with_reason=False)
    return f"{said}, {above} over the best shortcut, {best.best_shortcut}."


def _other_sections(result: Result, beside: Mapping[str, Result]) -> Iterator[str]:
    """A mark if other sections of the page are over other strata."""
    own = result.strata.get(TARGET)
    others = [title for title, other in beside.items() if not are_comparable([own, other.strata.get(TARGET)])]
    if others:
        yield f"{OTHER} Over other strata than {', '.join(others)}: not comparable with the scores there."


def shortcut_hints(results: Iterable[Result]) -> list[str]:
    """How to get a lift, for each task and protocol without a shortcut to compare with."""
    without = dict.fromkeys((r.run.task, r.run.protocol) for r in results if r.best_shortcut is None)
    return [
        f"No shortcut with a defined headline is among the runs on {task} · {protocol}, so there is no lift. Run one "
        f"and add its folder: `kazstance bench run 'target-blind TF-IDF' {_options(task, protocol)} --out DIR`"
        for task, protocol in without
    ]


def _options(task: str, protocol: str) -> str:
    return f"--task {task} --protocol {protocol}" if protocol in PROTOCOLS else "--train FILE --test FILE …"


def _all_scores(results: Sequence[Result]) -> Sheet:
    """All scores, the headline within other strata, and the lift."""
    first = results[0]
    groups = {kind: group.n for result in results for kind, group in result.contrast.items()}
    sets = [f"contrast by {kind} (n = {n})" for kind, n in groups.items()]
    within = [_within(first, name) for name in first.within]
    header = ["system", *first.scores, "targets, 95 %", *within, *sets, "lift"]
    about = [ALL_SCORES] if all(map(first.is_comparable, first.within)) else [ALL_SCORES, OTHER_STRATA]
    return Sheet("All scores", " ".join(about), header, [_line(result, _cells(result, groups)) for result in results])


def _within(result: Result, name: str) -> str:
    """The head of the column of the headline within other strata, with a mark if they are others."""
    mark = "" if result.is_comparable(name) else f" {OTHER}"
    return f"within {name} (D = {result.sizes[name]:.0f}){mark}"


def _line(result: Result, cells: Sequence[str]) -> Line:
    return Line(result.system, cells, result.is_shortcut)


def _cells(result: Result, groups: Iterable[str]) -> list[str]:
    over = result.scores[result.headline].over_targets.interval_text() or UNDEFINED
    first, within = (
        [found.text(with_reason=False) for found in part] for part in (result.scores.values(), result.within.values())
    )
    right = [result.contrast[kind].text(with_reason=False) if kind in result.contrast else "" for kind in groups]
    return [*first, over, *within, *right, result.lift_text]


def _prompts(results: Sequence[Result]) -> Iterator[Sheet]:
    """The spread over prompts, for the language models that were asked under several."""
    asked = [(result, result.prompts) for result in results if result.prompts]
    if asked:
        header = ["system", "prompts", *asked[0][0].scores, "same answer"]
        lines = [
            _line(r, [str(len(found.prompts)), *map(found.text, r.scores), share_text(found.same_answer)])
            for r, found in asked
        ]
        yield Sheet("Prompts", PROMPTED, header, lines)


def _breakdowns(results: Sequence[Result]) -> Iterator[Sheet]:
    """By source, kind, voice and target: the headline, F_avg and accuracy of each system."""
    known = [result for result in results if result.breakdowns]
    names = list(dict.fromkeys(part.by for result in known for part in result.breakdowns))
    for by in sorted(names, key=lambda name: name == "target"):
        parts = list(known[0].by(by))
        has_f = "f_avg" in known[0].scores
        figures = " / ".join([known[0].headline, *(["f_avg"] if has_f else []), "accuracy"])
        header = ["system", *(f"{part.name} ({_size(part)})" for part in parts)]
        lines = [
            _line(
                result,
                [
                    " / ".join(
                        figure.value_text()
                        for figure in (part.headline, *([part.f_avg] if has_f else []), part.accuracy)
                    )
                    for part in result.by(by)
                ],
            )
            for result in known
        ]
        about = PARTS if are_comparable([part.strata for part in parts]) else f"{PARTS} {OTHER_ROWS}"
        yield Sheet(f"By {by}: {figures}", about, header, lines, is_long=by == "target")


def _size(part: Breakdown) -> str:
    strata = part.strata
    if not strata:
        return f"n = {part.n}, D = {part.D:.0f}"
    shares = f"{share_text(strata.one_label)} one label, {share_text(strata.small)} small"
    return f"n = {part.n}, D = {part.D:.0f}, strata: {strata.number}, {shares}"


def _soft(results: Sequence[Result]) -> Iterator[Sheet]:
    """Scores of probabilities, for the systems that gave them."""
    given = [result for result in results if result.soft]
    if given:
        header = ["system", *(f"{name} (n = {score.n})" for name, score in given[0].soft.items())]
        lines = [_line(r, [score.text(with_reason=False) for score in r.soft.values()]) for r in given]
        yield Sheet("Probabilities", SOFT, header, lines)


def _probes(results: Sequence[Result]) -> Iterator[Sheet]:
    """A table for each probe, with the systems that answered it; figures in the order of the probes."""
    for probe, about in PROBED.items():
        figures = [{_figure(p): p for p in result.probes if p.probe == probe} for result in results]
        header = list(dict.fromkeys(name for found in figures for name in found))
        lines = [
            _line(result, [found[name].text(with_reason=False) if name in found else "" for name in header])
            for result, found in zip(results, figures, strict=True)
            if found
        ]
        if lines:
            yield Sheet(f"Probe: {probe}", about, ["system", *header], lines)


def _figure(score: ProbeScore) -> str:
    over = "" if score.over == "all" else f", {score.over}"
    return f"{score.measure}{over} (n = {score.n})"


def _undefined(results: Sequence[Result]) -> Iterator[Sheet]:
    """What is undefined, and why."""
    lines = [_line(result, [name, why]) for result in results for name, why in result.reasons.items()]
    if lines:
        yield Sheet("Undefined", REASONS, ["system", "figure", "why"], lines)


def made_by() -> str:
    """Which version made a report, and when."""
    return f"Made by kazstance {kazstance.__version__} on {datetime.now(UTC):%Y-%m-%d}"


def to_markdown(results: Iterable[Result]) -> str:
    """Results from `side_by_side` as a page: tables for each task and protocol, shortcuts first."""
    found = sections(results)
    parts = ["# Benchmark", f"{made_by()}.", *(plain(in_words(section)) for section in found)]
    parts.append("Shortcuts read no text or ignore the target; *lift* is over the best of them.")
    for section in found:
        parts += [f"## {plain(section.title)}", section.facts, *map(plain, [*section.notes, *section.hints])]
        parts += map(strong, section.warnings)
        for sheet in section.sheets:
            if not sheet.is_long:
                parts += filter(None, [sheet.title and f"### {plain(sheet.title)}", sheet.about, _markdown(sheet)])
            if not sheet.title:
                parts += [plain(f"Signature: {signature}") for signature in section.common]
    return "\n\n".join(parts) + "\n"


def _markdown(sheet: Sheet) -> str:
    lines = [[_name(line), *line.cells] for line in sheet.lines]
    return markdown_table(sheet.header, lines)


def _name(line: Line) -> Markdown:
    return emphasis(line.name) if line.is_shortcut else plain(line.name)


def to_json(results: Iterable[Result]) -> str:
    """Results as JSON; what is undefined is null."""
    return plain_json.to_json([result.as_row() for result in results]) + "\n"
