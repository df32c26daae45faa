// The matrix of targets and sources, and the sentences of the open cell.

/** From so many sources on, a cell has a mark only. */
const MANY = 10;

async function matrixView(state) {
  const [sources, targets] = [orderedSources(state), targetsShown(state)];
  const cellOn = await filteredCells(state);
  const open = state.open ? positionOf.get(state.open) : null;
  const panel = open ? await cellPanel(state, open, cellOn) : null;
  const layout = isCompact(sources.length, Boolean(open)) ? "compact" : "full";
  const table = keptGrid(state, sources, targets, cellOn, layout === "compact");
  return {
    heading: "Where the sources stand",
    status: `${count(targets.length, "target")} × ${count(sources.length, "source")}${open ? "; a cell is open" : ""}`,
    // made only if the table does not stay, since it would move the table out of the page
    body: () => [
      filterNote(state),
      el("div", { class: "key" }, [orders(state), marksKey(), saveButtons(() => matrixPicture(state, orderedTargets(state, targets), sources, cellOn), "matrix")]),
      el("div", { class: `split ${open ? "opened" : ""}` }, [
        el("div", { class: `matrix ${layout}`, id: "matrix" }, [table]),
        panel,
      ]),
    ],
    stays: table,
    update: () => openBeside(table, panel),
    csv: async () => (open ? openRows(state, open) : positionRows(state, sources, targets, cellOn)),
  };
}

/** Whether only marks fit: there are many sources, or little room. */
function isCompact(sources, opened) {
  const room = 0.94 * innerWidth - (opened && innerWidth >= 1200 ? 0.42 * innerWidth : 0);
  return sources >= MANY || 12 * 16 + 8.2 * 16 * sources > room;
}

/** What is shown, as rows: positions; under filters, with what is left of them. */
function positionRows(state, sources, targets, cellOn) {
  const columns = thinnedBy(state).length
    ? ["source_id", "target_id", "position_name", "n_favor", "n_neutral", "n_against", "net", "net_low", "net_high"]
    : data.position_columns;
  const cells = sources.flatMap((source) => targets.map((target) => cellOn(source, target)));
  return { name: "positions", rows: [columns, ...cells.map((cell) => columns.map((column) => cell[column]))] };
}

/** The sentences of the open cell, as rows. */
async function openRows(state, cell) {
  const query = question(state, { source: [cell.source_id], target: [cell.target_id] });
  return { name: `sentences-${cell.source_id}-${cell.target_id}`, rows: await stanceRows(query) };
}

/** Attributes that several sources share, and not all. */
const SHARED = Object.keys(data.sources[0] ?? {}).filter((key) => {
  const values = data.sources.map((source) => source[key]);
  const distinct = new Set(values).size;
  return key !== "i" && values.every((value) => value === null || ["string", "number", "boolean"].includes(typeof value)) && distinct > 1 && distinct < values.length;
});
const attribute = (source, key) => String(source[key] ?? "not stated");

function orderedSources(state) {
  const sources = sourcesShown(state);
  if (state.cols === "alike") return data.similar.sources.map((i) => data.sources[i]).filter((source) => sources.includes(source));
  if (!SHARED.includes(state.cols)) return sources;
  const values = [...new Set(sources.map((source) => attribute(source, state.cols)))].sort();
  return values.flatMap((value) => sources.filter((source) => attribute(source, state.cols) === value));
}

/** Targets as groups with a heading; a group without one has no heading. */
function orderedTargets(state, targets) {
  if (state.rows === "differ") return [["", differences.map((row) => row.target).filter((target) => targets.includes(target))]];
  if (state.rows === "alike") return [["", data.similar.targets.map((i) => data.targets[i]).filter((target) => targets.includes(target))]];
  return [...grouped(targets)];
}

const ROW_ORDERS = [["", "as in the codebook"], ["differ", "most certain differences first"], ["alike", "alike next to each other"]];
const COLUMN_ORDERS = [["", "as given"], ["alike", "alike next to each other"], ...SHARED.map((key) => [key, `by ${key.replaceAll("_", " ")}`])];

