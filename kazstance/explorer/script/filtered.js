// Positions under the filters: those that come with the page, or counts of what is left, which are not pooled.

const variants = new Map(
  Object.entries(data.variants).map(([name, rows]) => [name, new Map(rows.map(([cell, ...figures]) => [cell, figures]))]),
);
const thinnedBy = (state) => ["label", "explicitness", "certainty", "voice", "split_vote", "q"].filter((key) => state[key]);

/** A function that gives the cell of a source and a target under the filters of a state. */
async function filteredCells(state) {
  const base = (source, target) => positionOf.get(`${source.source_id}:${target.target_id}`);
  const by = thinnedBy(state);
  if (!by.length) return base;
  const voice = state.voice || "own";
  const place = (source, target) => source.i * data.targets.length + target.i;
  const known = by.every((key) => key === "voice" || key === "certainty") && variants.get(`${voice}:${state.certainty ?? ""}`);
  if (known) return (source, target) => thinned(base(source, target), known.get(place(source, target)) ?? [0, 0, 0, null, null, null], voice);
  if (by.every((key) => key === "voice") && voice === "own") return base;
  const counts = await store.counts(question(state, { voice }));
  return (source, target) => {
    const [against, neutral, favor] = counts.slice(place(source, target) * SIDES.length, (place(source, target) + 1) * SIDES.length);
    return thinned(base(source, target), [favor, neutral, against, null, null, null], voice);
  };
}

/**
 * A cell with the sentences that are left in a voice, and its pooled net stance, if it is known. That a source is silent
 * or was not asked is known of its own voice only.
 */
function thinned(cell, [favor, neutral, against, net, low, high], voice) {
  const isKnown = voice === "own" && !isAddressed(cell);
  const said = favor && against ? "mixed" : favor ? "favor" : against ? "against" : neutral ? "neutral" : isKnown ? cell.position_name : "nothing_left";
  return {
    ...cell, n_favor: favor, n_neutral: neutral, n_against: against, n_unsure: 0, position_name: said,
    net, net_low: low, net_high: high, n_endorsed_favor: 0, n_endorsed_neutral: 0, n_endorsed_against: 0,
    thinned: true,
  };
}

/** What figures are of under the filters, and whether they are pooled, in words; empty without filters of sentences. */
function filterWords(state) {
  const by = thinnedBy(state);
  if (!by.length) return "";
  const pooled = by.every((key) => key === "voice" || key === "certainty");
  const whose = state.voice ? `${state.voice} voice` : "the sources' own voice";
  return pooled
    ? `Counts and net stances are of the sentences that the filters leave, in ${whose}, and pooled over sources.`
    : `Counts are of the sentences that the filters leave, in ${whose}. They are not pooled: there is no interval, and no side is sure.`;
}

/** The same as a note. */
const filterNote = (state) => (thins(state) ? el("p", { class: "note", id: "filter-note" }, filterWords(state)) : null);

/** That the filters do not change some figures, which are named. */
const unfilteredNote = (state, figures) =>
  thins(state) ? el("p", { class: "note", id: "unfiltered-note" }, `${figures} over all sentences in the sources' own voice; filters of sentences do not change them.`) : null;
