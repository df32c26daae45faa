// The first view: what can be said of each target, with all sources on one line from -1 to +1.

const differences = data.differences.rows.map((values) => {
  const row = record(data.differences.columns, values);
  return Object.assign(row, { target: data.targets[row.target] });
});
const differenceOn = new Map(differences.map((row) => [row.target.target_id, row]));
/** A short name for each source, the same as in the terminal. */
const letterOf = (source) => (data.sources.length > 26 ? String(source.i + 1) : "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[source.i]);
const ANSWERS = { o: "opposed", d: "differ", u: "undecided", a: "agree", n: "cannot compare" };
const VERDICT_SIGNS = { opposed: "≠", "one side": "=", "cannot tell": "?", differ: "≠", undecided: "?", agree: "=", "cannot compare": "–" };

async function differencesView(state) {
  const sources = sourcesShown(state);
  const two = chosenPair(sources);
  const rows = inOrder(differences.filter((row) => targetsShown(state).includes(row.target)), two);
  return {
    heading: "Where the sources differ",
    status: `${count(rows.length, "target")}, ${count(sources.length, "source")}`,
    body: [
      el("p", { class: "lead", id: "summary" }, [...shown(two ? pairSummary(rows, two) : data.differences.summary)]),
      unfilteredNote(state, "Dots and verdicts are"),
      sources.length < data.sources.length && !two ? el("p", { class: "note" }, `Shown are ${sources.length} of ${data.sources.length} sources; the verdicts are over all of them.`) : null,
      key(state, saveButtons(() => dotPicture(rows, sources, two), "differences")),
      axis(),
      differenceList(state, rows, sources, two),
    ],
    csv: async () => ({ name: "differences", rows: differenceRows(rows, sources) }),
  };
}

function differenceList(state, rows, sources, two) {
  const list = el("ol", { class: "differences", id: "rows", keydown: walk, focusin: stay });
  grow(list, rows.map((row, i) => () => list.append(differenceRow(state, row, sources, two, i === 0))), sources.length);
  return list;
}

/** The two sources that were chosen among more, with their place among all pairs. */
function chosenPair(sources) {
  if (sources.length !== 2 || data.sources.length < 3) return null;
  const [one, other] = [...sources].sort((a, b) => a.i - b.i);
  return { one, other, at: one.i * data.sources.length - (one.i * (one.i + 1)) / 2 + other.i - one.i - 1 };
}

const answerOf = (row, two) => ANSWERS[row.answers[two.at]];

/** Rows as `compare disagreements` orders them; for two sources, those on which they differ most certainly first. */
function inOrder(rows, two) {
  if (!two) return rows;
  const words = Object.values(ANSWERS);
  const sure = (row) => Math.max(row.more[two.at] ?? 0, 1000 - (row.more[two.at] ?? 1000));
  return [...rows].sort((a, b) => words.indexOf(answerOf(a, two)) - words.indexOf(answerOf(b, two)) || sure(b) - sure(a));
}

function pairSummary(rows, two) {
  const n = (word) => rows.filter((row) => answerOf(row, two) === word).length;
  return `${two.one.source_id} and ${two.other.source_id} are opposed on ${n("opposed")} of ${count(rows.length, "target")}, differ at least in degree on ${n("differ")} and agree on ${n("agree")}; ${n("undecided")} are undecided, and on ${n("cannot compare")} one or both take no side. Probabilities of pairs are leads, not findings: except for “opposed”, they are not corrected for the number of pairs.`;
}

const thousandths = (value) => `${(value / 10).toFixed(0)}\u00a0%`;

/** What is said of two sources on a target: the answer, and how sure it is. */
function pairWords(row, two) {
  const [same, more] = [row.same[two.at], row.more[two.at]];
  if (same === null) return "one or both take no side";
  const [ahead, sure] = more >= 500 ? [two.one, more] : [two.other, 1000 - more];
  return `${ahead.source_id} more favorable: ${thousandths(sure)}; opposite sides: ${thousandths(1000 - same)}`;
}

/** What is said of all sources on a target: how probable it is that two are on opposite sides, and the test. */
function targetWords(row) {
  const chance = data.differences.pending ? "the permutation test is still running" : row.chance;
  return row.reason ?? `two on opposite sides: ${thousandths(1000 * row.opposite)}; ${chance}`;
}

/** Ask a server for its permutation tests until they are there, and put them in their places. */
async function awaitTests() {
  const found = await store.differences();
  if (!found) return setTimeout(() => awaitTests().catch((error) => complain(error.message)), 1000);
  data.differences.pending = false;
  for (const values of found.rows) {
    const { target, p, chance, reason } = record(found.columns, values);
    Object.assign(differenceOn.get(data.targets[target].target_id), { p, chance, reason });
  }
  for (const one of document.querySelectorAll("[data-tested]")) one.textContent = targetWords(differenceOn.get(one.dataset.tested));
}

function verdictBadge(word, said = word) {
  return el("strong", { class: `verdict ${word.replaceAll(" ", "-")}` }, [
    el("span", { class: "sign", "aria-hidden": "true" }, VERDICT_SIGNS[word]),
    said,
  ]);
}

/** The verdict on a target in words; of two chosen sources, what is said of them. */
function verdictOf(row, two) {
  return two
    ? [verdictBadge(answerOf(row, two)), el("span", { class: "chance" }, [...shown(pairWords(row, two))])]
    : [verdictBadge(row.verdict, row.words), el("span", { class: "chance", "data-tested": data.differences.pending ? row.target.target_id : null }, targetWords(row))];
}

function differenceRow(state, row, sources, two, first) {
  const { target } = row;
  const href = to(state, "compare", { target: target.target_id, targets: undefined });
  return el("li", { class: "difference" }, [
    el("div", { class: "about" }, [
      el("a", { href, "data-key": `row ${target.target_id}`, tabindex: first ? "0" : "-1" }, [name(target.name)]),
      target.kind ? el("span", { class: "tag" }, ` ${target.kind}`) : null,
      target.contested ? el("span", { class: "flag" }, "contested") : null,
    ]),
    el("div", { class: "said" }, verdictOf(row, two)),
    el("div", { class: "plot" }, [dots(state, row, sources), dotWords(row, sources)]),
    el("div", { class: "unheard" }, unheardWords(row, sources)),
  ]);
}

/** Who says nothing about a target, and in which way. */
function unheardWords(row, sources) {
  const names = (numbers) => sources.filter((source) => numbers.includes(source.i));
  return [["silent", names(row.silent)], ["not asked", names(row.not_asked)], ["undecided", names(row.undecided)]]
    .filter(([, found]) => found.length)
    .map(([word, found]) => {
      const more = found.length > 3 ? ` and ${found.length - 2} more` : "";
      const listed = more ? found.slice(0, 2) : found;
      return el("p", {}, [el("em", {}, `${word}: `), listed.map((source, i) => [i ? ", " : "", breakable(source.source_id)]), more]);
    });
}

const across = (value) => `${(50 + 46 * value).toFixed(2)}%`;
const LANE = 12;

/** All sources on one line, each in its lane; a drawing beside the words of `dotWords`. */
function dots(state, row, sources) {
  const cells = sources.map((source) => positionOf.get(`${source.source_id}:${row.target.target_id}`));
  const speaking = sources.map((source, i) => [source, cells[i]]).filter(([, cell]) => isAddressed(cell));
  const height = Math.max(1, speaking.length) * LANE + 8;
  const line = (at, kind) => svg("line", { class: kind, x1: across(at), x2: across(at), y1: 0, y2: height });
  const href = cellLinks(to(state, "matrix", { source: [], target: undefined, targets: undefined }));
  return svg("svg", { class: "dots", width: "100%", height, "aria-hidden": "true" }, [
    line(-1, "end"), line(0, "zero"), line(1, "end"),
    speaking.map(([source, cell], lane) => {
      const y = LANE * lane + LANE / 2 + 4;
      const { side, sure } = tone(cell);
      return svg("a", { href: href(`${source.source_id}:${row.target.target_id}`), tabindex: "-1" }, [
        svg("title", {}, plain(`${source.source_id}: ${positionWords(cell)}`)),
        !takesSides(cell) ? null : svg("line", { class: `range ${side} ${sure ? "sure" : "unsure"}`, x1: across(cell.net_low), x2: across(cell.net_high), y1: y, y2: y }),
        mark(cell, letterOf(source), across(cell.net), y),
      ]);
    }),
  ]);
}

/** The same in words, for those who do not see the drawing. */
function dotWords(row, sources) {
  const said = (source) => positionWords(positionOf.get(`${source.source_id}:${row.target.target_id}`));
  return el("ul", { class: "hidden" }, sources.map((source) => el("li", {}, [name(source.source_id), ": ", said(source)])));
}

function axis() {
  return el("div", { class: "axis-line", "aria-hidden": "true" }, [
    el("span", {}, "Target"),
    el("span", {}, "What can be said"),
    el("span", { class: "scale" }, [el("span", {}, "−1 against"), el("span", {}, "0"), el("span", {}, "favor +1")]),
    el("span", {}, "Says nothing"),
  ]);
}

/** The sources, which can be chosen, and what the marks and words mean. */
function key(state, save) {
  const chosen = state.source;
  const toggled = (id) => (chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id]);
  const source = (one) =>
    el("li", {}, [
      el("a", { class: "choose", href: link({ ...state, source: toggled(one.source_id), open: undefined }), "data-key": `choose ${one.source_id}`, "aria-current": chosen.includes(one.source_id) ? "true" : null, title: plain(sourceName(one)) }, [
        el("b", {}, letterOf(one)), " ", name(one.source_id),
      ]),
    ]);
  return el("div", { class: "key" }, [
    el("ul", { class: "sources", "aria-label": "Sources; choose two to compare them" }, data.sources.map(source)),
    chosen.length < 2 && data.sources.length > 2 ? el("span", { class: "hint" }, chosen.length ? "Choose one more to compare the two." : "Choose two to compare them.") : null,
    marksKey(),
    save,
  ]);
}

/** Arrow keys, Home and End move among the rows. */
function walk(event) {
  finish();
  const links = [...event.currentTarget.querySelectorAll("a[data-key]")];
  const at = links.indexOf(event.target.closest("a"));
  const goal = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: links.length - 1 }[event.key];
  if (at < 0 || goal === undefined || event.altKey || event.metaKey || event.ctrlKey) return;
  event.preventDefault();
  links[goal]?.focus();
}

/** What is shown, as rows: one for each target and source. */
function differenceRows(rows, sources) {
  const head = ["target_id", "verdict", "side", "opposite", "p_corrected", "source_id", "position_name", "net", "net_low", "net_high", "n_favor", "n_neutral", "n_against"];
  const line = (row, source) => {
    const cell = positionOf.get(`${source.source_id}:${row.target.target_id}`);
    const said = [row.target.target_id, row.verdict, row.side, row.opposite, row.p, source.source_id];
    return [...said, ...head.slice(6).map((column) => cell[column])];
  };
  return [head, ...rows.flatMap((row) => sources.map((source) => line(row, source)))];
}
