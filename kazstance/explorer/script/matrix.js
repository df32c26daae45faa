// The matrix of targets and sources, and the sentences of the open cell.

async function matrixView(state) {
  const [sources, targets] = [sourcesShown(state), targetsShown(state)];
  const counts = thins(state) ? await store.counts(question(state)) : null;
  const open = state.open ? positionOf.get(state.open) : null;
  const panel = open ? await cellPanel(state, open) : null;
  return {
    heading: "Where the sources stand",
    status: `${count(targets.length, "target")} × ${count(sources.length, "source")}${open ? "; a cell is open" : ""}`,
    body: [
      legend(Boolean(counts)),
      el("div", { class: `split ${open ? "opened" : ""}` }, [
        el("div", { class: "matrix", id: "scroller" }, [grid(state, sources, targets, counts)]),
        panel,
      ]),
    ],
    csv: async () => ({
      name: "positions",
      rows: [
        data.position_columns,
        ...sources.flatMap((source) =>
          targets.map((target) => Object.values(positionOf.get(`${source.source_id}:${target.target_id}`))),
        ),
      ],
    }),
  };
}

function legend(thinned) {
  const word = (kind) => badge(kind, positionWord(kind));
  return el("div", { class: "legend" }, [
    el("p", {}, [["favor", "against", "mixed", "neutral", "not_addressed", ...([...positionOf.values()].some((cell) => !cell.n_asked) ? ["not_asked"] : [])].map(word)]),
    el("p", {}, [
      "Figures: sentences that favor / take no side / are against. Line and dot: net stance from −1 to +1 with its 95 % interval; ",
      "a single sentence says little. ",
      el("span", { class: "flag" }, "contested"),
      " marks targets that some sources favor and others are against.",
      thinned ? el("strong", {}, " The filters leave out some sentences: the number that remain is shown under each cell; positions are based on all sentences in the sources' own voice.") : null,
    ]),
  ]);
}

function grid(state, sources, targets, counts) {
  const head = el("tr", {}, [
    el("th", { scope: "col", class: "corner" }, "Target"),
    sources.map((source) => sourceHead(state, source)),
  ]);
  const bodies = [...grouped(targets)].map(([group, members]) =>
    el("tbody", {}, [
      el("tr", {}, [el("th", { scope: "rowgroup", colspan: sources.length + 1, class: "group" }, [name(group)])]),
      members.map((target) => targetRow(state, sources, target, counts)),
    ]),
  );
  const table = el("table", { role: "grid", "aria-label": "Positions of sources on targets", keydown: roam, focusin: stay }, [
    el("thead", {}, [head]),
    bodies,
  ]);
  const links = [...table.querySelectorAll("a")];
  for (const one of links) one.tabIndex = -1;
  const first = links.find((one) => one.dataset.key === `cell ${state.open}`) ?? links[0];
  if (first) first.tabIndex = 0;
  return table;
}

function grouped(targets) {
  const groups = new Map();
  for (const target of targets) groups.set(target.group, [...(groups.get(target.group) ?? []), target]);
  return groups;
}

/** An id that may be broken across lines after each of its parts. */
const breakable = (id) => el("bdi", {}, id.split(/(?<=_)/).map((part) => [part, el("wbr")]));

function sourceHead(state, source) {
  const href = to(state, "read", { text: source.source_id });
  return el("th", { scope: "col" }, [
    el("a", { href, "data-key": `head ${source.source_id}`, title: `Read: ${plain(sourceName(source))}` }, [breakable(source.source_id)]),
    source.tradition ? el("span", { class: "tradition" }, [name(source.tradition)]) : null,
  ]);
}

function targetRow(state, sources, target, counts) {
  const href = to(state, "compare", { target: target.target_id, targets: undefined });
  return el("tr", {}, [
    el("th", { scope: "row" }, [
      el("a", { href, "data-key": `head ${target.target_id}`, title: "Side by side" }, [name(target.name)]),
      target.contested ? el("span", { class: "flag" }, "contested") : null,
    ]),
    sources.map((source) => cellOf(state, source, target, counts)),
  ]);
}

function cellOf(state, source, target, counts) {
  const key = `${source.source_id}:${target.target_id}`;
  const cell = positionOf.get(key);
  const left = counts ? counts[source.i * data.targets.length + target.i] : null;
  const silent = !isAddressed(cell);
  const remain = left === null ? "" : `; ${number(left)} with these filters`;
  const label = `${positionWords(cell)}${remain}`;
  const chosen = key === state.open;
  return el("td", { class: `${cell.position_name} ${left === 0 ? "emptied" : ""} ${chosen ? "chosen" : ""}` }, [
    el("a", { href: link({ ...state, open: key, page: 1 }), "data-key": `cell ${key}`, "aria-label": label, "aria-current": chosen ? "true" : null, title: `${plain(target.name)}\n${source.source_id}: ${label}` }, [
      el("span", { class: "position" }, [
        badge(cell.position_name, positionWord(cell.position_name)),
        silent ? null : el("span", { class: "counts" }, `${cell.n_favor}/${cell.n_neutral}/${cell.n_against}`),
      ]),
      silent ? null : interval(cell),
      endorsedWords(cell)
        ? el("span", { class: "quoted" }, `quoted ${cell.n_endorsed_favor}/${cell.n_endorsed_neutral}/${cell.n_endorsed_against}`)
        : null,
      left === null || silent ? null : el("span", { class: "left" }, `${number(left)} with these filters`),
    ]),
  ]);
}

