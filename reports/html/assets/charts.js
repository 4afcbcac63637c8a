// Scales, ticks, and the two curves of a job.
const Z = 1.959964;

function scale(low, high, begin, end, isLogarithmic) {
  const on = isLogarithmic ? Math.log : (value) => value;
  const off = isLogarithmic ? Math.exp : (value) => value;
  const [a, b] = [on(low), on(high)];
  const at = (value) => begin + ((on(value) - a) / (b - a)) * (end - begin);
  at.back = (pixel) => off(a + ((pixel - begin) / (end - begin)) * (b - a));
  at.ticks = () => (isLogarithmic ? decades(low, high) : rounds(low, high));
  return at;
}

function rounds(low, high, wanted = 5) {
  let step = 10 ** Math.floor(Math.log10((high - low) / wanted));
  step *= [1, 2, 5, 10].find((factor) => (high - low) / (step * factor) <= wanted + 0.5);
  const found = [];
  for (let number = Math.ceil(low / step); number * step <= high; number++) found.push(number * step);
  return found;
}

function decades(low, high) {
  for (const factors of [[1], [1, 3], [1, 2, 5]]) {
    const found = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
      found.push(...factors.map((factor) => factor * 10 ** power).filter((value) => value >= low && value <= high));
    }
    if (found.length > 2) return found;
  }
  return rounds(low, high);
}

// Wilson's 95 % interval of a share.
function wilson(found, of) {
  if (!of) return [0, 1];
  const share = found / of;
  const centre = (share + (Z * Z) / (2 * of)) / (1 + (Z * Z) / of);
  const arm = (Z / (1 + (Z * Z) / of)) * Math.sqrt((share * (1 - share)) / of + (Z * Z) / (4 * of * of));
  return [Math.max(0, centre - arm), Math.min(1, centre + arm)];
}

// Found defects and false alarms at every threshold that makes a difference, the highest first.
function steps(scores, defective) {
  const order = scores.map((score, index) => index).sort((a, b) => scores[b] - scores[a]);
  const found = [{ threshold: scores[order[0]], found: 0, alarms: 0 }];
  let [hits, alarms] = [0, 0];
  order.forEach((index, place) => {
    if (defective[index]) hits++;
    else alarms++;
    const next = order[place + 1];
    if (next === undefined || scores[next] < scores[index]) {
      found.push({ threshold: next === undefined ? -Infinity : scores[next], found: hits, alarms });
    }
  });
  return found;
}

function square(svg, xTitle, yTitle) {
  const side = Math.max(220, Math.min(360, svg.parentNode.clientWidth));
  const [left, bottom, top] = [40, 36, 16];
  svg.setAttribute("viewBox", `0 0 ${side} ${side}`);
  svg.setAttribute("width", side);
  svg.setAttribute("height", side);
  const x = scale(0, 1, left, side - 12);
  const y = scale(0, 1, side - bottom, top);
  const ticks = [0, 0.5, 1].flatMap((value) => [
    shape("line", { class: "grid", x1: x(0), x2: x(1), y1: y(value), y2: y(value) }),
    shape("text", { class: "tick", x: left - 6, y: y(value) + 4, "text-anchor": "end" }, String(value)),
    shape("text", { class: "tick", x: x(value), y: side - bottom + 16, "text-anchor": "middle" }, String(value)),
  ]);
  svg.replaceChildren(
    ...ticks,
    shape("text", { class: "title", x: side - 12, y: side - 4, "text-anchor": "end" }, xTitle),
    shape("text", { class: "title", x: left, y: 10 }, yTitle),
  );
  return { x, y };
}

const path = (points, { x, y }) => points.map(([a, b]) => `${x(a).toFixed(1)},${y(b).toFixed(1)}`).join(" ");

function curves(view, defective, marks) {
  const positive = defective.filter(Boolean).length;
  const negative = defective.length - positive;
  if (!positive || !negative) {
    for (const id of ["roc", "precision"]) byId(id).replaceChildren();
    return;
  }
  const all = steps(view.test, defective).map((step) => ({
    hit: step.found / positive,
    alarm: step.alarms / negative,
    hits: wilson(step.found, positive),
    alarms: wilson(step.alarms, negative),
  }));
  const precise = (hit, alarm) => (hit || alarm ? (hit * positive) / (hit * positive + alarm * negative) : 1);
  const at = (threshold) => {
    const called = view.test.map((score) => score > threshold);
    const count = (isDefective) => called.filter((is, index) => is && defective[index] === isDefective).length;
    return { hit: count(true) / positive, alarm: count(false) / negative };
  };

  const roc = square(byId("roc"), "false-positive rate", "true positive rate");
  const upper = all.map((step) => [step.alarms[0], step.hits[1]]);
  const lower = all.map((step) => [step.alarms[1], step.hits[0]]);
  byId("roc").append(
    shape("polygon", { class: "band", points: path([[0, 0], ...upper, [1, 1], ...lower.reverse()], roc) }),
    shape("line", { class: "chance", x1: roc.x(0), y1: roc.y(0), x2: roc.x(1), y2: roc.y(1) }),
    shape("polyline", { class: "curve", points: path(all.map((step) => [step.alarm, step.hit]), roc) }),
    ...marks.map(({ threshold, name }) => at(threshold) && dot(roc, at(threshold).alarm, at(threshold).hit, name)),
  );
  const shown = at(marks[marks.length - 1].threshold);
  byId("roc").setAttribute("aria-label", `ROC curve; at this threshold ${percent(shown.hit)} found, ${percent(shown.alarm)} false alarms`);

  const called = all.filter((step) => step.hit || step.alarm);
  const recall = square(byId("precision"), "recall", "precision");
  const best = called.map((step) => [step.hit, precise(step.hits[1], step.alarms[0])]);
  const worst = called.map((step) => [step.hit, precise(step.hits[0], step.alarms[1])]);
  byId("precision").append(
    shape("polygon", { class: "band", points: path([...best, ...worst.reverse()], recall) }),
    shape("polyline", { class: "curve", points: path(called.map((step) => [step.hit, precise(step.hit, step.alarm)]), recall) }),
    ...marks.map(({ threshold, name }) => dot(recall, at(threshold).hit, precise(at(threshold).hit, at(threshold).alarm), name)),
  );
  byId("precision").setAttribute("aria-label", `Precision ${percent(precise(shown.hit, shown.alarm))} at a recall of ${percent(shown.hit)}`);
}

const dot = ({ x, y }, a, b, name) => shape("circle", { class: `at ${name}`, cx: x(a), cy: y(b), r: 5 }, shape("title", {}, name));
