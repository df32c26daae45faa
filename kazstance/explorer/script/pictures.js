// Pictures of what is shown, as SVG or PNG, always in the light colours, with the version and digest of the data.

const INK = { favor: "#0b5fa5", against: "#a8480a", neutral: "#55534c", ink: "#1d1d1b", soft: "#5a5954", line: "#d9d6cd", sheet: "#ffffff" };
const GROUND = { "favor s1": "#e8f1f9", "favor s2": "#cfe3f5", "against s1": "#fcefe4", "against s2": "#fae3d0" };
const FONT = "system-ui, 'DejaVu Sans', sans-serif";
/** Factor by which a PNG is larger than the picture on the screen. */
const SHARP = 2;

function saveButtons(picture, title) {
  const save = (kind) => el("button", { type: "button", "data-key": `save ${kind}`, click: () => savePicture(picture(), title, kind).catch((error) => complain(error.message)) }, kind.toUpperCase());
  return el("span", { class: "save" }, ["Save this picture: ", save("svg"), save("png")]);
}

async function savePicture(picture, title, kind) {
  picture.setAttribute("xmlns", SVG);
  const text = new XMLSerializer().serializeToString(picture);
  const drawn = new Blob([text], { type: "image/svg+xml" });
  saveFile(kind === "svg" ? drawn : await asPng(drawn, picture), `${fileName(title)}.${kind}`);
}

/** An SVG drawn on a canvas. */
async function asPng(drawn, picture) {
  const address = URL.createObjectURL(drawn);
  const image = new Image();
  image.src = address;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = SHARP * picture.getAttribute("width");
  canvas.height = SHARP * picture.getAttribute("height");
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(address);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

const write = (x, y, said, more = {}) => svg("text", { x, y, "font-family": FONT, "font-size": 12, fill: INK.ink, ...more }, drawable(said));

// Characters that no XML may have, without which a picture would not be one.
const NOT_XML = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]/gu;
const drawable = (said) => plain(said).replace(NOT_XML, "\ufffd");

/** How wide a character is, as so many letters of common width: signs of East Asia and beyond the first plane take two. */
function letters(character) {
  if (/[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{10000}-\u{3fffd}]/u.test(character)) return 2;
  return /[mMW@%]/.test(character) ? 1.65 : /\p{Lu}/u.test(character) ? 1.2 : 1;
}
const lettersOf = (text) => [...text].reduce((sum, character) => sum + letters(character), 0);

/** A text in lines of so many letters at most; a longer word is broken anywhere. */
function wrapped(said, wide) {
  const lines = [""];
  const fits = (more) => lettersOf(lines.at(-1)) + lettersOf(more) <= wide;
  const add = (more) => {
    lines[lines.length - 1] += more;
  };
  for (const word of drawable(said).split(/\s+/).filter(Boolean)) {
    if (lines.at(-1) && !fits(` ${word}`)) lines.push("");
    if (lines.at(-1)) add(" ");
    for (const { segment } of new Intl.Segmenter("en").segment(word)) {
      if (lines.at(-1) && !fits(segment)) lines.push("");
      add(segment);
    }
  }
  return lines;
}

/** A mark as in the page, with its colours as attributes. */
function paintedMark(cell, letter, x, y) {
  const drawn = mark(cell, letter, x, y);
  const { side, sure } = tone(cell);
  for (const part of drawn.children) {
    const isRing = part.getAttribute("class") === "ring";
    const isText = part.localName === "text";
    const filled = sure && side !== "neutral";
    const paint = isText
      ? { fill: filled ? INK.sheet : INK[side], "text-anchor": "middle", "font-family": FONT, "font-size": 9.5, "font-weight": 700 }
      : { stroke: INK[side], "stroke-width": isRing ? 1.2 : 1.5, fill: isRing ? "none" : filled ? INK[side] : INK.sheet, "stroke-dasharray": side === "neutral" ? "2 1.6" : "none" };
    for (const [key, value] of Object.entries(paint)) part.setAttribute(key, value);
  }
  return drawn;
}

/** A picture with its title, the names of the sources, what is drawn, and where it is from. */
function framed(title, width, sources, draw, figures = "Net stance in the sources' own voice, pooled, with 95 % intervals") {
  const names = wrapped(sources.map((source) => `${letterOf(source)} ${source.source_id}`).join("   "), width / 7);
  const top = 48 + 16 * names.length;
  const { nodes, height } = draw(top);
  const from = `${plain(data.dataset.id)} ${data.dataset.version}, digest ${data.dataset.digest.slice(0, 12)}. ${figures}; square: in favor, circle: against, hollow: not sure, ring: dissent.`;
  const foot = wrapped(from, width / 6.2);
  const total = top + height + 14 * foot.length + 16;
  return svg("svg", { width, height: total, viewBox: `0 0 ${width} ${total}` }, [
    svg("rect", { width, height: total, fill: INK.sheet }),
    write(12, 26, title, { "font-size": 16, "font-weight": 700 }),
    names.map((line, i) => write(12, 46 + 16 * i, line, { fill: INK.soft })),
    nodes,
    foot.map((line, i) => write(12, top + height + 18 + 14 * i, line, { "font-size": 11, fill: INK.soft })),
  ]);
}