/** Arrow keys, Home and End move among the links of the table; Tab leaves it. */
function roam(event) {
  const rows = [...event.currentTarget.rows].map((row) => [...row.querySelectorAll("a")]).filter((row) => row.length);
  const links = rows.map((row, i) => (i === 0 ? [null, ...row] : row));
  const at = links.findIndex((row) => row.includes(event.target.closest("a")));
  if (at < 0 || event.altKey || event.metaKey) return;
  const across = links[at].indexOf(event.target.closest("a"));
  const last = links[at].length - 1;
  const end = event.ctrlKey ? links.length - 1 : at;
  const goal = {
    ArrowUp: [at - 1, across],
    ArrowDown: [at + 1, across],
    ArrowLeft: [at, across - 1],
    ArrowRight: [at, across + 1],
    Home: [event.ctrlKey ? 1 : at, at === 0 && !event.ctrlKey ? 1 : 0],
    End: [end, last],
  }[event.key];
  if (!goal) return;
  event.preventDefault();
  const next = links[goal[0]]?.[goal[1]];
  if (!next) return;
  next.focus();
  next.closest("td, th").scrollIntoView({ block: "nearest", inline: "nearest" });
}

/** Tab returns to the link that last had the focus. */
function stay(event) {
  const here = event.target.closest("a[data-key]");
  if (!here) return;
  for (const one of event.currentTarget.querySelectorAll("a[tabindex='0']")) one.tabIndex = -1;
  here.tabIndex = 0;
}

async function cellPanel(state, cell) {
  const [source, target] = [sourceOf.get(cell.source_id), targetOf.get(cell.target_id)];
  const query = question(state, { source: [cell.source_id], target: [cell.target_id] });
  const offset = (state.page - 1) * PAGE.cell;
  const found = await store.sentences({ ...query, offset, limit: PAGE.cell });
  const closed = link({ ...state, open: undefined, page: 1 });
  return el("section", { class: "panel", id: "panel", "aria-labelledby": "panel-title" }, [
    el("div", { class: "panel-head" }, [
      el("h3", { id: "panel-title", tabindex: "-1" }, [name(target.name)]),
      el("a", { class: "button", href: closed, "data-key": "close" }, "Close"),
    ]),
    el("p", { class: "source" }, [name(sourceName(source), written(source))]),
    positionSummary(cell),
    el("p", { class: "links" }, [
      el("a", { href: to(state, "compare", { target: target.target_id, targets: undefined }) }, "Side by side with other sources"),
      el("a", { href: to(state, "read", { text: source.source_id, target: target.target_id, targets: undefined }) }, "In the text"),
    ]),
    found.total
      ? passages(state, found.hits, found.units, { withTarget: false, withSource: false, level: "h4" })
      : el("p", { class: "nothing" }, thins(state) ? "No sentences match these filters." : "The source is silent on it."),
    pager(state, found, PAGE.cell),
  ]);
}

/** Why a position is unknown. */
function unknownBecause(cell) {
  if (!cell.n_asked) return "No sentence was judged on it: the position is unknown.";
  if (!decided(cell)) return "Votes are split on each sentence that was judged on it: the position is unknown.";
  return "No sentence is about it. Silence is not neutrality: the position is unknown.";
}

/** A position with its figures. */
function positionSummary(cell) {
  const about = cell.n_favor + cell.n_neutral + cell.n_against;
  const share = `${percent(cell.salience)} of its ${decidedWords(cell)} (95 % interval ${percent(cell.salience_low)} to ${percent(cell.salience_high)})`;
  return el("div", { class: `summary ${cell.position_name}` }, [
    el("p", {}, [badge(cell.position_name, positionWord(cell.position_name)), about ? interval(cell) : null]),
    about
      ? el("p", {}, `${sidesWords(cell.n_favor, cell.n_neutral, cell.n_against)} (${shareWords(cell)}); ${netWords(cell)}.`)
      : el("p", {}, unknownBecause(cell)),
    endorsedWords(cell) ? el("p", {}, `Not counted here, ${endorsedWords(cell)}.`) : null,
    !decided(cell) ? null : el("p", {}, about ? `Salience: ${share}.` : `Salience: 0 of ${decidedWords(cell)}; at most ${percent(cell.salience_high)} (95 % interval).`),
  ]);
}
