// The leaderboard: sorted by a press on a heading, columns and categories on and off, copied as LaTeX or CSV.
function leaderboard() {
  const board = byId("board");
  if (!board) return;
  const body = board.tBodies[0];
  const heads = [...board.tHead.rows[0].cells];
  const place = byId("board-place");

  const cellsOf = (key) => board.querySelectorAll(`[data-key="${CSS.escape(key)}"]`);
  const isShown = (node) => !node.hidden && !node.classList.contains("off");

  function filter() {
    const wanted = place.value;
    for (const row of body.rows) {
      const own = row.dataset.place;
      row.hidden = wanted !== "*all" && own !== wanted;
    }
    cellsOf("place").forEach((cell) => cell.classList.toggle("off", wanted !== "*all"));
  }

  function sort(head) {
    const key = head.dataset.key;
    const isText = key === "place" || key === "name";
    const before = head.getAttribute("aria-sort");
    const isAscending = before ? before === "descending" : isText;
    heads.forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", isAscending ? "ascending" : "descending");
    const value = (row) => {
      const cell = row.querySelector(`[data-key="${CSS.escape(key)}"]`);
      return isText ? cell.dataset.text : cell.dataset.sort === undefined ? null : Number(cell.dataset.sort);
    };
    const rows = [...body.rows].map((row) => [value(row), row]);
    rows.sort(([a], [b]) => {
      if (a === null || b === null) return (a === null) - (b === null);
      const order = isText ? a.localeCompare(b, undefined, { numeric: true }) : a - b;
      return isAscending ? order : -order;
    });
    body.append(...rows.map(([, row]) => row));
    board.classList.add("sorted");
  }

  function shown() {
    const columns = heads.filter(isShown);
    const rows = [...body.rows].filter(isShown);
    const cells = (row) => columns.map((head) => row.querySelector(`[data-key="${CSS.escape(head.dataset.key)}"]`));
    return { titles: columns.map((head) => head.textContent.trim()), rows: rows.map(cells) };
  }

  const text = (cell) => [cell.dataset.text, cell.dataset.interval].filter(Boolean).join(" ");

  function csv() {
    const { titles, rows } = shown();
    const quoted = (value) => (/[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
    return [titles, ...rows.map((row) => row.map(text))].map((line) => line.map(quoted).join(",")).join("\n") + "\n";
  }

  function latex() {
    const { titles, rows } = shown();
    const marks = { "\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}", "±": "$\\pm$", "≈": "$\\approx$" };
    const escaped = (value) => value.replace(/[\\~^±≈]|[&%$#_{}]/g, (mark) => marks[mark] || "\\" + mark);
    const shownText = (cell) => {
      const value = escaped(cell.dataset.text);
      const interval = cell.dataset.interval ? ` {\\scriptsize ${cell.dataset.interval}}` : "";
      return ("best" in cell.dataset ? `\\textbf{${value}}` : value) + interval;
    };
    const align = titles.map((title) => (/^(category|method)$/.test(title) ? "l" : "r")).join("");
    const lines = rows.map((row) => row.map(shownText).join(" & ") + " \\\\");
    const head = titles.map(escaped).join(" & ") + " \\\\";
    return [`\\begin{tabular}{${align}}`, "\\toprule", head, "\\midrule", ...lines, "\\bottomrule", "\\end{tabular}", ""].join("\n");
  }

  async function copyAs(name, content) {
    await copy(content());
    byId("copied").textContent = `Copied as ${name}: ${plural(shown().rows.length, "row")}.`;
  }

  heads.forEach((head) => head.querySelector("button").addEventListener("click", () => sort(head)));
  document.querySelectorAll("[data-column]").forEach((box) =>
    box.addEventListener("change", () => cellsOf(box.dataset.column).forEach((cell) => cell.classList.toggle("off", !box.checked))),
  );
  place.addEventListener("change", filter);
  byId("copy-latex").addEventListener("click", () => copyAs("LaTeX", latex));
  byId("copy-csv").addEventListener("click", () => copyAs("CSV", csv));
  filter();
}