const rule = (x1, x2, y1, y2, stroke, more = {}) => svg("line", { x1, x2, y1, y2, stroke, ...more });

/** The dot plot. */
function dotPicture(rows, sources, two) {
  const x = (value) => 770 + 200 * value;
  return framed("Where the sources differ", 1000, sources, (top) => {
    const nodes = [write(570, top, "−1 against", { fill: INK.soft }), write(767, top, "0", { fill: INK.soft }), write(970, top, "favor +1", { fill: INK.soft, "text-anchor": "end" })];
    let y = top + 8;
    for (const row of rows) {
      const cells = sources.map((source) => [source, positionOf.get(`${source.source_id}:${row.target.target_id}`)]).filter(([, cell]) => isAddressed(cell));
      const lines = wrapped(row.target.name, 44);
      const tall = Math.max(LANE * cells.length + 8, 15 * lines.length + 8, 38);
      nodes.push(rule(12, 988, y, y, INK.line), [-1, 0, 1].map((at) => rule(x(at), x(at), y, y + tall, at ? INK.line : INK.soft)));
      lines.forEach((line, i) => nodes.push(write(12, y + 17 + 15 * i, line)));
      nodes.push(write(330, y + 17, two ? answerOf(row, two) : row.words, { "font-weight": 600 }));
      nodes.push(write(330, y + 32, two ? pairWords(row, two).split("; ")[1] ?? "" : targetWords(row).split("; ")[0], { "font-size": 11, fill: INK.soft }));
      cells.forEach(([source, cell], lane) => {
        const at = y + LANE * lane + LANE / 2 + 4;
        const { side, sure } = tone(cell);
        if (takesSides(cell)) nodes.push(rule(x(cell.net_low), x(cell.net_high), at, at, INK[side], { "stroke-width": sure ? 2.4 : 1.2, opacity: sure ? 1 : 0.65 }));
        nodes.push(paintedMark(cell, letterOf(source), x(cell.net), at));
      });
      y += tall;
    }
    return { nodes, height: y - top };
  });
}

/** The matrix, with a mark for each cell. */
function matrixPicture(state, rows, sources, cellOn) {
  const [left, size] = [330, 26];
  return framed("Where the sources stand", Math.max(640, left + size * sources.length + 12), sources, (top) => {
    const nodes = sources.map((source, i) => write(left + size * (i + 0.5), top + 6, letterOf(source), { "font-weight": 700, "text-anchor": "middle" }));
    let y = top + 12;
    for (const [group, targets] of rows) {
      if (group) {
        nodes.push(write(12, y + 17, group, { "font-weight": 600, fill: INK.soft }));
        y += 24;
      }
      for (const target of targets) {
        const lines = wrapped(target.name, 44);
        const tall = Math.max(size, 15 * lines.length + 6);
        lines.forEach((line, i) => nodes.push(write(12, y + 16 + 15 * i, line)));
        sources.forEach((source, i) => {
          const cell = cellOn(source, target);
          nodes.push(svg("rect", { x: left + size * i, y, width: size, height: tall, fill: GROUND[toneClasses(cell)] ?? INK.sheet, stroke: INK.line }));
          const [sign, middle] = [SIGNS[tone(cell).side], left + size * (i + 0.5)];
          if (isAddressed(cell)) nodes.push(paintedMark(cell, sign, middle, y + tall / 2));
          else if (sign) nodes.push(write(middle, y + tall / 2 + 4, sign, { "text-anchor": "middle", fill: INK.soft }));
        });
        y += tall;
      }
    }
    return { nodes, height: y - top };
  }, matrixWords(state));
}

/** What the matrix shows, in words: under filters, which. */
function matrixWords(state) {
  const unheard = "empty: silent, ·: not asked, ?: undecided";
  if (!thins(state)) return `Net stance in the sources' own voice, pooled; ${unheard}`;
  const sought = state.q ? ` · search: ${state.q}` : "";
  return `${filterWords(state)} Filters: ${activeWords(state)}${sought}; empty: silent, or no sentence is left`;
}
