// What several views share: signs for labels and positions, sentences with evidence and stances, and pagination.

const SIGNS = { favor: "+", against: "−", neutral: "○", not_addressed: "", not_asked: "·", none: "∅", undecided: "?" };
const ORIGINS = { model: "silver", adjudicated: "silver, adjudicated", human: "gold" };

/** A position or label as sign and word. */
function badge(kind, word = kind) {
  return el("span", { class: `badge ${kind}` }, [el("span", { class: "sign", "aria-hidden": "true" }, SIGNS[kind]), word]);
}

const sourceName = (source) => source.title ?? source.speaker ?? source.source_id;

/** A drawing of net stance from -1 to 1 with its interval; the figures are given as text next to it. */
function interval(cell) {
  const x = (value) => 6 + 44 * (value + 1);
  return svg("svg", { class: `interval ${toneClasses(cell)}`, viewBox: "0 0 100 12", "aria-hidden": "true" }, [
    svg("line", { class: "axis", x1: 6, x2: 94, y1: 6, y2: 6 }),
    svg("line", { class: "axis", x1: 50, x2: 50, y1: 1, y2: 11 }),
    cell.net === null ? null : [
      svg("line", { class: "range", x1: x(cell.net_low), x2: x(cell.net_high), y1: 6, y2: 6 }),
      svg("circle", { class: "point", cx: x(cell.net), cy: 6, r: 3.6 }),
    ],
  ]);
}

const netWords = (cell) =>
  cell.net === null ? "not pooled" : `net ${signed(cell.net)}, 95 % interval ${signed(cell.net_low)} to ${signed(cell.net_high)}`;

/** Whether a source has a sentence about a target. */
const isAddressed = (cell) => cell.n_favor + cell.n_neutral + cell.n_against > 0;

/** Sentences of a source with a decided judgement on a target. */
const decided = (cell) => cell.n_asked - cell.n_undecided;

/** Their number in words, and how many were left out. */
const decidedWords = (cell) =>
  count(decided(cell), "annotated sentence") + (cell.n_undecided ? `, without ${cell.n_undecided} on which votes are split` : "");

const sidesWords = (favor, neutral, against) => `${favor} favor, ${neutral} neutral, ${against} against`;

/** What the quotations that a source endorses say on a target, in words; empty if they say nothing. */
function endorsedWords(cell) {
  const found = [cell.n_endorsed_favor, cell.n_endorsed_neutral, cell.n_endorsed_against];
  return found.some(Boolean) ? `in quotations it endorses: ${sidesWords(...found)}` : "";
}

/** Neutral and unsure shares of the sentences about a target, in words. */
function shareWords(cell) {
  const about = cell.n_favor + cell.n_neutral + cell.n_against;
  const unsure = !cell.n_unsure ? "" : `, ${percent(cell.n_unsure / about)} unsure`;
  return `${percent(cell.n_neutral / about)} neutral${unsure}`;
}

const wordsKnown = new WeakMap();

/** A position in words, in the source's own voice, with the quotations that it endorses. */
function positionWords(cell) {
  if (!wordsKnown.has(cell)) wordsKnown.set(cell, [ownWords(cell), endorsedWords(cell)].filter(Boolean).join("; "));
  return wordsKnown.get(cell);
}

function ownWords(cell) {
  if (isAddressed(cell)) {
    const counts = sidesWords(cell.n_favor, cell.n_neutral, cell.n_against);
    return `${toneWords(cell)}${isDissent(cell) ? ", with dissent" : ""}: ${counts} (${shareWords(cell)}); ${netWords(cell)}`;
  }
  if (cell.position_name === "nothing_left") return "no sentence is left by these filters";
  if (!cell.n_asked) return "not asked: no sentence was judged on it";
  if (!decided(cell)) return "undecided: votes are split on each sentence that was judged on it";
  return `silent: not one of its ${decidedWords(cell)} is about it`;
}

/** Where the words of a search occur in a text, as spans of characters. */
function hits(text, sought) {
  const lower = text.toLowerCase();
  if (lower.length !== text.length) return [];
  const characters = (index) => [...text.slice(0, index)].length;
  return terms(sought).filter((term) => !term.excluded).flatMap(({ text: term }) => {
    const found = [];
    for (let at = lower.indexOf(term); at >= 0; at = lower.indexOf(term, at + term.length)) {
      found.push({ start: characters(at), end: characters(at + term.length), kind: "hit" });
    }
    return found;
  });
}

/** A text in pieces; those within spans are marked with the kinds of the spans. Offsets count characters. */
function marked(text, spans) {
  const signs = [...text];
  const edges = [...new Set([0, signs.length, ...spans.flatMap((span) => [span.start, span.end])])].sort((a, b) => a - b);
  return edges.slice(0, -1).map((start, i) => {
    const end = edges[i + 1];
    const piece = [...shown(signs.slice(start, end).join(""))];
    const kinds = new Set(spans.filter((span) => span.start <= start && end <= span.end).map((span) => span.kind));
    return kinds.size ? el("mark", { class: [...kinds].join(" ") }, piece) : piece;
  });
}

const evidence = (row, kind) => (row.evidence ?? []).map(([start, end]) => ({ start, end, kind }));

