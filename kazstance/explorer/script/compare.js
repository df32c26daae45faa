// Sources side by side on a target: the verdict, then what each wrote, those on one side together.

/** Number of columns that fit on a screen. */
const ABREAST = 6;
const GROUPS = ["favor", "against", "neutral"];

/** The target of the comparison: that of the filter, or the one on which sources differ most certainly. */
function compared(state) {
  const left = targetsShown(state);
  return differences.find((row) => left.includes(row.target))?.target ?? left[0];
}

async function compareView(state) {
  const target = state.target ? targetOf.get(state.target) : compared(state);
  const filtered = await filteredCells(state);
  const cellOn = (source) => filtered(source, target);
  const all = sourcesShown(state);
  const speaking = bySide(all, cellOn);
  const sources = speaking.length > ABREAST ? takenInTurn(speaking, cellOn) : speaking;
  const query = question(state, { target: [target.target_id] });
  const lists = await store.each({ ...query, source: sources.map((source) => source.source_id), offset: 0, limit: PAGE.compare });
  const total = lists.reduce((sum, found) => sum + found.total, 0);
  return {
    heading: ["Side by side: ", name(target.name)],
    status: `${count(sources.length, "source")} with ${count(total, "sentence")} on the target`,
    body: [
      verdictNote(state, target, all),
      unfilteredNote(state, "The verdict and its dots are"),
      filterNote(state),
      targetNote(state, target),
      sources.length < speaking.length
        ? el("p", { class: "note" }, `Shown are ${sources.length} of the ${speaking.length} sources that address it; choose others under Filters.`)
        : null,
      el("div", { class: "columns" }, sources.map((source, i) => column(state, source, cellOn(source), lists[i]))),
      unheardNote(all.filter((source) => !speaking.includes(source)), cellOn),
      await whereInTexts(state, sources, target),
    ],
    csv: async () => ({ name: `compare-${target.target_id}`, rows: await stanceRows({ ...query, source: sources.map((source) => source.source_id) }) }),
  };
}

/** Sentences of a source from which on its strip is drawn only when it is asked for. */
const LONG = 1000;

/** The texts as strips: at once if they are short, otherwise when they are unfolded. */
async function whereInTexts(state, sources, target) {
  const drawn = () => Promise.all(sources.map(async (source) => [el("p", { class: "source" }, [el("b", {}, letterOf(source)), " ", name(source.source_id)]), await strips(state, source, target)]));
  const isLong = sources.some((source) => positionOf.get(`${source.source_id}:${target.target_id}`).n_sentences > LONG);
  const inside = el("div", {}, isLong ? [] : await drawn());
  const unfolded = async () => {
    if (!inside.firstChild) fill(inside, {}, await drawn());
  };
  return el("details", { class: "strips", open: !isLong, toggle: unfolded }, [el("summary", {}, "Where in the texts"), inside]);
}

/** The place of a source's group: in favor, against, then those whose side is not sure, then those that take none. */
function groupOf(cell) {
  const { side, sure } = tone(cell);
  return side === "neutral" ? 3 : sure ? GROUPS.indexOf(side) : 2;
}

/** The sources that address the target, those on one side together. */
const bySide = (sources, cellOn) =>
  sources.filter((source) => isAddressed(cellOn(source))).sort((a, b) => groupOf(cellOn(a)) - groupOf(cellOn(b)) || a.i - b.i);

/** As many as fit, one of each group in turn, so that each side is shown. */
function takenInTurn(sources, cellOn) {
  const groups = [0, 1, 2, 3].map((group) => sources.filter((source) => groupOf(cellOn(source)) === group));
  const turns = groups.flatMap((group, g) => group.map((source, i) => [i, g, source]));
  const taken = turns.sort((a, b) => a[0] - b[0] || a[1] - b[1]).slice(0, ABREAST).map(([, , source]) => source);
  return sources.filter((source) => taken.includes(source));
}

function verdictNote(state, target, sources) {
  const row = differenceOn.get(target.target_id);
  const two = chosenPair(sources);
  return el("div", { class: "verdict-note", id: "verdict" }, [
    el("p", { class: "said" }, [verdictOf(row, two), sources.length < data.sources.length && !two ? el("span", { class: "note" }, " (over all sources)") : null]),
    el("div", { class: "plot" }, [dots(state, row, sources)]),
  ]);
}

function targetNote(state, target) {
  const step = (i, word) => {
    const other = data.targets[i];
    if (!other) return null;
    return el("a", { href: link({ ...state, target: other.target_id, targets: undefined }), "data-key": word }, [word, el("span", { class: "hidden" }, `: ${plain(other.name)}`)]);
  };
  return el("div", { class: "target-note" }, [
    el("p", {}, [
      el("span", { class: "tag" }, target.kind),
      target.contested ? el("span", { class: "flag" }, "contested") : null,
      prose(target.definition),
    ]),
    el("p", { class: "links" }, [step(target.i - 1, "Previous target"), step(target.i + 1, "Next target")]),
  ]);
}

function column(state, source, cell, found) {
  const { target_id: target } = cell;
  const more = to(state, "sentences", { source: [source.source_id], target, targets: undefined });
  const { side, sure } = tone(cell);
  return el("section", { class: "column", "aria-label": plain(sourceName(source)) }, [
    el("p", { class: `side ${side} ${sure ? "sure" : "unsure"}` }, [el("b", {}, letterOf(source)), " ", toneWords(cell)]),
    el("h3", {}, [name(sourceName(source), written(source))]),
    el("p", { class: "source" }, [
      el("a", { href: to(state, "read", { text: source.source_id, target, targets: undefined }) }, [source.source_id]),
      source.tradition ? [", ", name(source.tradition)] : null,
    ]),
    positionSummary(cell),
    passages(state, found.hits, found.units, { withTarget: false, withSource: false, level: "h4" }),
    found.total > found.hits.length ? el("p", {}, [el("a", { href: more }, `All ${number(found.total)} sentences`)]) : null,
    !found.total ? el("p", { class: "nothing" }, "No sentences match these filters.") : null,
  ]);
}

/** The sources that say nothing about the target, each with how much that means. */
function unheardNote(sources, cellOn) {
  if (!sources.length) return null;
  const line = (source) => {
    const cell = cellOn(source);
    const most = decided(cell) && cell.position_name !== "nothing_left" ? `; at most ${percent(cell.salience_high)} could be (95 % interval)` : "";
    return el("li", {}, [el("b", {}, letterOf(source)), " ", name(source.source_id), `: ${positionWords(cell)}${most}`]);
  };
  return el("section", { class: "unheard-note", "aria-label": "Sources that say nothing about it" }, [el("h3", {}, "Say nothing about it"), el("ul", {}, sources.map(line))]);
}
