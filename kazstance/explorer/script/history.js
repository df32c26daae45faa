// The history of a label, and information about the dataset.

const JUDGEMENT_COLUMNS = ["annotator_id", "role", "round", "holder", "label_name", "explicitness", "certainty", "evidence", "note"];

async function labelView(state) {
  if (!state.sentence) throw new Error("The link does not name a sentence");
  const found = await store.history(state.sentence);
  const { unit } = found;
  const target = targetOf.get(state.on) ?? unit.stances[0]?.target ?? found.judgements[0]?.target ?? data.targets[0];
  const on = (rows) => rows.filter((row) => row.target === target);
  const order = data.annotators.map((annotator) => annotator.annotator_id);
  const of = (rows, holder) => on(rows).find((row) => row.holder === holder);
  const judgements = on(found.judgements).sort((a, b) => order.indexOf(a.annotator_id) - order.indexOf(b.annotator_id) || a.round - b.round);
  const holders = [...new Set([null, ...[...on(unit.stances), ...on(found.settled), ...judgements].map((row) => row.holder)])];
  const stance = of(unit.stances, null) ?? on(unit.stances)[0];
  const evidenceOf = (row) => (row.evidence ?? []).map(([start, end]) => [...unit.text].slice(start, end).join(""));
  return {
    heading: ["History of a label: ", name(target.name)],
    status: `${count(judgements.length, "judgement")} of ${unit.sentence_id}`,
    body: [
      el("p", { class: "where" }, [
        el("a", { href: readLink(state, unit) }, unit.sentence_id),
        el("span", { class: "source" }, [name(sourceName(unit.source), written(unit.source))]),
      ]),
      voice(unit),
      inContext(unit, found.units, sentence(unit, stance ? [stance] : [], state.q)),
      ...holders.map((holder) => outcome(of(unit.stances, holder), of(found.settled, holder), holder)),
      judgements.length ? judgementTable(judgements, evidenceOf) : el("p", {}, unjudged(unit, target)),
      targetNoteOf(target, state),
      otherTargets(state, found, target),
    ],
    csv: async () => ({
      name: `history-${unit.sentence_id.replaceAll("/", "-")}-${target.target_id}`,
      rows: [
        JUDGEMENT_COLUMNS,
        ...judgements.map((row) => [row.annotator_id, annotatorOf.get(row.annotator_id)?.role, row.round, row.holder, row.label, row.explicitness, row.certainty, JSON.stringify(evidenceOf(row)), row.note]),
      ],
    }),
  };
}

/** Why a pair has no judgement that found the sentence to be about the target. */
function unjudged(unit, target) {
  const cell = positionOf.get(`${unit.source.source_id}:${target.target_id}`);
  if (!cell.n_asked) return "No annotator was asked about this target.";
  if (cell.n_asked === cell.n_sentences) return "No annotator found the sentence to be about this target.";
  return `No annotator found the sentence to be about this target, or none was asked: ${number(cell.n_asked)} of ${count(cell.n_sentences, "sentence")} of its source were judged on it.`;
}

function outcome(stance, settled, holder) {
  const row = stance ?? settled;
  const isOther = row?.status === "other_target";
  const label = row ? row.label ?? (isOther ? "not_asked" : "undecided") : "none";
  return el("div", { class: `outcome ${label}` }, [
    el("h3", {}, holder ? ["Final label of ", name(holder)] : "Final label"),
    el("p", {}, [badge(label, isOther ? "no label: the sentence has the code of another target" : label === "none" ? "none: not about the target" : label === "undecided" ? "undecided: the votes are split" : label), row ? qualities(row) : null]),
    settled?.rule
      ? el("p", {}, [el("strong", {}, ["Adjudicated by ", name(settled.adjudicator ?? "an adjudicator"), settled.basis === "overruling" ? " against a majority" : "", ", rule ", name(settled.rule), ": "]), ...shown(settled.reason ?? "")])
      : el("p", {}, "From the judgements below; not adjudicated."),
  ]);
}

