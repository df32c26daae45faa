// The marks and words of positions, the same in every view, and what they mean.

/**
 * The side that a source is on, how sure that is (0: the interval includes 0 or is not known, 1: it does not, 2: it is
 * beyond half of the way to its end), and whether it has sentences on both sides.
 */
function tone(cell) {
  if (!isAddressed(cell)) return { side: isUndecided(cell) ? "undecided" : cell.position_name, sure: 0 };
  if (!(cell.n_favor + cell.n_against)) return { side: "neutral", sure: 1 };
  if (cell.net === null) return { side: SIDES[1 + Math.sign(cell.n_favor - cell.n_against)], sure: 0 };
  if (cell.net === 0) return { side: "neutral", sure: 0 };
  const least = cell.net >= 0 ? cell.net_low : -cell.net_high;
  return { side: cell.net >= 0 ? "favor" : "against", sure: least >= 0.5 ? 2 : least > 0 ? 1 : 0 };
}

const TONES = { favor: "in favor", against: "against", neutral: "takes no side", not_addressed: "silent", not_asked: "not asked", undecided: "undecided", nothing_left: "nothing left" };
/** Whether some sentence of a source takes a side. */
const takesSides = (cell) => cell.n_favor + cell.n_against > 0;
/** Whether votes are split on each sentence that was judged on the target. */
const isUndecided = (cell) => cell.position_name === "not_asked" && cell.n_undecided > 0;
const isDissent = (cell) => cell.n_favor > 0 && cell.n_against > 0;

/** The side of a source in words, as sure as it is. */
function toneWords(cell) {
  const { side, sure } = tone(cell);
  if (side === "neutral" && isDissent(cell)) return "evenly on both sides";
  return sure || !isAddressed(cell) ? TONES[side] : `rather ${TONES[side]}, not sure`;
}

/** The same as short as possible. */
function shortTone(cell) {
  const { side, sure } = tone(cell);
  const word = { favor: "favor", against: "against", neutral: isDissent(cell) ? "both" : "no side" }[side] ?? TONES[side];
  return sure || !isAddressed(cell) || side === "neutral" ? word : `${word}?`;
}

const toneClasses = (cell) => `${tone(cell).side} s${tone(cell).sure}`;
const MARK_SIGNS = { favor: "+", against: "−", neutral: "○" };

/** The mark of a source: a square in favor, a circle against or without a side; hollow if not sure, ringed with dissent. */
function mark(cell, letter, x, y) {
  const { side, sure } = tone(cell);
  const classes = `dot ${side} ${sure ? "sure" : "unsure"}`;
  const shape = side === "favor"
    ? svg("rect", { x, y: y - 6, width: 12, height: 12, rx: 2, transform: "translate(-6)" })
    : svg("circle", { cx: x, cy: y, r: 6.3 });
  const ring = side === "favor"
    ? svg("rect", { class: "ring", x, y: y - 8.5, width: 17, height: 17, rx: 4, transform: "translate(-8.5)" })
    : svg("circle", { class: "ring", cx: x, cy: y, r: 8.7 });
  return svg("g", { class: classes }, [isDissent(cell) ? ring : null, shape, letter ? svg("text", { x, y: y + 3.4 }, letter) : null]);
}

/** A mark on its own, with the sign of its side. */
function markOf(cell, sign = MARK_SIGNS[tone(cell).side] ?? "") {
  return svg("svg", { class: "sample", width: 20, height: 20, "aria-hidden": "true" }, [mark(cell, sign, "50%", 10)]);
}

/** An example of a mark, drawn as in the rows. */
function sample(cell) {
  const filled = { n_favor: 0, n_neutral: 0, n_against: 0, net: 0, net_low: -1, net_high: 1, ...cell };
  return markOf(filled, "");
}

const MARKS = [
  [sample({ n_favor: 1, net: 0.9, net_low: 0.5 }), "in favor", "The 95 % interval of net stance lies between 0 and +1."],
  [sample({ n_against: 1, net: -0.9, net_high: -0.5 }), "against", "The 95 % interval lies between −1 and 0."],
  [sample({ n_favor: 1, net: 0.4 }), "not sure", "Hollow and pale, square or round: the interval includes 0, so the side is not sure."],
  [sample({ n_neutral: 1 }), "takes no side", "There are sentences about the target, and none takes a side."],
  [sample({ n_favor: 5, n_against: 1, net: 0.7, net_low: 0.2 }), "dissent", "A ring: some of the source's sentences are on the other side."],
];
const TERMS = [
  ["net stance", "From −1 (all sentences that take a side are against) to +1 (all are in favor). The line is its 95 % interval."],
  ["pooled", "The figures of a source on a target borrow a little from the other sources on the same target, the more so the fewer sentences it has. So the line of a single sentence can be short where the other sources agree."],
  ["own voice", "Only what a source says itself. What it quotes is left out here and shown elsewhere with a sign of its own."],
  ["silent", "Sentences of the source were judged on the target, and none is about it. Silence is not neutrality."],
  ["not asked", "Nobody judged a sentence of the source on the target. Nothing is known."],
  ["undecided", "Of a source: votes are split on each of its sentences that was judged on the target. Of two sources: it is not sure enough that they agree, nor that they differ."],
  ["opposed", "Some two sources are on opposite sides with a probability of 95 % or more, corrected (Holm) for all pairs of sources on all targets."],
  ["one side", "Two or more sources take a side, and the intervals of all of these lie on the same one."],
  ["cannot tell", "Neither can be said: there are too few sentences, or they point both ways."],
  ["chance", "A permutation test: if paragraphs were dealt to the sources at random, would stances differ as much? p is corrected (Holm) for all targets."],
  ["contested", "In sentences whose label is sure, one source is in favor and another against, at least twice each in its own voice. It describes the labels and proves nothing."],
  ["silver", "A label made by a language model. Gold labels are judged by people."],
];

function marksKey() {
  return el("details", { class: "marks" }, [
    el("summary", {}, [MARKS.map(([drawing, word]) => el("span", { class: "sample-of" }, [drawing.cloneNode(true), word])), el("span", { class: "more" }, "what this means")]),
    el("dl", {}, [...MARKS.map(([drawing, word, said]) => [[drawing.cloneNode(true), word], said]), ...TERMS].map(([word, said]) => el("div", {}, [el("dt", {}, word), el("dd", {}, said)]))),
  ]);
}
