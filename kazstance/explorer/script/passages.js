// Sentences in their context: those of one paragraph together, so that each sentence is shown once.

/** Found sentences, paragraph by paragraph. */
function byParagraph(found) {
  const groups = [];
  for (const hit of found) {
    const last = groups.at(-1);
    if (last && last[0].unit.paragraph_id === hit.unit.paragraph_id) last.push(hit);
    else groups.push([hit]);
  }
  return groups;
}

/** The sentences of a paragraph that are shown: those found and their neighbours, in order. */
function around(group, units) {
  const near = group.flatMap(({ unit }) => [unit, ...[-1, 1].flatMap((step) => neighbours(units, unit, step).slice(0, data.around))]);
  return [...new Map(near.map((unit) => [unit.n, unit])).values()].sort((a, b) => a.n - b.n);
}

/** A passage with its found sentences, and below it where they stand and which stances they have. */
function passage(state, group, units, { withTarget = true, withSource = true, level = "h3" } = {}) {
  const pieces = new Map(group.map((hit) => [hit.unit.n, pointed(state, hit)]));
  const near = around(group, units);
  const text = near.flatMap((unit, i) => [
    i && near[i - 1].n !== unit.n - 1 ? el("span", { class: "context" }, "… ") : null,
    pieces.get(unit.n)?.node ?? el("span", { class: "context" }, [...shown(unit.text)]),
    " ",
  ]);
  const cut = (unit, step) => (neighbours(units, unit, step).length ? el("span", { class: "context" }, "… ") : null);
  const { source } = group[0].unit;
  return el("article", { class: "card" }, [
    withSource ? el("p", { class: "source" }, [name(sourceName(source), written(source))]) : null,
    el("p", { class: "text", ...written(source) }, [cut(near[0], -1), text, cut(near.at(-1), 1)]),
    group.map((hit) => foundLine(state, hit, pieces.get(hit.unit.n).point, withTarget, level)),
  ]);
}

/** A found sentence whose evidence is marked when its stance is pointed at. */
function pointed(state, { unit, stances }) {
  const drawn = (stance) => sentence(unit, stances, state.q, stance ?? (stances.length === 1 ? stances[0] : null));
  const node = el("span", { class: unit.annotated ? "found" : "found muted" }, [drawn(null)]);
  return { node, point: (stance) => node.replaceChildren(drawn(stance)) };
}

function foundLine(state, { unit, stances }, point, withTarget, level) {
  return el("div", { class: "found-in" }, [
    el(level, { class: "where" }, [el("a", { href: readLink(state, unit), "data-key": `read ${unit.sentence_id}` }, [unit.sentence_id])]),
    voice(unit),
    kindNote(unit),
    stances.length
      ? el("ul", { class: "stances", "aria-label": `Stances in ${unit.sentence_id}` }, stances.map((stance) => stanceLine(state, stance, point, withTarget)))
      : null,
  ]);
}

/** Found sentences as passages; the title of a source stands where it begins. */
function passages(state, hits, units, options = {}) {
  const groups = byParagraph(hits);
  return groups.map((group, i) => {
    const again = i > 0 && groups[i - 1][0].unit.source === group[0].unit.source;
    return passage(state, group, units, { ...options, withSource: (options.withSource ?? true) && !again });
  });
}
