// The strip: a mark for each image, a lane for each kind, and the line that is dragged.
const [EDGE, HEAD, GAP, COST, FOOT] = [12, 46, 24, 50, 34];

function strip(svg, view, lanes, marks, moved) {
  const width = Math.max(280, svg.parentNode.clientWidth);
  const values = lanes.flatMap((lane) => lane.items.map((item) => item.score)).filter(Number.isFinite);
  const gutter = width < 600 ? 0 : Math.min(150, 16 + 7 * Math.max(...lanes.map((lane) => lane.name.length + 4)));
  const left = EDGE + gutter;
  const x = stripScale(values, marks, left, width - EDGE);
  let top = HEAD;
  const [dots, labels] = [[], []];
  const drawn = lanes.map((lane) => {
    const placed = swarm(lane.items, x);
    const height = placed.height;
    const above = gutter ? 4 : 18;
    const middle = top + above + height / 2;
    const nodes = placed.items.map(({ item, at, off }) => {
      const node = shape("circle", { cx: at.toFixed(1), cy: (middle + off).toFixed(1), r: 3, class: `dot ${lane.kind}` }, shape("title", {}, `${item.name}: ${short(item.score)}`));
      dots.push({ node, item, kind: lane.kind });
      return node;
    });
    labels.push(shape("text", { class: "lane", x: EDGE, y: gutter ? middle + 4 : top + 8 }, `${clipped(lane.name, gutter ? 19 : 40)} `, shape("tspan", { class: "count" }, String(lane.items.length)), shape("title", {}, lane.name)));
    const base = shape("line", { class: "rail", x1: left, x2: width - EDGE, y1: middle, y2: middle });
    top += above + height + GAP - above;
    return shape("g", {}, base, ...nodes);
  });
  const end = top;
  const height = end + COST + FOOT;
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("width", width);
  svg.setAttribute("height", height);
  const ticks = x.ticks().flatMap((value) => [
    shape("line", { class: "mark", x1: x(value), x2: x(value), y1: height - FOOT, y2: height - FOOT + 4 }),
    shape("text", { class: "tick", x: x(value), y: height - FOOT + 17, "text-anchor": "middle" }, short(value)),
  ]);
  const axis = shape("line", { class: "axis", x1: left, x2: width - EDGE, y1: height - FOOT, y2: height - FOOT });
  const flags = marks.flatMap((mark, row) => {
    const at = x(mark.threshold);
    const isRight = at > width - 110;
    return [
      shape("line", { class: `flag ${mark.name}`, x1: at, x2: at, y1: 4 + row * 13, y2: end }),
      shape("text", { class: `flag-name ${mark.name}`, x: at + (isRight ? -4 : 4), y: 13 + row * 13, "text-anchor": isRight ? "end" : "start" }, mark.name),
    ];
  });
  const cost = shape("g", { class: "cost" });
  const shade = shape("rect", { class: "beyond", y: HEAD - 6, height: end - HEAD + 6 });
  const line = shape("line", { class: "threshold", y1: HEAD - 10, y2: height - FOOT });
  const grip = shape("circle", { class: "grip", cy: height - FOOT, r: 8 });
  svg.replaceChildren(shade, ...drawn, ...ticks, axis, ...flags, cost, line, grip, ...labels);

  const follow = (event) => {
    const box = svg.getBoundingClientRect();
    moved(x.back(Math.min(width - EDGE, Math.max(left, ((event.clientX - box.left) / box.width) * width))));
  };
  svg.onpointerdown = (event) => {
    svg.setPointerCapture(event.pointerId);
    follow(event);
  };
  svg.onpointermove = (event) => svg.hasPointerCapture(event.pointerId) && follow(event);

  return {
    x,
    share: (threshold) => (x(threshold) - left) / (width - EDGE - left),
    back: (share) => x.back(left + share * (width - EDGE - left)),
    show(threshold) {
      const at = Math.min(width - EDGE, Math.max(left, x(threshold) || left));
      line.setAttribute("x1", at);
      line.setAttribute("x2", at);
      grip.setAttribute("cx", at);
      shade.setAttribute("x", at);
      shade.setAttribute("width", Math.max(0, width - EDGE - at));
      for (const { node, item, kind } of dots) {
        node.classList.toggle("wrong", (kind === "defective") !== item.score > threshold && kind !== "calibration");
      }
    },
    hideCost: () => cost.replaceChildren(),
    showCost(points, best) {
      const highest = Math.max(...points.map(([, price]) => price)) || 1;
      const y = (price) => height - FOOT - 4 - (price / highest) * (COST - 18);
      const inside = points.filter(([threshold]) => x(threshold) >= left && x(threshold) <= width - EDGE);
      const line = inside.map(([threshold, price]) => `${x(threshold).toFixed(1)},${y(price).toFixed(1)}`).join(" ");
      cost.replaceChildren(
        shape("text", { class: "lane", x: EDGE, y: gutter ? end + COST / 2 + 4 : end + 8 }, "price"),
        shape("polyline", { class: "price", points: line }),
        shape("circle", { class: "optimum", cx: x(best[0]), cy: y(best[1]), r: 4 }, shape("title", {}, `optimum ${short(best[0])}`)),
      );
    },
  };
}

// Logarithmic where the scores are positive and a few lie far above the others.
function stripScale(values, marks, begin, end) {
  const all = [...values, ...marks.map((mark) => mark.threshold)].sort((a, b) => a - b);
  let [low, high] = [all[0] ?? 0, all[all.length - 1] ?? 1];
  const isLogarithmic = low > 0 && high > 12 * all[Math.floor(all.length / 4)];
  if (low === high) [low, high] = [low - 1, high + 1];
  const room = isLogarithmic ? (high / low) ** 0.03 : 0.03 * (high - low);
  return isLogarithmic
    ? scale(low / room, high * room, begin, end, true)
    : scale(low - room, high + room, begin, end, false);
}

const clipped = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

// Marks stacked around the middle of their lane, so that none hides another.
function swarm(items, x) {
  const columns = new Map();
  for (const item of items) {
    const column = Math.round(x(item.score) / 6);
    if (!Number.isFinite(column)) continue;
    columns.set(column, [...(columns.get(column) || []), item]);
  }
  const tallest = Math.max(1, ...[...columns.values()].map((column) => column.length));
  const height = Math.min(72, Math.max(10, tallest * 6));
  const step = Math.min(6, height / tallest);
  const placed = [...columns].flatMap(([column, own]) =>
    own.map((item, place) => ({ item, at: column * 6, off: (place - (own.length - 1) / 2) * step })),
  );
  return { items: placed, height };
}
