// A text as a strip: its sentences in order, coloured by side on the chosen target.

const STRIP_SIDES = { f: "favor", a: "against", n: "neutral", m: "several", s: "some" };
/** Sides stand at different heights too, so that colour is not needed to tell them apart. */
const HEIGHTS = { favor: { y: 0, height: 0.6 }, against: { y: 0.4, height: 0.6 }, neutral: { y: 0.35, height: 0.3 } };
const STRIP_WORDS = { f: "in favor", n: "neutral", a: "against", m: "on several sides", s: "with labels" };

/** The strips of a source's documents, each drawn over the width; a click leads to the sentence. */
async function strips(state, source, target) {
  const query = question(state, { source: [source.source_id], target: target ? [target.target_id] : [] });
  const found = await store.strip(query);
  return byDocument(found).map(({ document, ids, sides }) => {
    const go = (event) => {
      const box = event.currentTarget.getBoundingClientRect();
      const at = Math.min(ids.length - 1, Math.floor((ids.length * (event.clientX - box.left)) / box.width));
      location.hash = to(state, "read", { text: source.source_id, target: target?.target_id, targets: undefined, at: ids[at] });
    };
    return el("div", { class: "strip" }, [
      el("p", { class: "strip-words" }, [document === source.source_id ? null : [name(document), ": "], stripWords(sides)]),
      svg("svg", { width: "100%", height: 18, viewBox: `0 0 ${ids.length} 1`, preserveAspectRatio: "none", "aria-hidden": "true", click: go }, [
        svg("rect", { class: "ground", width: ids.length, height: 1 }),
        stretches(sides).map(([side, x, width]) => svg("rect", { class: side, x, width, ...(HEIGHTS[side] ?? { height: 1 }) })),
      ]),
    ]);
  });
}

/** The sentences of each document, whose ids begin with its own. */
function byDocument({ ids, sides }) {
  const found = new Map();
  ids.forEach((id, i) => {
    const document = id.split("/").slice(0, -2).join("/");
    if (!found.has(document)) found.set(document, { document, ids: [], sides: "" });
    const one = found.get(document);
    one.ids.push(id);
    one.sides += sides[i];
  });
  return [...found.values()];
}

/** Neighbouring sentences of one kind as one rectangle; those without a label have none. */
function stretches(sides) {
  return [...sides.matchAll(/(.)\1*/g)]
    .filter(([, side]) => side !== ".")
    .map(({ 0: run, 1: side, index }) => [STRIP_SIDES[side] ?? "unread", index, run.length]);
}

function stripWords(sides) {
  const n = (side) => [...sides].filter((one) => one === side).length;
  const said = Object.entries(STRIP_WORDS).filter(([side]) => n(side)).map(([side, word]) => `${number(n(side))} ${word}`);
  return `${count(sides.length, "unit")} of text in order: ${said.join(", ") || "none with a label"}`;
}

/** What the marks of the reading view mean. */
function readingKey() {
  const items = [
    [el("span", { class: "chip favor" }, [el("span", { class: "sign" }, "+"), "target"]), "in favor of the target; − against, ○ neutral"],
    [el("span", { class: "chip neutral" }, "target ?"), "the label is unsure"],
    [el("mark", { class: "evidence" }, "words"), "evidence of the label that you point at, or of the only one"],
    [el("mark", { class: "faint" }, "words"), "evidence of one of several labels"],
    [el("span", { class: "sample-quote" }, "text"), "a quotation, which is not the source's own voice"],
    [el("span", { class: "context" }, "grey"), "not annotated"],
    ["¶", "a link to this sentence"],
  ];
  return el("details", { class: "marks" }, [
    el("summary", {}, [el("span", { class: "more" }, "What the marks mean")]),
    el("dl", {}, items.map(([shownMark, said]) => el("div", {}, [el("dt", {}, [shownMark]), el("dd", {}, said)]))),
  ]);
}
