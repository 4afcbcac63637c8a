// A category: its scores, the threshold and the area that are moved, and what follows from them.


const NO_MAPS = "This method gives no anomaly maps with these settings.";

// What to run so that maps are kept; or that there are none.
function keepMaps(job, wish) {
  return job.finetune ? [`${wish}, run `, make("code", {}, job.finetune), " with the same --results, then report."] : [NO_MAPS];
}

function explorer() {
  const { jobs, lists } = stored("data");
  if (!jobs.length || !byId("explore")) return null;
  byId("explore").hidden = false;
  const state = { job: null, view: 0, threshold: 0, drawn: null };
  const changed = [];

  const opened = (job) => {
    if (!job.isOpen) {
      job.isOpen = true;
      job.paths = lists[job.paths];
      job.types = lists[job.types];
      job.defective = job.types.map((types) => types.length > 0);
      for (const view of job.views) {
        view.test = unpacked(view.test);
        view.calibration = unpacked(view.calibration);
        view.paths = lists[view.paths];
      }
    }
    return job;
  };

  const view = () => state.job.views[state.view];
  const areas = () => state.job.views.map((each, index) => ({ ...each, index })).filter((each) => each.area !== null).sort((a, b) => a.area - b.area);
  const standing = () => state.job.standing;
  const isStanding = () => standing() && standing().view === state.view && standing().threshold === state.threshold;
  const isCalibrated = () => view().calibrated === state.threshold;

  function pick(place, letter, seed) {
    const of = jobs.filter((job) => job.place === place);
    const methods = [...new Set(of.map((job) => job.letter))].sort((a, b) => a.length - b.length || a.localeCompare(b));
    const chosen = methods.includes(letter) ? letter : methods[0];
    const named = (each) => `${each}  ${of.find((job) => job.letter === each).name}`;
    const seeds = of.filter((job) => job.letter === chosen).map((job) => String(job.seed));
    options(byId("pick-method"), methods, named);
    options(byId("pick-seed"), seeds);
    byId("pick-place").value = place;
    byId("pick-method").value = chosen;
    if (seeds.includes(seed)) byId("pick-seed").value = seed;
    byId("seed-label").hidden = seeds.length < 2;
    open(of.find((job) => job.letter === chosen && String(job.seed) === byId("pick-seed").value));
  }

  function open(job) {
    state.job = opened(job);
    state.view = job.standing ? job.standing.view : 0;
    state.threshold = job.standing ? job.standing.threshold : (view().oracle ?? view().test[0]);
    const defective = job.defective.filter(Boolean).length;
    const share = Math.round((1000 * defective) / job.defective.length);
    byId("prevalence-here").textContent = share;
    byId("seed-text").textContent = seedText();
    if (!byId("prevalence").dataset.isOwn) byId("prevalence").value = share;
    redraw();
    changed.forEach((tell) => tell(job));
  }

  // Everything that depends on the job or the area; `update` does the rest.
  function redraw() {
    const found = areas();
    document.querySelectorAll(".of-area").forEach((node) => (node.hidden = !found.length));
    byId("area").max = found.length;
    byId("area").value = view().area === null ? 0 : 1 + found.findIndex((each) => each.area === view().area);
    const text = view().area === null ? "none: image score" : `${view().area.toLocaleString("en")} px`;
    byId("area-value").textContent = text;
    byId("area").setAttribute("aria-valuetext", text);
    byId("no-area").replaceChildren(
      ...(found.length > 1 ? [] : keepMaps(state.job, "To move a minimum defect area here")),
    );
    state.drawn = strip(byId("strip"), view(), lanes(), marks(), moveTo);
    buttons();
    update();
  }

  function marks() {
    const found = [];
    if (view().calibrated !== null) found.push({ name: "calibrated", threshold: view().calibrated });
    if (standing() && standing().applied && standing().view === state.view) found.push({ name: "applied", threshold: standing().threshold });
    if (view().oracle !== null) found.push({ name: "oracle", threshold: view().oracle });
    return found.filter((mark) => mark.name !== "calibrated" || !found.some((other) => other.name === "applied" && other.threshold === mark.threshold));
  }

  function lanes() {
    const { paths, types } = state.job;
    const item = (index) => ({ name: paths[index], score: view().test[index], index });
    const every = paths.map((_, index) => index);
    const names = [...new Set(types.flat())].sort((a, b) => a.localeCompare(b, undefined, { numeric: true }));
    const calibration = view().calibration.map((score, index) => ({ name: view().paths[index] || "calibration image", score }));
    return [
      { name: "calibration", kind: "calibration", items: calibration },
      { name: "normal", kind: "normal", items: every.filter((index) => !types[index].length).map(item) },
      ...names.map((name) => ({ name, kind: "defective", items: every.filter((index) => types[index].includes(name)).map(item) })),
    ].filter((lane) => lane.items.length);
  }

  function moveTo(threshold) {
    state.threshold = threshold;
    update();
  }

  function buttons() {
    byId("marks").replaceChildren(
      ...marks().map((mark) => {
        const button = make("button", { type: "button", "data-mark": mark.name }, `${mark.name} ${short(mark.threshold)}`);
        button.addEventListener("click", () => moveTo(mark.threshold));
        return button;
      }),
    );
  }

  function update() {
    const { threshold, job, drawn } = state;
    drawn.show(threshold);
    byId("threshold").value = Math.round(1000 * drawn.share(threshold));
    byId("threshold").setAttribute("aria-valuetext", short(threshold));
    if (document.activeElement !== byId("threshold-value")) byId("threshold-value").value = Number(threshold.toPrecision(8));
    byId("state").replaceChildren(...stateText());
    byId("strip").setAttribute("aria-label", `Scores of ${job.paths.length} test images, threshold ${short(threshold)}`);
    const called = view().test.map((score) => score > threshold);
    confusion(called);
    changes(called);
    price(called);
    const others = marks().filter((mark) => mark.threshold !== threshold);
    curves(view(), job.defective, [...others, { name: "here", threshold }]);
    document.querySelectorAll("#marks button").forEach((button, index) => button.setAttribute("aria-pressed", String(marks()[index].threshold === threshold)));
  }

  const ofSeeds = () => jobs.filter((job) => job.place === state.job.place && job.letter === state.job.letter);

  // What the other sections count at the threshold in use.
  function heldAt() {
    const seeds = ofSeeds().length;
    if (seeds === 1) return "The counts and rates of this page are at it.";
    return `The counts and rates of seed ${state.job.seed} are at it; the tables of this page show means over ${plural(seeds, "seed")}, each at its own threshold.`;
  }

  // Which seed is shown, and how far the seeds differ at the thresholds in use.
  function seedText() {
    const own = ofSeeds().filter((job) => job.standing).map(opened);
    const here = `Seed ${state.job.seed}`;
    if (own.length < 2) return `${here}, the only one here with a threshold in use.`;
    const range = (values, text = String) => [...new Set([Math.min(...values), Math.max(...values)].map(text))].join(" to ");
    const called = own.map((job) => job.views[job.standing.view].test.map((score) => score > job.standing.threshold));
    const count = (isDefective, isCalled) => own.map((job, at) => called[at].filter((is, index) => is === isCalled && job.defective[index] === isDefective).length);
    const total = (isDefective) => range(own.map((job) => job.defective.filter((is) => is === isDefective).length));
    return `${here} is shown. Over the ${own.length} seeds, each at its threshold in use: threshold ${range(own.map((job) => job.standing.threshold), short)}, missed ${range(count(true, false))} of ${total(true)}, false alarms ${range(count(false, true))} of ${total(false)}.`;
  }

  function stateText() {
    const at = short(state.threshold);
    if (isStanding() && standing().applied) return [make("strong", {}, "Applied"), ` operating point: minimum area ${view().area} px, threshold ${at}. ${heldAt()}`];
    if (isCalibrated() && view().area === null) return [make("strong", {}, "Calibrated"), ` threshold ${at}: the highest of ${plural(view().calibration.length, "calibration image")}. ${isStanding() ? heldAt() : ""}`];
    if (isCalibrated()) return [make("strong", {}, "Calibrated"), ` threshold ${at} for a minimum area of ${view().area} px, chosen here.`];
    return [make("strong", { class: "oracle" }, "Oracle"), `: threshold ${at} was moved on test images, whose labels nobody knows in practice. It promises no false-positive rate.`];
  }

  function confusion(called) {
    const count = (isDefective, isCalled) => called.filter((is, index) => is === isCalled && state.job.defective[index] === isDefective).length;
    const [found, missed, alarms, passed] = [count(true, true), count(true, false), count(false, true), count(false, false)];
    for (const [id, value] of Object.entries({ found, missed, alarms, passed })) byId(id).textContent = value;
    const [hit, alarm] = [found / (found + missed), alarms / (alarms + passed)];
    byId("rates").textContent = `Finds ${percent(hit)} of the defective images and rejects ${percent(alarm)} of the normal ones: balanced accuracy ${Number.isFinite(hit + alarm) ? ((hit + 1 - alarm) / 2).toFixed(3) : "n/a"}.`;
  }

  function changes(called) {
    const box = byId("changes");
    if (!standing()) return box.replaceChildren(make("p", {}, "No threshold is in use to compare with."));
    const before = state.job.views[standing().view].test.map((score) => score > standing().threshold);
    const moved = called.map((is, index) => index).filter((index) => called[index] !== before[index]);
    const groups = [
      ["gained", "found now", (index) => state.job.defective[index] && called[index]],
      ["lost", "missed now", (index) => state.job.defective[index] && !called[index]],
      ["lost", "new false alarms", (index) => !state.job.defective[index] && called[index]],
      ["gained", "false alarms gone", (index) => !state.job.defective[index] && !called[index]],
    ];
    const shown = groups.map(([kind, title, test]) => [kind, title, moved.filter(test)]).filter(([, , own]) => own.length);
    if (!shown.length) return box.replaceChildren(make("p", { class: "muted" }, "Nothing, compared with the threshold in use."));
    box.replaceChildren(
      ...shown.map(([kind, title, own]) =>
        make("details", { class: kind, open: own.length <= 5 ? "" : null }, make("summary", {}, `${own.length} ${title}`), make("ul", { class: "names" }, ...own.map((index) => make("li", {}, state.job.paths[index])))),
      ),
    );
  }

  function price(called) {
    const { defective } = state.job;
    const positive = defective.filter(Boolean).length;
    const negative = defective.length - positive;
    const text = byId("price");
    const ids = ["price-miss", "price-alarm", "prevalence"];
    const number = (id) => byId(id).valueAsNumber;
    const refused = ids.filter((id) => !byId(id).validity.valid || Number.isNaN(number(id)));
    for (const id of ids) byId(id).setAttribute("aria-invalid", String(refused.includes(id)));
    byId("cheapest").disabled = refused.length > 0;
    if (refused.length) {
      const names = refused.map((id) => (id === "prevalence" ? "defective in 1000 parts takes 0 to 1000" : `${id === "price-miss" ? "a miss" : "a false alarm"} takes a number from 0 on`));
      state.drawn.hideCost();
      return text.replaceChildren(make("span", { class: "strong" }, `No price: ${names.join("; ")}.`));
    }
    if (!positive || !negative) return (text.textContent = "Both normal and defective test images are needed.");
    const share = number("prevalence");
    const cost = (missed, alarms) => (share * missed * number("price-miss")) / positive + ((1000 - share) * alarms * number("price-alarm")) / negative;
    const all = steps(view().test, defective).map((step) => [step.threshold, cost(positive - step.found, step.alarms)]);
    const finite = all.map(([threshold, value]) => [Number.isFinite(threshold) ? threshold : Math.min(...view().test) - 1e-9, value]);
    const best = finite.reduce((one, other) => (other[1] < one[1] ? other : one));
    const count = (isDefective, isCalled) => called.filter((is, index) => is === isCalled && defective[index] === isDefective).length;
    const here = cost(count(true, false), count(false, true));
    text.replaceChildren(make("span", { class: "figure" }, short(here)), " per 1000 parts here, ", make("b", {}, short(best[1])), ` at the optimum ${short(best[0])}.`);
    state.drawn.showCost(finite, best);
    byId("cheapest").onclick = () => moveTo(best[0]);
  }

  function listen() {
    const again = () => pick(byId("pick-place").value, byId("pick-method").value, byId("pick-seed").value);
    for (const id of ["pick-place", "pick-method", "pick-seed"]) byId(id).addEventListener("change", again);
    byId("threshold").addEventListener("input", (event) => moveTo(state.drawn.back(event.target.value / 1000)));
    byId("threshold-value").addEventListener("input", (event) => event.target.value !== "" && moveTo(Number(event.target.value)));
    byId("area").addEventListener("input", (event) => {
      const chosen = areas()[event.target.value - 1];
      state.view = chosen ? chosen.index : 0;
      const isHere = standing() && standing().view === state.view;
      state.threshold = isHere ? standing().threshold : (view().calibrated ?? view().oracle ?? state.threshold);
      redraw();
    });
    byId("prevalence").addEventListener("input", () => (byId("prevalence").dataset.isOwn = "yes"));
    for (const id of ["price-miss", "price-alarm", "prevalence"]) byId(id).addEventListener("input", update);
    let width = 0;
    new ResizeObserver(([entry]) => {
      if (Math.abs(entry.contentRect.width - width) > 1 && state.job) {
        width = entry.contentRect.width;
        redraw();
      }
    }).observe(byId("explore"));
  }

  const places = [...new Set(jobs.map((job) => job.place))].sort((a, b) => a.localeCompare(b, undefined, { numeric: true }));
  options(byId("pick-place"), places);
  listen();
  return { pick, places, jobs, whenChosen: (tell) => changed.push(tell), start: () => {
      const leading = document.querySelector("#verdicts a[data-place]");
      if (leading) pick(leading.dataset.place, leading.dataset.letter);
      else pick(places[0]);
    }, get job() { return state.job; } };
}
