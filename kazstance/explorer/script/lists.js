// Views of sentences: search results, and whole texts.

async function sentencesView(state) {
  const query = question(state);
  const found = await store.sentences({ ...query, offset: (state.page - 1) * PAGE.sentences, limit: PAGE.sentences });
  return {
    heading: "Sentences",
    status: `${count(found.total, "sentence")} with ${count(found.stancesTotal, "stance")}`,
    body: [
      found.total ? null : nothingFound(state),
      el("div", { class: "cards" }, passages(state, found.hits, found.units)),
      pager(state, found, PAGE.sentences),
    ],
    csv: async () => ({ name: "sentences", rows: await stanceRows(query) }),
  };
}

/** That nothing matches, and how to search for more. */
function nothingFound(state) {
  const sought = terms(state.q).filter((term) => !term.excluded);
  return el("div", { class: "nothing" }, [
    el("p", {}, "No sentences match these filters."),
    sought.length > 1 ? el("p", {}, "All words have to be in one sentence. Try fewer, or parts of them.") : null,
    sought.length ? el("p", {}, "Words are found as they are spelled: with work you find workers, too. \"Quotes\" look for a phrase, and -word leaves sentences out.") : null,
  ]);
}

async function readView(state) {
  const source = sourceOf.get(state.text) ?? sourcesShown(state)[0];
  const query = question(state, { source: [source.source_id], whole: true });
  const found = await store.sentences({ ...query, at: state.at, offset: (state.page - 1) * PAGE.read, limit: PAGE.read });
  const paragraphs = new Map();
  for (const hit of found.hits) {
    const id = hit.unit.paragraph_id;
    paragraphs.set(id, [...(paragraphs.get(id) ?? []), hit]);
  }
  return {
    heading: [name(sourceName(source), written(source))],
    status: `${count(found.total, "unit")} of text, ${count(found.stancesTotal, "stance")} in the margin`,
    body: [
      textChoice(state, source),
      sourceNote(source),
      el("div", { class: "strips" }, [
        el("p", { class: "note" }, state.target ? ["On: ", name(targetOf.get(state.target).name)] : "Every sentence with a label; choose a target under Filters to see sides."),
        await strips(state, source, targetOf.get(state.target)),
      ]),
      readingKey(),
      // a sentence that is scrolled to needs the heights of all before it
      el("div", { class: state.at ? "reading" : "reading from-top" }, [...paragraphs].map(([id, units]) => paragraph(state, id, units))),
      pager({ ...state, text: source.source_id }, found, PAGE.read),
    ],
    csv: async () => ({ name: source.source_id, rows: await stanceRows(query) }),
  };
}

function textChoice(state, source) {
  const href = (one) => to(state, "read", { text: one.source_id });
  const choose = (event) => {
    location.hash = href(sourceOf.get(event.target.value));
  };
  const option = (one) => el("option", { value: one.source_id, selected: one === source }, [one.title ? `${one.source_id}: ${plain(one.title).slice(0, 60)}` : one.source_id]);
  return el("p", { class: "choice" }, [
    el("label", { for: "text" }, "Text"),
    el("select", { id: "text", change: choose, "data-key": "text" }, data.sources.map(option)),
  ]);
}

function sourceNote(source) {
  const translated = source.translated ? `translated${source.original_language ? ` from ${plain(source.original_language)}` : ""}` : null;
  const said = [source.speaker, source.tradition, source.date ?? source.date_stated, translated].filter(Boolean);
  return el("div", { class: "source-note" }, [
    el("p", {}, said.map((part, i) => [i ? " · " : "", name(part)])),
    source.notes ? el("p", {}, [...shown(source.notes)]) : null,
  ]);
}

function paragraph(state, id, units) {
  return el("div", { class: "paragraph" }, [
    el("span", { class: "number", title: "paragraph" }, id.split("/")[1]),
    el("div", { class: "lines" }, units.map((hit, i) => line(state, hit, units[i - 1]))),
  ]);
}

/** A unit of a text with its stances in the margin. */
function line(state, { unit, stances }, before) {
  const at = state.at === unit.sentence_id;
  const strong = (state.target || at) && stances.length === 1 ? stances[0] : null;
  let body = sentence(unit, at ? stances : [], state.q, strong);
  const point = (stance) => {
    const next = sentence(unit, at ? stances : [], state.q, stance ?? strong);
    body.replaceWith(next);
    body = next;
  };
  const tag = { title: "h3", heading: "h4" }[unit.kind] ?? "p";
  const classes = ["line", unit.kind, unit.annotated ? "" : "muted", unit.voice === "quoted" ? "quoted" : "", at ? "at" : ""];
  const here = link({ ...state, view: "read", text: unit.source.source_id, at: unit.sentence_id, page: 1 });
  return el("div", { class: classes.join(" "), id: at ? "at" : null, tabindex: at ? "-1" : null }, [
    el("div", { class: "words" }, [
      el(tag, { class: "text", ...written(unit.source) }, [body]),
      voice(unit, before?.unit.speaker === unit.speaker),
      kindNote(unit),
      unit.note ? el("p", { class: "note" }, [...shown(unit.note)]) : null,
    ]),
    el("a", { class: "anchor", href: here, title: unit.sentence_id, "data-key": `at ${unit.sentence_id}` }, [
      el("span", { "aria-hidden": "true" }, "¶"),
      el("span", { class: "hidden" }, `Link to ${unit.sentence_id}`),
    ]),
    el("ul", { class: "margin", "aria-label": `Stances in ${unit.sentence_id}`, hidden: !stances.length }, stances.map((stance) => chip(state, stance, point))),
  ]);
}

function chip(state, stance, point) {
  const on = () => point(stance);
  const off = () => point(null);
  const said = [stance.label, stance.explicitness, stance.certainty, ORIGINS[stance.origin], stance.split_vote ? "annotators split" : ""];
  return el("li", {}, [
    el("a", { class: `chip ${stance.label}`, href: historyLink(state, stance), title: said.filter(Boolean).join(", "), "data-key": `chip ${stance.unit.sentence_id} ${stance.target.target_id}`, mouseenter: on, mouseleave: off, focus: on, blur: off }, [
      el("span", { class: "sign", "aria-hidden": "true" }, SIGNS[stance.label]),
      el("span", { class: "hidden" }, `${stance.label}: `),
      name(stance.target.name),
      stance.certainty === "unsure" ? el("span", { class: "unsure" }, [el("span", { "aria-hidden": "true" }, "?"), el("span", { class: "hidden" }, " unsure")]) : null,
    ]),
  ]);
}