/** A sentence with its evidence marked: strongly for one stance, faintly for several. */
function sentence(unit, stances, sought, strong = stances.length === 1 ? stances[0] : null) {
  const faint = strong ? [] : stances.flatMap((stance) => evidence(stance, "faint"));
  const spans = [...faint, ...(strong ? evidence(strong, "evidence") : []), ...hits(unit.text, sought)];
  return el("span", { class: "sentence" }, marked(unit.text, spans));
}

/** A sentence with its context in the paragraph. */
function inContext(unit, units, body) {
  const more = () => el("span", { class: "context" }, "… ");
  const muted = (near) => near.map((one) => el("span", { class: "context" }, [...shown(one.text), " "]));
  const [before, after] = [-1, 1].map((step) => neighbours(units, unit, step));
  return el("p", { class: "text", ...written(unit.source) }, [
    before.length > data.around ? more() : null,
    muted(before.slice(0, data.around).reverse()),
    body,
    " ",
    muted(after.slice(0, data.around)),
    after.length > data.around ? more() : null,
  ]);
}

/** Whose voice a sentence is, if not the source's own; `again` shows it only to screen readers. */
function voice(unit, again = false) {
  if (unit.voice !== "quoted") return null;
  const stand = { yes: "which the source endorses", no: "which the source does not endorse" }[unit.endorsed];
  return el("span", { class: again ? "hidden" : "voice" }, ["quotes ", name(unit.speaker ?? "somebody"), `, ${stand ?? "unclear whether endorsed"}`]);
}

/** The attributes of a stance besides its label. */
function qualities(row) {
  const said = [row.explicitness, row.certainty, ORIGINS[row.origin]].filter(Boolean).join(", ");
  return el("span", { class: "qualities" }, [said, row.split_vote ? el("strong", {}, " · annotators split") : null]);
}

/** Whose stance it is, if it is not the speaker's. */
const holderOf = (row) => (row?.holder ? el("span", { class: "qualities" }, ["stance of ", name(row.holder)]) : null);

const historyLink = (state, row) => to(state, "label", { sentence: row.unit.sentence_id, on: row.target.target_id });
const readLink = (state, unit) =>
  to(state, "read", { text: unit.source.source_id, at: unit.sentence_id, source: state.source });

/** A stance as a list item; pointing at it marks its evidence. */
function stanceLine(state, stance, point, withTarget) {
  const on = () => point(stance);
  const off = () => point(null);
  return el("li", { class: "stance", mouseenter: on, mouseleave: off, focusin: on, focusout: off }, [
    badge(stance.label),
    withTarget ? el("span", { class: "target" }, [name(stance.target.name)]) : null,
    holderOf(stance),
    qualities(stance),
    el("a", { href: historyLink(state, stance), "data-key": `history ${stance.unit.sentence_id} ${stance.target.target_id}` }, [
      "history",
      el("span", { class: "hidden" }, [` of this label: ${plain(stance.target.name)}, ${stance.unit.sentence_id}`]),
    ]),
  ]);
}

/** Why a unit has no labels. */
function kindNote(unit) {
  if (unit.annotated) return null;
  const copy = unit.duplicate_of ? `a copy of ${unit.duplicate_of}` : unit.kind.replace("_", " ");
  return el("p", { class: "kind" }, `${copy}, not annotated`);
}

/** Links to the other pages of a long list. */
function pager(state, found, size) {
  const last = Math.ceil(found.total / size);
  if (last <= 1) return null;
  const page = Math.floor(found.offset / size) + 1;
  const step = (n, word) =>
    n < 1 || n > last
      ? el("span", { class: "off" }, word)
      : el("a", { href: link({ ...state, at: undefined, page: n }), "data-key": word }, word);
  return el("nav", { class: "pager", "aria-label": "Pages" }, [
    step(page - 1, "Previous"),
    el("span", {}, `page ${number(page)} of ${number(last)}`),
    step(page + 1, "Next"),
  ]);
}

/** Prose of the codebook, which may be missing: *emphasis* and `names`, otherwise plain text. */
function prose(text) {
  if (!text) return [];
  return text.split(/(\*[^*]+\*|`[^`]+`)/).map((piece, i) => {
    if (i % 2 === 0) return [...shown(piece)];
    return el(piece[0] === "*" ? "em" : "code", {}, [...shown(piece.slice(1, -1))]);
  });
}

/** The sentences and stances behind a query as rows for CSV, page after page. */
async function stanceRows(query) {
  const rows = [STANCE_COLUMNS];
  for (let offset = 0, total = 1; offset < total; offset += 2000) {
    const found = await store.sentences({ ...query, at: undefined, offset, limit: 2000 });
    total = found.total;
    for (const { unit, stances } of found.hits) {
      const own = [unit.sentence_id, unit.source.source_id];
      const said = [unit.voice, unit.speaker, unit.endorsed, unit.text];
      if (!stances.length) rows.push([...own, "", "", "", "", "", "", "", "", ...said]);
      for (const stance of stances) {
        const parts = (stance.evidence ?? []).map(([start, end]) => [...unit.text].slice(start, end).join(""));
        const label = [stance.label, stance.explicitness, stance.certainty, stance.origin, stance.split_vote];
        rows.push([...own, stance.target.target_id, stance.holder, ...label, JSON.stringify(parts), ...said]);
      }
    }
  }
  return rows;
}
const STANCE_COLUMNS = ["sentence_id", "source_id", "target_id", "holder", "label_name", "explicitness", "certainty", "origin", "split_vote", "evidence", "voice", "speaker", "endorsed", "text"];
