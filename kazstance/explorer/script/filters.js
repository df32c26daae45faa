// Which rows match a filter: the table of kazstance.explorer.filters, which comes with the data.

const TERM = /(-?)"([^"]+)"|(-?)(\S+)/g;

/** The terms of a search: words or parts of them, "phrases", and either after a - to leave texts out. */
function terms(sought) {
  const found = [];
  for (const [, minus, phrase, before, word] of (sought ?? "").toLowerCase().matchAll(TERM)) {
    const text = phrase || word.replace(/^["*]+|["*]+$/g, "");
    if (text) found.push({ text, excluded: Boolean(minus || before) });
  }
  return found;
}

const FITS = {
  among: (value, wanted) => wanted.includes(value),
  equal: (value, wanted) => String(value) === String(wanted),
  words: (lower, sought) => terms(sought).every(({ text, excluded }) => lower.includes(text) !== excluded),
};
const isSet = (value) => value !== undefined && value !== null && value !== "" && value.length !== 0;

/** Whether a query asks only for sentences with certain stances. */
const narrows = (query) => data.filters.some(({ key, of }) => of === "stance" && isSet(query[key]));

/** A test of rows of a kind; `valueOf` gives the value of a row in a column. */
function matching(kind, query, valueOf) {
  const asked = data.filters.filter(({ key, of }) => of === kind && isSet(query[key]));
  return (row) => asked.every(({ key, column, how }) => FITS[how](valueOf(row, column), query[key]));
}
