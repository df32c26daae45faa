// CSV of the current view; a cell that a spreadsheet would read as a formula begins with an apostrophe.

// The same as in kazstance.output.cells: apostrophes, and a sign behind space or what is not seen, or the end of a cell.
const FORMULA =
  /^'*(?:[\s\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]*[=+\-@⁺⁼₊₌﬩﹢﹣﹦﹫＋－＝＠]|[\t\r\n])/u;

function csvText(rows) {
  const cell = (value) => {
    const text = value === null || value === undefined ? "" : String(value);
    const safe = typeof value === "string" && FORMULA.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return rows.map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

/** What a file is called: the dataset with its version and digest, and what is shown. */
const fileName = (title) => `${data.dataset.id}-${data.dataset.version}-${data.dataset.digest.slice(0, 8)}-${title}`;

/** Rows with the version and digest of the dataset that they are from. */
const dated = ([head, ...rows]) => [
  [...head, "dataset_version", "dataset_digest"],
  ...rows.map((row) => [...row, data.dataset.version, data.dataset.digest]),
];

function download({ name: title, rows }) {
  saveFile(new Blob([csvText(dated(rows))], { type: "text/csv;charset=utf-8" }), `${fileName(title)}.csv`);
}

function saveFile(content, called) {
  const file = URL.createObjectURL(content);
  el("a", { href: file, download: called.replaceAll("/", "-") }).click();
  setTimeout(() => URL.revokeObjectURL(file), 10_000);
}
