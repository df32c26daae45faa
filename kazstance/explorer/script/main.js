// The page itself: header, filters, and the view that the address names.

const VIEW = { differences: differencesView, matrix: matrixView, compare: compareView, read: readView, sentences: sentencesView, words: wordsView, salience: salienceView, agreement: agreementView, label: labelView, about: aboutView };
const byId = (id) => document.getElementById(id);
let current = null;
let turn = 0;
let csv = null;

const SAMPLED = "People judged a random sample of the silver ones; positions on this page are not corrected by it. `kazstance compare positions --corrected` has those that are.";

/** The kind of labels, and the identity of the dataset. */
function header() {
  const { origins, ...dataset } = data.dataset;
  byId("title").replaceChildren(name(dataset.title));
  byId("what").append(
    origins.gold
      ? `${number(origins.silver)} labels are silver: made by a language model, or adjudicated. ${number(origins.gold)} are gold: judged by people.`
      : `All ${number(origins.silver)} labels are silver: made by a language model. There are no gold labels, judged by people.`,
  );
  if (origins.sampled) byId("what").append(` ${SAMPLED}`);
  byId("made").append(name(dataset.id), ` ${plain(dataset.version)} · digest ${dataset.digest.slice(0, 12)} · annotations `, name(dataset.license));
}

const ANY = ["", "any"];
const SELECTS = [
  ["targets", "Targets", [ANY, ...CLOSED.targets.map((some) => [some, { contested: "contested", issue: "issues", claim: "claims" }[some]])]],
  ["label", "Label", [ANY, ...CLOSED.label.map((label) => [label, label])]],
  ["explicitness", "Explicitness", [ANY, ...CLOSED.explicitness.map((one) => [one, one])]],
  ["certainty", "Certainty", [ANY, ...CLOSED.certainty.map((one) => [one, one])]],
  ["voice", "Voice", [ANY, ["own", "own"], ["quoted", "quoted"]]],
  ["split_vote", "Annotators", [ANY, ["true", "split"], ["false", "not split"]]],
];

function buildFilters() {
  const option = ([value, word]) => el("option", { value }, word);
  const select = (key, word, options) =>
    el("div", { class: `field field-${key}` }, [
      el("label", { for: `filter-${key}` }, word),
      el("select", { id: `filter-${key}`, name: key }, options),
    ]);
  const groups = [...grouped(data.targets)].map(([group, members]) =>
    el("optgroup", { label: plain(group) }, members.map((target) => option([target.target_id, plain(target.name).slice(0, 120)]))),
  );
  const check = (source) =>
    el("label", {}, [el("input", { type: "checkbox", name: "source", value: source.source_id }), name(source.source_id)]);
  byId("filters").append(
    el("div", { class: "field field-q" }, [
      el("label", { for: "filter-q" }, "Search the texts"),
      el("div", { class: "pair" }, [
        el("input", { type: "search", id: "filter-q", name: "q", maxlength: 1000, autocomplete: "off", placeholder: "Search the texts" }),
        el("button", { type: "submit" }, "Search"),
      ]),
    ]),
    el("button", { type: "button", id: "more", "aria-expanded": "false", "aria-controls": "fields", click: unfold }, "Filters"),
    el("span", { id: "active" }),
    el("a", { class: "button", id: "clear", href: "#" }, "Clear"),
    el("div", { id: "fields" }, [
      select("target", "Target", [option(ANY), ...groups]),
      el("fieldset", { class: "field field-source" }, [
        el("legend", {}, "Sources"),
        el("details", {}, [el("summary", { id: "sources-summary" }, "all"), el("div", { class: "checks" }, data.sources.map(check))]),
      ]),
      ...SELECTS.map(([key, word, options]) => select(key, word, options.map(option))),
    ]),
  );
}

/** Filters take one line until they are needed. */
function unfold() {
  const folded = byId("filters").classList.toggle("folded");
  byId("more").setAttribute("aria-expanded", String(!folded));
}

/** The filters that are set, in words. */
function activeWords(state) {
  const words = SELECTS.flatMap(([key, word, options]) => (state[key] ? [`${word.toLowerCase()}: ${options.find(([value]) => value === state[key])[1]}`] : []));
  const target = state.target && !["compare", "words"].includes(state.view) ? [`target: ${plain(targetOf.get(state.target).name)}`] : [];
  const sources = state.source.length ? [`sources: ${state.source.map(plain).join(", ")}`] : [];
  return [...target, ...sources, ...words].join(" · ");
}

function syncFilters(state) {
  const form = byId("filters");
  form.hidden = ["label", "about", "agreement"].includes(state.view);
  for (const [key] of [["target"], ...SELECTS]) form.elements[key].value = state[key] ?? "";
  if (document.activeElement !== form.elements.q) form.elements.q.value = state.q ?? "";
  for (const box of form.querySelectorAll("[name=source]")) box.checked = state.source.includes(box.value);
  byId("sources-summary").textContent = state.source.length ? `${state.source.length} of ${data.sources.length}` : `all ${data.sources.length}`;
  byId("active").textContent = activeWords(state);
  byId("clear").href = link({ view: state.view, text: state.text });
  byId("clear").hidden = !FILTERS.some((key) => (Array.isArray(state[key]) ? state[key].length : state[key]));
}

