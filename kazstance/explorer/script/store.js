// The data: an overview that is always in the page, and sentences, which are in the page or on a server.

const data = JSON.parse(document.getElementById("data").textContent);
const sourceOf = new Map(data.sources.map((source, i) => [source.source_id, Object.assign(source, { i })]));
const targetOf = new Map(data.targets.map((target, i) => [target.target_id, Object.assign(target, { i })]));
const annotatorOf = new Map(data.annotators.map((annotator) => [annotator.annotator_id, annotator]));
const positionOf = new Map();
for (const values of data.positions) {
  const cell = record(data.position_columns, values);
  positionOf.set(`${cell.source_id}:${cell.target_id}`, cell);
}

/** The labels of stances, in the order in which they are counted. */
const SIDES = ["against", "neutral", "favor"];

function record(columns, values) {
  return Object.fromEntries(columns.map((column, i) => [column, values[i]]));
}

/** Rows as linked objects: units by number with their stances, judgements, and final labels. */
function linked(rows) {
  const units = new Map();
  for (const values of rows.units) {
    const unit = record(data.columns.unit, values);
    units.set(unit.n, Object.assign(unit, { source: data.sources[unit.source], stances: [] }));
  }
  const keyed = (kind) => (values) => {
    const row = record(data.columns[kind], values);
    return Object.assign(row, { unit: units.get(row.n), target: data.targets[row.target], label: row.label_name });
  };
  const stances = rows.stances.map(keyed("stance"));
  for (const stance of stances) stance.unit.stances.push(stance);
  const judgements = (rows.judgements ?? []).map(keyed("judgement"));
  return { units, stances, judgements, settled: (rows.settled ?? []).map(keyed("settled")) };
}

/** The units of the same paragraph before (-1) or after (1) a unit, nearest first, one more than is shown. */
function neighbours(units, unit, step) {
  const found = [];
  for (let i = 1; i <= data.around + 1; i += 1) {
    const near = units.get(unit.n + step * i);
    if (!near || near.paragraph_id !== unit.paragraph_id) break;
    found.push(near);
  }
  return found;
}

