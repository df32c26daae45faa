// Words that each source uses on a target more than the others, and how much each writes about what it favors or not.

async function wordsView(state) {
  const target = state.target ? targetOf.get(state.target) : compared(state);
  const rows = await store.words(target.target_id);
  const sources = sourcesShown(state);
  const most = Math.max(1, ...rows.map(([, , , , , , high]) => high));
  return {
    heading: ["Words on: ", name(target.name)],
    status: `${count(sources.length, "source")}`,
    body: [
      unfilteredNote(state, "Words are"),
      el("p", { class: "note" }, "Words that a source uses more than the others in its sentences about the target, in its own voice, the most distinctive first: difference of log-odds with its 95 % interval. Hollow: the interval includes 0, so it may be chance. Intervals treat words as independent and are not corrected for the number of words."),
      el("div", { class: "columns" }, sources.map((source) => wordColumn(state, source, target, rows.filter(([at]) => at === source.i), most))),
    ],
    csv: async () => ({
      name: `words-${target.target_id}`,
      rows: [
        ["target_id", "source_id", "word", "count", "others", "log_odds", "low", "high"],
        ...rows.filter(([at]) => sources.includes(data.sources[at])).map(([at, ...rest]) => [target.target_id, data.sources[at].source_id, ...rest]),
      ],
    }),
  };
}

function wordColumn(state, source, target, rows, most) {
  const x = (value) => `${(100 * Math.max(0, Math.min(1, (value + most / 4) / (1.25 * most)))).toFixed(1)}%`;
  const line = ([, word, times, others, value, low, high]) => {
    const href = to(state, "sentences", { q: `"${word}"`, source: [source.source_id], target: target.target_id, targets: undefined, voice: "own" });
    const figures = `${signed(value)}, 95 % interval ${signed(low)} to ${signed(high)}`;
    return el("li", { class: "word-line" }, [
      el("a", { href }, [name(word, written(source))]),
      el("span", { class: "counts", title: "by the source, by the others" }, `${times} : ${others}`),
      el("span", { class: "hidden" }, `by the source and by the others; log-odds ${figures}`),
      svg("svg", { class: "odds", width: "100%", height: 12, "aria-hidden": "true" }, [
        svg("title", {}, figures),
        svg("line", { class: "zero", x1: x(0), x2: x(0), y1: 0, y2: 12 }),
        svg("line", { class: "range", x1: x(low), x2: x(high), y1: 6, y2: 6 }),
        svg("circle", { class: low > 0 ? "sure" : "", cx: x(value), cy: 6, r: 4 }),
      ]),
    ]);
  };
  return el("section", { class: "column", "aria-label": plain(sourceName(source)) }, [
    el("h3", {}, [el("b", {}, letterOf(source)), " ", breakable(source.source_id)]),
    rows.length ? el("ul", {}, rows.map(line)) : el("p", { class: "nothing" }, "No word is used twice and more than by the others."),
  ]);
}

async function salienceView(state) {
  const [sources, targets] = [sourcesShown(state), targetsShown(state)];
  const cells = (source) => targets.map((target) => positionOf.get(`${source.source_id}:${target.target_id}`)).filter((cell) => isAddressed(cell) && cell.salience !== null);
  const most = Math.max(0.01, ...sources.flatMap((source) => cells(source).map((cell) => cell.salience)));
  return {
    heading: "How much they say, and on which side",
    status: `${count(targets.length, "target")}, ${count(sources.length, "source")}`,
    body: [
      unfilteredNote(state, "Shares and net stances are"),
      el("p", { class: "note" }, `Each mark is a target: from left to right net stance from −1 to +1, upwards the share of the source's sentences that are about it, up to ${percent(most)}. The three largest shares are named, and all are listed below each drawing.`),
      marksKey(),
      el("div", { class: "columns" }, sources.map((source) => scatter(state, source, cells(source), most))),
    ],
    csv: async () => ({
      name: "salience",
      rows: [
        ["source_id", "target_id", "net", "net_low", "net_high", "salience", "salience_low", "salience_high"],
        ...sources.flatMap(cells).map((cell) => ["source_id", "target_id", "net", "net_low", "net_high", "salience", "salience_low", "salience_high"].map((column) => cell[column])),
      ],
    }),
  };
}

const TALL = 260;

function scatter(state, source, cells, most) {
  const y = (share) => 12 + (TALL - 24) * (1 - share / most);
  const ordered = [...cells].sort((a, b) => b.salience - a.salience);
  const href = (cell) => to(state, "matrix", { open: `${cell.source_id}:${cell.target_id}`, source: [], target: undefined, targets: undefined });
  const nameOf = (cell) => plain(targetOf.get(cell.target_id).name);
  return el("section", { class: "column", "aria-label": plain(sourceName(source)) }, [
    el("h3", {}, [el("b", {}, letterOf(source)), " ", breakable(source.source_id)]),
    svg("svg", { class: "dots", width: "100%", height: TALL, "aria-hidden": "true" }, [
      [-1, 0, 1].map((at) => svg("line", { class: at ? "end" : "zero", x1: across(at), x2: across(at), y1: 0, y2: TALL })),
      svg("line", { class: "end", x1: 0, x2: "100%", y1: y(0), y2: y(0) }),
      [...ordered].reverse().map((cell) =>
        svg("a", { href: href(cell), tabindex: "-1" }, [svg("title", {}, `${nameOf(cell)}: ${percent(cell.salience)}, ${netWords(cell)}`), mark(cell, "", across(cell.net), y(cell.salience))]),
      ),
    ]),
    el("p", { class: "note" }, ["Most: ", ordered.slice(0, 3).map((cell, i) => [i ? "; " : "", name(nameOf(cell)), ` (${percent(cell.salience)})`])]),
    el("details", {}, [
      el("summary", {}, `All ${cells.length}`),
      el("ul", { class: "listed" }, ordered.map((cell) => el("li", {}, [el("a", { href: href(cell) }, [name(nameOf(cell))]), ` ${percent(cell.salience)}; ${netWords(cell)}`]))),
    ]),
  ]);
}
