// Creating elements. Text is only inserted as text nodes, so that nothing in the data is ever markup.

const SVG = "http://www.w3.org/2000/svg";
// Embeddings, overrides and isolates, which would reorder the surrounding text.
const CONTROLS = /[\u202a-\u202e\u2066-\u2069]/g;

/** A string for places that cannot hold elements, such as options and attributes, without characters that reorder. */
const plain = (text) => String(text ?? "").replace(CONTROLS, "");

/** Text as nodes; a character that would reorder its surroundings is shown as its code instead. */
function* shown(text) {
  let done = 0;
  for (const found of String(text).matchAll(CONTROLS)) {
    yield text.slice(done, found.index);
    const code = `U+${found[0].codePointAt(0).toString(16).toUpperCase()}`;
    yield el("span", { class: "control", title: "a character that changes the direction of writing" }, [code]);
    done = found.index + 1;
  }
  yield text.slice(done);
}

/** An element with attributes, event listeners (functions) and children; null children and attributes are left out. */
function el(name, attributes = {}, children = []) {
  return fill(document.createElement(name), attributes, children);
}

function svg(name, attributes = {}, children = []) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

function fill(node, attributes, children) {
  for (const key in attributes) {
    const value = attributes[key];
    if (typeof value === "function") node.addEventListener(key, value);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(key, value === true ? "" : value);
  }
  add(node, children);
  return node;
}

function add(node, child) {
  if (Array.isArray(child)) for (const one of child) add(node, one);
  else if (child !== null && child !== undefined && child !== "") node.append(child);
}

/** A name from the data within the page's own text. */
const name = (text, attributes = {}) => el("bdi", attributes, [...shown(text)]);

/** Attributes of text in the language of a source; an invalid language tag is left out. */
function written(source) {
  const tag = source && source.language;
  return { dir: "auto", lang: /^[a-z]{2,3}(-[a-z0-9]{1,8})*$/i.test(tag ?? "") ? tag : null };
}

const NUMBERS = new Intl.NumberFormat("en");
const number = (value) => NUMBERS.format(value);
const count = (n, one, many = `${one}s`) => `${number(n)} ${n === 1 ? one : many}`;
const signed = (value) => {
  const shown = Number(value.toFixed(2));
  return (shown > 0 ? "+" : shown < 0 ? "−" : "") + Math.abs(shown).toFixed(2);
};
const percent = (value) => `${(100 * value).toFixed(1)}\u00a0%`;