function judgementTable(judgements, evidenceOf) {
  const further = [["Round", "round", (row) => row.round > 1], ["Holder", "holder", (row) => row.holder]].filter(([, , has]) => judgements.some(has));
  const head = ["Annotator", ...further.map(([word]) => word), "Label", "Explicitness", "Certainty", "Evidence", "Note"];
  const line = (row) => {
    const annotator = annotatorOf.get(row.annotator_id);
    const role = annotator && annotator.role !== "label" ? ` (${annotator.role})` : "";
    return el("tr", {}, [
      el("th", { scope: "row" }, [name(row.annotator_id), role, annotator ? el("span", { class: "origin" }, annotator.origin) : null]),
      ...further.map(([, column]) => el("td", {}, row[column] ? [name(String(row[column]))] : "–")),
      el("td", {}, [badge(row.label)]),
      el("td", {}, row.explicitness ?? "–"),
      el("td", {}, row.certainty ?? "–"),
      el("td", { dir: "auto" }, evidenceOf(row).map((part, i) => [i ? " … " : "", el("mark", { class: "evidence" }, [...shown(part)])])),
      el("td", { dir: "auto" }, row.note ? [...shown(row.note)] : "–"),
    ]);
  };
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Judgements" }, [
    el("table", { class: "plain" }, [
      el("caption", {}, "Who judged what. Checks are only compared with the labels, and earlier judgements no longer count; neither determines them."),
      el("thead", {}, [el("tr", {}, head.map((word) => el("th", { scope: "col" }, word)))]),
      el("tbody", {}, judgements.map(line)),
    ]),
  ]);
}

function targetNoteOf(target, state) {
  return el("div", { class: "target-note" }, [
    el("h3", {}, "The target"),
    el("p", {}, [el("span", { class: "tag" }, target.kind), prose(target.definition)]),
    el("p", { class: "links" }, [el("a", { href: to(state, "compare", { target: target.target_id, targets: undefined }) }, "All sources on it")]),
  ]);
}

/** The other targets that any annotator found the sentence to be about. */
function otherTargets(state, found, target) {
  const labels = new Map(found.unit.stances.map((stance) => [stance.target, stance.label]));
  for (const row of found.judgements) if (!labels.has(row.target)) labels.set(row.target, "none");
  labels.delete(target);
  if (!labels.size) return null;
  const chipOf = ([other, label]) =>
    el("li", {}, [
      el("a", { class: `chip ${label}`, href: historyLink(state, { unit: found.unit, target: other }) }, [
        el("span", { class: "sign", "aria-hidden": "true" }, SIGNS[label]),
        el("span", { class: "hidden" }, `${label}: `),
        name(other.name),
        label === "none" ? " (set aside)" : null,
      ]),
    ]);
  return el("div", {}, [el("h3", {}, "The sentence on other targets"), el("ul", { class: "chips" }, [...labels].map(chipOf))]);
}

async function aboutView() {
  return {
    heading: "About this dataset",
    status: `${count(data.sources.length, "source")}, ${count(data.targets.length, "target")}, ${count(data.annotators.length, "annotator")}`,
    body: [
      el("p", {}, [name(data.dataset.event)]),
      aboutTable("Sources", ["Source", "Title", "Who speaks", "Tradition", "Date", "Address", "Rights", "Notes"], data.sources, (source) => [
        source.source_id, source.title, source.speaker, source.tradition, source.date ?? source.date_stated, source.url, source.rights, source.notes,
      ]),
      aboutTable("Annotators", ["Annotator", "Origin", "Role", "Who", "Date", "Order", "Note"], data.annotators, (one) => [
        one.annotator_id, one.origin, one.role, one.name ?? one.family, one.date, one.order, one.note,
      ]),
      aboutTable("Targets", ["Target", "In words", "Kind", "Group", "Contested", "Definition"], data.targets, (target) => [
        target.target_id, target.name, target.kind, target.group, target.contested ? "yes" : "no", target.definition,
      ]),
      el("h3", {}, "Keys"),
      el("p", {}, "In the matrix: arrow keys move, Home and End go to the ends of a row, with Ctrl to the ends of the table, Enter opens, Escape closes. Everywhere: Tab and Enter; Back and Forward of the browser."),
    ],
    csv: null,
  };
}

function aboutTable(caption, head, rows, values) {
  const cell = (value, i) => el(i ? "td" : "th", { scope: i ? null : "row", dir: "auto", class: value ? null : "empty", "data-label": i ? head[i] : null }, value ? (i ? prose(String(value)) : breakable(String(value))) : "–");
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption }, [
    el("table", { class: "plain stacked" }, [
      el("caption", {}, caption),
      el("thead", {}, [el("tr", {}, head.map((word) => el("th", { scope: "col" }, word)))]),
      el("tbody", {}, rows.map((row) => el("tr", {}, values(row).map(cell)))),
    ]),
  ]);
}