/** In which order rows and columns stand. */
function orders(state) {
  const choose = (field, word, options) => {
    const go = (event) => {
      location.hash = link({ ...current, [field]: event.target.value });
    };
    return el("label", { class: "order" }, [`${word} `, el("select", { "data-key": `order ${field}`, change: go }, options.map(([value, said]) => el("option", { value, selected: value === (state[field] ?? "") }, said)))]);
  };
  return el("div", { class: "orders" }, [choose("rows", "Targets", ROW_ORDERS), choose("cols", "Sources", COLUMN_ORDERS)]);
}

/** Another cell is open: only what stands beside the table changes. */
function openBeside(table, panel) {
  const split = table.closest(".split");
  split.classList.toggle("opened", Boolean(panel));
  split.querySelector(".panel")?.remove();
  if (panel) split.append(panel);
}

let kept = { key: "", table: null };

/** The table; as long as only another cell is opened, it is the same, and only the mark of the open cell moves. */
function keptGrid(state, sources, targets, cellOn, compact) {
  const key = JSON.stringify([{ ...state, open: "", page: 1, at: "" }, compact]);
  if (kept.key !== key) kept = { key, table: grid(state, sources, targets, cellOn, compact) };
  for (const one of kept.table.querySelectorAll("td.chosen")) {
    one.classList.remove("chosen");
    one.firstChild.removeAttribute("aria-current");
  }
  kept.open = state.open;
  for (const row of kept.table.rows) markOpen(kept.table, row);
  return kept.table;
}

/** Mark the open cell, if it is in this row, and let Tab lead to it. */
function markOpen(table, row) {
  const chosen = kept.open && [...row.querySelectorAll("td > a")].find((one) => one.dataset.key === `cell ${kept.open}`);
  if (!chosen) return;
  chosen.parentElement.classList.add("chosen");
  chosen.setAttribute("aria-current", "true");
  for (const one of table.querySelectorAll("a[tabindex='0']")) one.tabIndex = -1;
  chosen.tabIndex = 0;
}

