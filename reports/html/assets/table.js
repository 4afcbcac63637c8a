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

  const name = (cell) => cell.dataset.title ?? cell.dataset.text;

  // A column for each number: value, low, high, deviation; none is written with a comma.
  function csv() {
    const { titles, rows } = shown();
    const quoted = (value) => (/[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
    const columns = titles.flatMap((title, index) => {
      const own = rows.map((row) => row[index]);
      if (!own.some((cell) => cell.dataset.parts)) return [[title, ...own.map(name)]];
      const numbers = own.map((cell) => JSON.parse(cell.dataset.parts));
      const parts = [...new Set(["", ...numbers.flatMap(Object.keys)])];
      return parts.map((part) => [[title, part].filter(Boolean).join(" "), ...numbers.map((each) => String(each[part] ?? ""))]);
    });
    return [titles, ...rows].map((_, line) => columns.map((column) => quoted(column[line])).join(",")).join("\n") + "\n";
  }

  // The test images of the categories that are shown; of all of them where means alone are shown.
  function sizes(rows) {
    const every = JSON.parse(board.dataset.sizes);
    const places = [...new Set(rows.map((row) => row[0].closest("tr").dataset.place))].filter((each) => each in every);
    const bySize = new Map();
    for (const each of places.length ? places : Object.keys(every)) bySize.set(every[each], [...(bySize.get(every[each]) || []), each]);
    return [...bySize].map(([size, own]) => `${own.join(", ")}: ${size}`).join("; ");
  }

  function latex() {
    const { titles, rows } = shown();
    const marks = { "\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}", "±": "$\\pm$", "≈": "$\\approx$" };
    const escaped = (value) => value.replace(/[\\~^±≈]|[&%$#_{}]/g, (mark) => marks[mark] || "\\" + mark);
    const shownText = (cell) => {
      const value = escaped(name(cell));
      const interval = cell.dataset.interval ? ` {\\scriptsize ${cell.dataset.interval}}` : "";
      const doubt = "doubtful" in cell.dataset ? " $\\approx$" : "";
      return ("best" in cell.dataset ? `\\textbf{${value}}` : value) + doubt + interval;
    };
    const align = titles.map((title) => (/^(category|method)$/.test(title) ? "l" : "r")).join("");
    const lines = rows.map((row) => row.map(shownText).join(" & ") + " \\\\");
    const head = titles.map(escaped).join(" & ") + " \\\\";
    const told = [
      [/±/, "±: sample standard deviation over seeds."],
      [/scriptsize/, "[low, high]: 95 % confidence interval over the test images."],
      [/textbf/, "Bold: the best."],
      [/approx/, "≈: not shown to be better than the second."],
    ];
    const body = lines.join("\n").replaceAll("$\\pm$", "±");
    const caption = [`Test images: ${sizes(rows)}.`, ...told.filter(([mark]) => mark.test(body)).map(([, text]) => text)].join(" ");
    return [
      "\\begin{table}[ht]",
      "\\centering",
      `\\caption{${escaped(caption)}}`,
      `\\begin{tabular}{${align}}`,
      "\\toprule",
      head,
      "\\midrule",
      ...lines,
      "\\bottomrule",
      "\\end{tabular}",
      "\\end{table}",
      "",
    ].join("\n");
  }

  async function copyAs(form, content) {
    await copy(content());
    byId("copied").textContent = `Copied as ${form}: ${plural(shown().rows.length, "row")}.`;
  }

  heads.forEach((head) => head.querySelector("button").addEventListener("click", () => sort(head)));
  document.querySelectorAll("[data-column]").forEach((box) =>
    box.addEventListener("change", () => cellsOf(box.dataset.column).forEach((cell) => cell.classList.toggle("off", !box.checked))),
  );
  place.addEventListener("change", filter);
  const menu = document.querySelector(".menu");
  document.addEventListener("click", (event) => !menu.contains(event.target) && (menu.open = false));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  byId("copy-latex").addEventListener("click", () => copyAs("LaTeX", latex));
  byId("copy-csv").addEventListener("click", () => copyAs("CSV", csv));
  filter();
}
