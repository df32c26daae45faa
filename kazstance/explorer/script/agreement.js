// Which annotators agree, and the sentences on which two of them are split.

async function agreementView(state) {
  const rows = await store.agreement();
  const who = [...new Set(rows.flatMap(([one, other]) => [one, other]))].sort((a, b) => a - b).map((i) => data.annotators[i]);
  const shared = new Map(rows.flatMap(([one, other, same, all]) => [[`${one}:${other}`, { same, all }], [`${other}:${one}`, { same, all }]]));
  const [one, other] = [state.one, state.other];
  return {
    heading: "Where the annotators agree",
    status: count(who.length, "annotator"),
    body: [
      el("p", { class: "note" }, "Share of pairs of sentence and target with the same label, among those that both judged and at least one found to be about the target. Among runs of one model this is stability, not agreement. A share leads to the pairs on which two are split."),
      who.length ? agreementTable(state, who, shared) : el("p", { class: "nothing" }, "No two annotators judged the same pairs."),
      one && other ? await splitPairs(state, one, other) : null,
    ],
    csv: async () => (one && other ? splitRows(one, other) : agreementRows(rows)),
  };
}

function agreementTable(state, who, shared) {
  const place = (annotator) => data.annotators.indexOf(annotator);
  const entry = (one, other) => {
    const found = shared.get(`${place(one)}:${place(other)}`);
    if (!found) return el("td", {}, one === other ? "" : "–");
    const share = found.same / found.all;
    const chosen = [state.one, state.other].includes(one.annotator_id) && [state.one, state.other].includes(other.annotator_id);
    return el("td", { class: `share q${Math.min(4, Math.floor(5 * share))}` }, [
      el("a", { href: link({ ...state, one: one.annotator_id, other: other.annotator_id }), "data-key": `agree ${one.annotator_id} ${other.annotator_id}`, "aria-current": chosen ? "true" : null }, [
        percent(share), el("span", { class: "counts" }, ` of ${number(found.all)}`),
      ]),
    ]);
  };
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Shares of equal labels" }, [
    el("table", { class: "plain agreement" }, [
      el("thead", {}, [el("tr", {}, [el("th", { scope: "col" }, "Annotator"), who.map((one) => el("th", { scope: "col" }, [name(one.annotator_id)]))])]),
      el("tbody", {}, who.map((one) => el("tr", {}, [
        el("th", { scope: "row" }, [name(one.annotator_id), el("span", { class: "origin" }, [one.origin, one.role === "label" ? "" : `, ${one.role}`])]),
        who.map((other) => entry(one, other)),
      ]))),
    ]),
  ]);
}

/** The sentences on which two annotators are split, each with a link to its history. */
async function splitPairs(state, one, other) {
  const found = await store.splits(one, other);
  const line = ([unit, target, first, second]) =>
    el("li", {}, [
      el("p", { class: "text", ...written(unit.source) }, [...shown(unit.text)]),
      el("p", { class: "stance" }, [name(target.name), el("span", {}, [name(one), ": ", badge(first)]), el("span", {}, [name(other), ": ", badge(second)]), el("a", { href: historyLink(state, { unit, target }) }, ["history", el("span", { class: "hidden" }, ` of ${plain(target.name)}, ${unit.sentence_id}`)])]),
    ]);
  return el("section", { "aria-labelledby": "splits" }, [
    el("h3", { id: "splits" }, [`${count(found.total, "pair")} on which `, name(one), " and ", name(other), " are split"]),
    found.total > found.rows.length ? el("p", { class: "note" }, `Shown are the first ${found.rows.length}.`) : null,
    el("ul", { class: "split-pairs" }, found.rows.map(line)),
  ]);
}

async function splitRows(one, other) {
  const found = await store.splits(one, other);
  const rows = found.rows.map(([unit, target, first, second]) => [unit.sentence_id, target.target_id, first, second, unit.text]);
  return { name: `splits-${one}-${other}`, rows: [["sentence_id", "target_id", one, other, "text"], ...rows] };
}

const agreementRows = (rows) => ({
  name: "annotators",
  rows: [["one", "other", "same", "both"], ...rows.map(([one, other, ...counts]) => [data.annotators[one].annotator_id, data.annotators[other].annotator_id, ...counts])],
});