function grid(state, sources, targets, cellOn, compact) {
  const table = el("table", { role: "grid", "aria-label": "Positions of sources on targets", keydown: roam, focusin: stay }, [
    el("thead", {}, [
      el("tr", {}, [el("th", { scope: "col", class: "corner" }, "Target"), sources.map((source, i) => sourceHead(state, source, sources[i - 1]))]),
    ]),
  ]);
  const href = cellLinks(link({ ...state, open: undefined, page: 1 }));
  const rowsOf = ([group, members]) => {
    const body = el("tbody", {}, group ? [el("tr", {}, [el("th", { scope: "rowgroup", colspan: sources.length + 1, class: "group" }, [name(group)])])] : []);
    return members.map((target) => () => {
      const row = targetRow(state, sources, target, cellOn, compact, href);
      body.append(row);
      if (!body.parentElement) table.append(body);
      if (kept.table === table) markOpen(table, row);
    });
  };
  grow(table, orderedTargets(state, targets).flatMap(rowsOf), sources.length / 2); // a cell is half the work of a dot
  const first = table.querySelector("a");
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

/** Whether a group of sources begins with this one. */
const begins = (state, source, before) =>
  SHARED.includes(state.cols) && (!before || attribute(before, state.cols) !== attribute(source, state.cols));

function sourceHead(state, source, before) {
  const href = to(state, "read", { text: source.source_id });
  const group = SHARED.includes(state.cols) ? attribute(source, state.cols) : source.tradition;
  return el("th", { scope: "col", class: begins(state, source, before) ? "begins" : null }, [
    el("a", { href, tabindex: "-1", "data-key": `head ${source.source_id}`, title: `Read: ${plain(sourceName(source))}` }, [
      el("b", { class: "letter", "aria-hidden": "true" }, letterOf(source)), el("span", { class: "id" }, [breakable(source.source_id)]),
    ]),
    group ? el("span", { class: "tradition" }, [name(group)]) : null,
  ]);
}

function targetRow(state, sources, target, cellOn, compact, hrefOf) {
  const href = to(state, "compare", { target: target.target_id, targets: undefined });
  return el("tr", {}, [
    el("th", { scope: "row" }, [
      el("a", { href, tabindex: "-1", "data-key": `head ${target.target_id}`, title: "Side by side" }, [name(target.name)]),
      target.contested ? el("span", { class: "flag" }, "contested") : null,
    ]),
    sources.map((source, i) => cellOf(source, target, cellOn(source, target), begins(state, source, sources[i - 1]), compact, hrefOf)),
  ]);
}

function cellOf(source, target, cell, first, compact, hrefOf) {
  const key = `${source.source_id}:${target.target_id}`;
  const label = positionWords(cell);
  const silent = !isAddressed(cell);
  const isMark = compact && data.sources.length >= MANY;
  const quoted = endorsedWords(cell) ? el("span", { class: "quoted" }, `quoted ${cell.n_endorsed_favor}/${cell.n_endorsed_neutral}/${cell.n_endorsed_against}`) : null;
  const words = compact ? [] : [
    el("span", { class: "word" }, shortTone(cell)),
    silent ? null : el("span", { class: "counts" }, `${cell.n_favor}/${cell.n_neutral}/${cell.n_against}`),
  ];
  const classes = [toneClasses(cell), first ? "begins" : "", isMark && !silent ? "mark" : "", isDissent(cell) ? "dissent" : ""];
  return el("td", { class: classes.filter(Boolean).join(" ") }, [
    el("a", { href: hrefOf(key), tabindex: "-1", "data-key": `cell ${key}`, "aria-label": label, title: `${plain(target.name)}\n${source.source_id}: ${label}` }, isMark ? [] : [
      el("span", { class: "position" }, [silent ? null : markOf(cell), words]),
      compact || silent || cell.net === null ? null : interval(cell),
      compact ? null : quoted,
    ]),
  ]);
}

/** Arrow keys, Home and End move among the links of the table; Tab leaves it. */
function roam(event) {
  finish();
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

async function cellPanel(state, cell, cellOn) {
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
    positionSummary(cellOn(source, target)),
    el("p", { class: "links" }, [
      el("a", { href: to(state, "compare", { target: target.target_id, targets: undefined }) }, "Side by side with other sources"),
      el("a", { href: to(state, "read", { text: source.source_id, target: target.target_id, targets: undefined }) }, "In the text"),
    ]),
    found.total
      ? passages(state, found.hits, found.units, { withTarget: false, withSource: false, level: "h4" })
      : el("p", { class: "nothing" }, thins(state) ? "No sentence matches these filters." : "The source is silent on it."),
    pager(state, found, PAGE.cell),
  ]);
}

/** Why a position is unknown. */
function unknownBecause(cell) {
  if (cell.position_name === "nothing_left") return "No sentence is left by these filters.";
  if (!cell.n_asked) return "No sentence was judged on it: the position is unknown.";
  if (!decided(cell)) return "Votes are split on each sentence that was judged on it: the position is unknown.";
  return "No sentence is about it. Silence is not neutrality: the position is unknown.";
}

/** A position with its figures. */
function positionSummary(cell) {
  const about = cell.n_favor + cell.n_neutral + cell.n_against;
  const share = `${percent(cell.salience)} of its ${decidedWords(cell)} (95 % interval ${percent(cell.salience_low)} to ${percent(cell.salience_high)})`;
  return el("div", { class: `summary ${toneClasses(cell)}` }, [
    el("p", {}, [about ? markOf(cell) : null, el("strong", {}, `${toneWords(cell)}${isDissent(cell) ? ", with dissent" : ""}`), about ? interval(cell) : null]),
    about
      ? el("p", {}, `${sidesWords(cell.n_favor, cell.n_neutral, cell.n_against)} (${shareWords(cell)}); ${netWords(cell)}.`)
      : el("p", {}, unknownBecause(cell)),
    endorsedWords(cell) ? el("p", {}, `Not counted here, ${endorsedWords(cell)}.`) : null,
    !decided(cell) || cell.thinned ? null : el("p", {}, about ? `Salience: ${share}.` : `Salience: 0 of ${decidedWords(cell)}; at most ${percent(cell.salience_high)} (95 % interval).`),
  ]);
}
