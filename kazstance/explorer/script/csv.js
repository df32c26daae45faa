// CSV of what is shown, made here; a cell that a spreadsheet would take for a formula begins with an apostrophe.

const FORMULA = /^[=+\-@\t\r]/;

function csvText(rows) {
  const cell = (value) => {
    const text = value === null || value === undefined ? "" : String(value);
    const safe = typeof value === "string" && FORMULA.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return rows.map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

function download({ name: title, rows }) {
  const file = URL.createObjectURL(new Blob([csvText(rows)], { type: "text/csv;charset=utf-8" }));
  const anchor = el("a", { href: file, download: `${data.dataset.id}-${title}.csv` });
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(file), 10_000);
}
