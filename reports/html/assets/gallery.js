// The misjudged images of the job that is chosen above.
const SHELVES = { missed: "Worst misses", "false alarm": "Worst false alarms", near: "Nearest to the threshold" };

function gallery(chosen) {
  const shelves = byId("shelves");
  if (!shelves || !chosen) return;
  let pictures = null;

  function outlined(photo, map) {
    const box = { viewBox: `0 0 ${photo.width} ${photo.height}`, "aria-hidden": "true", class: "outlines" };
    const line = (d, kind) => (d ? [shape("path", { class: "rim", d }), shape("path", { class: kind, d })] : []);
    return shape("svg", box, ...line(photo.truth, "truth"), ...line(map && map.found, "found"));
  }

  const large = make("dialog", { class: "large", "aria-label": "Picture" });
  document.body.append(large);
  large.addEventListener("click", () => large.close());

  // The pictures of an image side by side; a press shows them large.
  function panes(photo, heat, name) {
    if (photo.classList.contains("empty") && !heat) return make("div", { class: "panes" }, photo);
    const button = make("button", { type: "button", class: "panes", "aria-label": `Enlarge ${name}` }, photo, heat);
    button.addEventListener("click", () => {
      const copies = [...button.children].map((pane) => pane.cloneNode(true));
      const close = make("button", { type: "button", class: "quiet", "aria-label": "Close" }, "Close ✕");
      large.replaceChildren(make("p", {}, make("span", { class: "path" }, name), close), make("div", { class: "panes" }, ...copies));
      large.showModal();
    });
    return button;
  }

  // How many images of a kind there are at the threshold in use, of which some are shown.
  function total(job, kind) {
    if (kind === "near") return null;
    const isDefective = kind === "missed";
    const scores = job.views[job.standing ? job.standing.view : 0].test;
    const isOfKind = (index) => !job.standing || (scores[index] > job.standing.threshold) !== isDefective;
    const number = job.defective.filter((is, index) => is === isDefective && isOfKind(index)).length;
    return job.standing ? `${number} ${isDefective ? "missed" : "false alarms"}` : plural(number, `${isDefective ? "defective" : "normal"} image`);
  }

  function figure(job, each) {
    const photo = each.photo === null ? null : pictures.photos[each.photo];
    const map = each.map === null ? null : pictures.maps[each.map];
    const name = job.paths[each.index];
    const score = job.views[job.standing ? job.standing.view : 0].test[each.index];
    const kind = job.types[each.index].join(", ") || "normal";
    const image = photo && make("div", { class: "pane" }, make("img", { src: photo.address, width: photo.width, height: photo.height, alt: `${kind}: ${name}` }), outlined(photo, map));
    const heat = map && make("div", { class: "pane" }, make("img", { src: map.address, alt: `anomaly map of ${name}` }));
    return make(
      "figure",
      { class: "misjudged" },
      panes(image || make("div", { class: "pane empty" }, "no picture"), heat, `${kind}, ${short(score)}: ${name}`),
      make("figcaption", {}, make("b", {}, kind), ` ${short(score)} `, make("span", { class: "path" }, name)),
    );
  }

  function show(job) {
    pictures ??= stored("pictures");
    const at = job.standing ? `threshold ${short(job.standing.threshold)}` : "no threshold: the highest normal and the lowest defective images";
    const seeds = chosen.jobs.filter((other) => other.place === job.place && other.letter === job.letter);
    const first = seeds.find((other) => other.misjudged.some((each) => each.photo !== null));
    const notes = [job.absent, !job.absent && first && first !== job ? `Pictures are kept for seed ${first.seed}.` : null];
    if (!job.absent && !first) notes.push("The pictures of this job were left out to keep this page small.");
    const hasMaps = job.misjudged.some((each) => each.map !== null);
    if (!hasMaps) notes.push(make("span", {}, ...keepMaps(job, "For heat maps and outlines")));
    const rows = Object.entries(SHELVES).map(([kind, title]) => {
      const own = job.misjudged.filter((each) => each.kind === kind);
      const of = total(job, kind);
      const told = of && own.length ? make("span", { class: "muted of-all" }, ` ${own.length} of ${of}`) : null;
      return own.length
        ? make("div", { class: "shelf" }, make("h3", {}, title, told), make("div", { class: "figures" }, ...own.map((each) => figure(job, each))))
        : make("div", { class: "shelf" }, make("h3", {}, title), make("p", { class: "muted" }, "None."));
    });
    shelves.replaceChildren(make("p", { class: "muted" }, `${job.letter} ${job.name} on ${job.place}, ${at}.`), ...notes.filter(Boolean).map((note) => make("p", { class: "note" }, note)), ...rows);
    mirror(job);
  }

  function mirror(job) {
    options(byId("gallery-place"), chosen.places);
    byId("gallery-place").value = job.place;
    byId("gallery-method").innerHTML = "";
    for (const option of byId("pick-method").options) byId("gallery-method").append(option.cloneNode(true));
    byId("gallery-method").value = job.letter;
  }

  for (const id of ["gallery-place", "gallery-method"]) {
    byId(id).addEventListener("change", () => chosen.pick(byId("gallery-place").value, byId("gallery-method").value));
  }
  chosen.whenChosen(show);
}