/** The state of the filters. */
function filtered() {
  const fields = new FormData(byId("filters"));
  const said = Object.fromEntries(["target", "q", ...SELECTS.map(([key]) => key)].map((key) => [key, fields.get(key)]));
  const target = targetOf.get(said.target);
  if (target && said.targets && !belongs(target, said.targets)) said.targets = "";
  return { ...current, ...said, source: fields.getAll("source"), at: undefined, page: 1 };
}

function views(state) {
  const item = ([view, word]) =>
    el("li", {}, [el("a", { href: to(state, view), "data-key": `view ${view}`, "aria-current": view === state.view ? "page" : null }, word)]);
  byId("views").replaceChildren(...Object.entries(VIEWS).map(item));
}

function complain(text) {
  byId("alert").hidden = !text;
  byId("alert").textContent = plain(text);
}

/** Show the view that the address names, and put the focus where a reader expects it. */
async function show() {
  const mine = (turn += 1);
  pause();
  const { state, wrong } = parse(location.hash);
  const before = current;
  current = state;
  syncFilters(state);
  document.body.setAttribute("aria-busy", "true");
  let view;
  try {
    view = await VIEW[state.view](state);
    complain(wrong.length ? `Left out of the link, since it names nothing here: ${wrong.join(", ")}` : "");
  } catch (error) {
    view = { heading: "Nothing to show", status: "", body: [], csv: null };
    complain(error.message);
  }
  if (mine !== turn) return;
  document.body.removeAttribute("aria-busy");
  const key = document.activeElement?.dataset?.key;
  views(state);
  const heading = el("h2", { tabindex: "-1", id: "view" }, view.heading);
  if (view.stays && byId("main").contains(view.stays)) {
    byId("view").replaceWith(heading);
    view.update();
  } else byId("main").replaceChildren(heading, ...fragments(view.body));
  byId("status").textContent = view.status;
  csv = view.csv;
  byId("csv").hidden = !csv;
  document.title = `${plain(heading.textContent)} · ${plain(data.dataset.title)}`;
  focusAfter(before, state, heading, key);
  goOn();
  document.documentElement.dataset.shown = location.hash;
  performance.mark("shown");
}

const fragments = (body) => fill(document.createDocumentFragment(), {}, typeof body === "function" ? body() : body).childNodes;

function focusAfter(before, state, heading, key) {
  const at = byId("at");
  if (at && (!before || before.at !== state.at || before.view !== state.view)) {
    at.scrollIntoView({ block: "center" });
    at.focus({ preventScroll: true });
  } else if (state.open && (!before || before.open !== state.open)) {
    byId("panel-title").focus();
    if (before) return;
    finish();
    document.querySelector("td.chosen")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  } else if (before && before.view === state.view) {
    const wanted = before.open && !state.open ? `cell ${before.open}` : key;
    const place = () => [...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key === wanted);
    if (wanted && !place()) finish();
    if (wanted) place()?.focus();
  } else if (before) {
    scrollTo(0, 0);
    heading.focus({ preventScroll: true });
  }
}

function theme() {
  const button = byId("theme");
  const prefers = matchMedia("(prefers-color-scheme: dark)");
  const kept = () => {
    try {
      return localStorage.getItem("kazstance-theme");
    } catch {
      return null; // a browser may not store anything for a file
    }
  };
  const apply = (dark) => {
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    button.setAttribute("aria-pressed", String(dark));
  };
  apply(kept() ? kept() === "dark" : prefers.matches);
  prefers.addEventListener("change", (event) => kept() || apply(event.matches));
  button.addEventListener("click", () => {
    const dark = button.getAttribute("aria-pressed") !== "true";
    apply(dark);
    try {
      localStorage.setItem("kazstance-theme", dark ? "dark" : "light");
    } catch {
      // then the choice lasts as long as the page
    }
  });
}

function listen() {
  let waiting;
  const go = (state) => {
    clearTimeout(waiting);
    if (link(state) !== location.hash) location.hash = link(state);
  };
  byId("filters").addEventListener("change", (event) => event.target.name !== "q" && go(filtered()));
  byId("filters").addEventListener("input", (event) => {
    if (event.target.name !== "q") return;
    clearTimeout(waiting);
    waiting = setTimeout(() => location.replace(link(filtered())), 300);
  });
  byId("filters").addEventListener("submit", (event) => {
    event.preventDefault();
    const state = filtered();
    go(["sentences", "compare"].includes(state.view) ? state : { ...state, view: "sentences", open: undefined });
  });
  byId("csv").addEventListener("click", async () => {
    try {
      download(await csv());
    } catch (error) {
      complain(error.message);
    }
  });
  byId("skip").addEventListener("click", (event) => {
    event.preventDefault();
    byId("main").focus();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && current.open && !event.target.closest("form")) go({ ...current, open: undefined, page: 1 });
  });
  addEventListener("hashchange", show);
  addEventListener("beforeprint", finish);
}

theme();
header();
buildFilters();
listen();
if (data.differences.pending) awaitTests().catch((error) => complain(error.message));
// The header is painted first, then the view that the address names.
requestAnimationFrame(() => setTimeout(show));