/** All rows in the page, which give the same answers as a server. */
function localStore(rows) {
  const all = linked(rows);
  for (const unit of all.units.values()) unit.lower = unit.text.toLowerCase();

  const VALUES = { source: (unit) => unit.source.source_id, target: (stance) => stance.target.target_id };
  const valueOf = (row, column) => (Object.hasOwn(VALUES, column) ? VALUES[column](row) : row[column]);
  const askUnit = (query) => matching("unit", query.whole ? { ...query, q: "" } : query, valueOf);
  const askStance = (query) => matching("stance", query, valueOf);

  const found = {
    async sentences(query) {
      const [unitFits, stanceFits] = [askUnit(query), askStance(query)];
      const chosen = new Map();
      for (const unit of all.units.values()) {
        if (!query.whole && !unitFits(unit)) continue;
        if (query.whole && !query.source.includes(unit.source.source_id)) continue;
        const stances = unitFits(unit) ? unit.stances.filter(stanceFits) : [];
        if (query.whole || stances.length || !narrows(query)) chosen.set(unit, stances);
      }
      const hits = [...chosen.keys()];
      const at = query.at ? hits.findIndex((unit) => unit.sentence_id === query.at) : -1;
      if (query.at && at < 0) throw new Error(`${query.at} is not among the sentences`);
      const offset = at < 0 ? query.offset : Math.floor(at / query.limit) * query.limit;
      const page = hits.slice(offset, offset + query.limit);
      return {
        total: hits.length,
        stancesTotal: hits.reduce((sum, unit) => sum + chosen.get(unit).length, 0),
        offset,
        units: all.units,
        hits: page.map((unit) => ({ unit, stances: chosen.get(unit) })),
      };
    },
    async counts(query) {
      const [unitFits, stanceFits] = [askUnit(query), askStance(query)];
      const counts = new Array(data.sources.length * data.targets.length * SIDES.length).fill(0);
      for (const stance of all.stances) {
        if (!stance.holder && unitFits(stance.unit) && stanceFits(stance)) {
          const cell = stance.unit.source.i * data.targets.length + stance.target.i;
          counts[cell * SIDES.length + SIDES.indexOf(stance.label)] += 1;
        }
      }
      return counts;
    },
    words: async (target) => rows.words[targetOf.get(target).i],
    agreement: async () => rows.agreement,
    async splits(one, other) {
      const found = new Map();
      for (const row of all.judgements) {
        if (row.holder || ![one, other].includes(row.annotator_id)) continue;
        const key = `${row.n}:${row.target.i}`;
        const both = found.get(key) ?? { unit: row.unit, target: row.target, rounds: {} };
        if (!(both.rounds[row.annotator_id]?.round > row.round)) both.rounds[row.annotator_id] = row;
        found.set(key, both);
      }
      const label = (both, who) => both.rounds[who]?.label;
      const apart = [...found.values()].filter((both) => label(both, one) && label(both, other) && label(both, one) !== label(both, other));
      apart.sort((a, b) => a.unit.n - b.unit.n || a.target.i - b.target.i);
      return { total: apart.length, rows: apart.slice(0, PAGE.splits).map((both) => [both.unit, both.target, label(both, one), label(both, other)]) };
    },
    async strip(query) {
      const [unitFits, stanceFits] = [askUnit(query), askStance(query)];
      const units = [...all.units.values()].filter((unit) => query.source.includes(unit.source.source_id));
      const side = (unit) => {
        const found = new Set(unitFits(unit) ? unit.stances.filter(stanceFits).map((stance) => stance.label) : []);
        if (!found.size) return unit.annotated ? "." : "_";
        if (query.target.length !== 1) return "s";
        return found.size > 1 ? "m" : [...found][0][0];
      };
      return { ids: units.map((unit) => unit.sentence_id), sides: units.map(side).join("") };
    },
    async history(sentence) {
      const unit = [...all.units.values()].find((one) => one.sentence_id === sentence);
      if (!unit) throw new Error(`${sentence} is not a sentence of this dataset`);
      const own = (rows) => rows.filter((row) => row.unit === unit);
      return { unit, units: all.units, judgements: own(all.judgements), settled: own(all.settled) };
    },
  };
  return { ...found, each: (query) => Promise.all(query.source.map((source) => found.sentences({ ...query, source: [source] }))) };
}

/** Rows on a server, fetched as they are needed. */
function remoteStore() {
  const ask = async (path, fields) => {
    const list = Object.entries(fields).flatMap(([key, value]) => [value].flat().map((one) => [key, one]));
    const given = list.filter(([, value]) => value !== undefined && value !== "" && value !== false);
    const response = await fetch(`${path}?${new URLSearchParams(given)}`).catch(() => {
      throw new Error("The server does not answer; is `kazstance explore --serve` still running?");
    });
    const content = await response.json();
    if (!response.ok) throw new Error(content.error);
    return content;
  };
  const read = (found) => {
    const { units } = linked(found);
    const hits = found.hits.map((n) => ({ unit: units.get(n), stances: units.get(n).stances }));
    return { total: found.total, stancesTotal: found.stances_total, offset: found.offset, units, hits };
  };
  return {
    sentences: async (query) => read(await ask("sentences", query)),
    each: async (query) => (await ask("each", query)).map(read),
    differences: () => ask("differences", {}),
    counts: (query) => ask("counts", query),
    strip: (query) => ask("strip", query),
    words: (target) => ask("words", { target }),
    agreement: () => ask("agreement", {}),
    async splits(one, other) {
      const found = await ask("splits", { one, other });
      const { units } = linked(found);
      return { total: found.total, rows: found.rows.map(([n, target, ...said]) => [units.get(n), data.targets[target], ...said]) };
    },
    async history(sentence) {
      const found = await ask("history", { sentence });
      const all = linked(found);
      return { unit: all.units.get(found.hits[0]), ...all };
    },
  };
}

const store = data.rows ? localStore(data.rows) : remoteStore();
