// Where the reader is: the address after #, as a view and its fields. Every view and every filter has a link.

const VIEWS = { differences: "Differences", matrix: "Matrix", compare: "Side by side", read: "Texts", sentences: "Sentences", words: "Words", salience: "Salience", agreement: "Annotators", about: "About" };
const PAGE = { splits: 200, read: 200, sentences: 50, cell: 20, compare: 20 };
/** Filters, which are passed from one view to the next. */
const FILTERS = ["source", "target", "targets", "label", "explicitness", "certainty", "voice", "split_vote", "q"];
/** Fields of single views. */
const PLACES = ["text", "at", "open", "sentence", "on", "page", "rows", "cols", "one", "other"];
const CLOSED = {
  label: data.names.labels.filter((label) => label !== "none"),
  explicitness: data.names.explicitness,
  certainty: data.names.certainties,
  voice: data.names.voices,
  split_vote: ["true", "false"],
  targets: ["contested", "issue", "claim"].filter((some) => data.targets.some((target) => belongs(target, some))),
};
const IDS = { source: sourceOf, text: sourceOf, target: targetOf, on: targetOf, open: positionOf, one: annotatorOf, other: annotatorOf };

function belongs(target, some) {
  return some === "contested" ? target.contested : target.kind === some;
}

/** The state that an address stands for, and the parts of it that are unknown here. */
function parse(hash) {
  const [view, fields = ""] = hash.replace(/^#/, "").split(/\?(.*)/s);
  const state = { view: view || "differences", source: [] };
  const wrong = [];
  if (!Object.hasOwn(VIEWS, state.view) && state.view !== "label") {
    wrong.push(`view ${state.view}`);
    state.view = "differences";
  }
  for (const [key, value] of new URLSearchParams(fields)) {
    const known = Object.hasOwn(CLOSED, key) ? CLOSED[key].includes(value) : Object.hasOwn(IDS, key) ? IDS[key].has(value) : true;
    if (!known || ![...FILTERS, ...PLACES].includes(key)) wrong.push(`${key} ${value}`);
    else if (key !== "source") state[key] = value;
    else if (!state.source.includes(value)) state.source.push(value);
  }
  if (!targetsShown(state).length) {
    wrong.push(`target ${state.target} among ${state.targets}`);
    delete state.targets;
  }
  state.page = Math.max(1, Number.parseInt(state.page, 10) || 1);
  return { state, wrong };
}

/** The address of a state. */
function link(state) {
  const fields = new URLSearchParams();
  for (const key of [...FILTERS, ...PLACES]) {
    for (const value of [state[key] ?? []].flat()) {
      if (value !== "" && !(key === "page" && value === 1)) fields.append(key, value);
    }
  }
  const text = fields.toString();
  return `#${state.view}${text ? `?${text}` : ""}`;
}

/** Another view with the same filters. */
function to(state, view, fields = {}) {
  const kept = Object.fromEntries(FILTERS.map((key) => [key, state[key]]));
  return link({ ...kept, view, ...fields });
}

/** The address of each cell with everything else as in one address; to make each anew takes as long as to draw its row. */
const cellLinks = (address) => (key) => `${address}${address.includes("?") ? "&" : "?"}open=${encodeURIComponent(key)}`;

/** Targets that match the filters, in the order of the codebook. */
function targetsShown(state) {
  return data.targets.filter(
    (target) =>
      (!state.target || target.target_id === state.target) && (!state.targets || belongs(target, state.targets)),
  );
}

const sourcesShown = (state) => (state.source.length ? state.source.map((id) => sourceOf.get(id)) : data.sources);

/** What to ask the store for a state. */
function question(state, fields = {}) {
  const targets = state.target || state.targets ? targetsShown(state).map((target) => target.target_id) : [];
  return {
    source: state.source,
    target: targets,
    label: state.label,
    explicitness: state.explicitness,
    certainty: state.certainty,
    voice: state.voice,
    split_vote: state.split_vote,
    q: state.q,
    ...fields,
  };
}

/** Whether the filters leave out some sentences of a cell. */
const thins = (state) => ["label", "explicitness", "certainty", "voice", "split_vote", "q"].some((key) => state[key]);
