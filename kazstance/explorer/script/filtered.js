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
  if (known) return (source, target) => thinned(base(source, target), known.get(place(source, target)) ?? [0, 0, 0, null, null, null], true);
  if (by.every((key) => key === "voice") && voice === "own") return base;
  const counts = await store.counts(question(state, { voice }));
  return (source, target) => {
    const [against, neutral, favor] = counts.slice(place(source, target) * SIDES.length, (place(source, target) + 1) * SIDES.length);
    return thinned(base(source, target), [favor, neutral, against, null, null, null], false);
  };
}

/** A cell with the sentences that are left, and its pooled net stance, if it is known. */
function thinned(cell, [favor, neutral, against, net, low, high], pooled) {
  const said = favor && against ? "mixed" : favor ? "favor" : against ? "against" : neutral ? "neutral" : isAddressed(cell) ? "nothing_left" : cell.position_name;
  return {
    ...cell, n_favor: favor, n_neutral: neutral, n_against: against, n_unsure: 0, position_name: said,
    net, net_low: low, net_high: high, n_endorsed_favor: 0, n_endorsed_neutral: 0, n_endorsed_against: 0,
    thinned: true, pooled,
  };
}

/** Whether the figures under the filters are pooled, in words. */
function filterNote(state) {
  const by = thinnedBy(state);
  if (!by.length) return null;
  const pooled = by.every((key) => key === "voice" || key === "certainty");
  const whose = state.voice ? `${state.voice} voice` : "the sources' own voice";
  return el("p", { class: "note", id: "filter-note" }, pooled
    ? `Counts and net stances are of the sentences that the filters leave, in ${whose}, and pooled over sources.`
    : `Counts are of the sentences that the filters leave, in ${whose}. They are not pooled: there is no interval, and no side is sure.`);
}
