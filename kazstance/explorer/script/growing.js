// Long lists and tables: the first rows at once, the others after the view is painted, a few at a time.

/** How many drawings of a source on a target are made at a time. */
const AT_ONCE = 300;
/** Milliseconds between two parts, for clicks and painting. */
const PAUSE = 16;
const unmade = new WeakMap();
let growing;

/** Call the first of some functions, each of which adds a row with a number of drawings to a node, and keep the others. */
function grow(node, makers, drawings) {
  unmade.set(node, { makers, size: Math.ceil(AT_ONCE / Math.max(1, drawings)), made: 0 });
  makeMore(node);
}

function makeMore(node, all = false) {
  const rows = unmade.get(node);
  const next = all ? rows.makers.length : rows.made + rows.size;
  for (const make of rows.makers.slice(rows.made, next)) make();
  rows.made = next;
  if (next < rows.makers.length) node.setAttribute("aria-busy", "true");
  else node.removeAttribute("aria-busy");
}

const unfinished = () => document.querySelectorAll("main [aria-busy]");

/** Make all rows of the view now. */
function finish() {
  for (const node of unfinished()) makeMore(node, true);
}

/** Make no more rows, since another view is asked for. */
const pause = () => clearTimeout(growing);

/** Make the other rows of the view while nothing else is to do. */
function goOn() {
  pause();
  if (!unfinished().length) return;
  growing = setTimeout(() => {
    for (const node of unfinished()) makeMore(node);
    goOn();
  }, PAUSE);
}
