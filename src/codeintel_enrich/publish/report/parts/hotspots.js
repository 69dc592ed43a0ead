// Owns complexity against churn: a point a file, and the files where both are high; without a history, against size.

const PLOT = { w: 860, h: 460, left: 58, right: 24, top: 18, bottom: 44 };
const MOST_POINTS = 1500;
const MOST_NAMED = 9;
const MOST_HOT = 40;

const hasHistory = !facts.churn.missing;
const measured = modules
  .map((module, index) => ({ index, module, across: hasHistory ? module.commits : module.lines, up: module.complexity ? module.complexity[0] : 0 }))
  .filter((spot) => spot.up > 0);
for (const spot of measured) spot.heat = hasHistory ? spot.across * spot.up : spot.up;
measured.sort((a, b) => b.heat - a.heat || b.up - a.up || a.index - b.index);

function steps(most) {
  const found = [];
  for (let unit = 1; unit <= most; unit *= 10) found.push(...[1, 2, 5].map((each) => each * unit).filter((each) => each <= most));
  return found.length > 7 ? found.filter((each) => /^[15]/.test(String(each))) : found;
}

function drawScatter() {
  const { w, h, left, right, top, bottom } = PLOT;
  const mostAcross = Math.max(1, ...measured.map((spot) => spot.across));
  const mostUp = Math.max(1, ...measured.map((spot) => spot.up));
  const x = (value) => left + ((w - left - right) * Math.log1p(value)) / Math.log1p(mostAcross);
  const y = (value) => h - bottom - ((h - top - bottom) * Math.log1p(value)) / Math.log1p(mostUp);
  const parts = [];
  for (const value of steps(mostAcross)) {
    parts.push(draw("line", { class: "axis", x1: x(value), x2: x(value), y1: top, y2: h - bottom }));
    parts.push(draw("text", { x: x(value), y: h - bottom + 16, "text-anchor": "middle" }, number(value)));
  }
  for (const value of steps(mostUp)) {
    parts.push(draw("line", { class: "axis", x1: left, x2: w - right, y1: y(value), y2: y(value) }));
    parts.push(draw("text", { x: left - 7, y: y(value) + 4, "text-anchor": "end" }, number(value)));
  }
  parts.push(draw("text", { x: (left + w - right) / 2, y: h - 6, "text-anchor": "middle" }, hasHistory ? `commits in ${facts.churn.days} days` : "lines"));
  parts.push(draw("text", { transform: `translate(13,${(top + h - bottom) / 2}) rotate(-90)`, "text-anchor": "middle" }, "cyclomatic complexity"));
  const points = measured.slice(0, MOST_POINTS);
  for (const spot of [...points].reverse()) {
    const said = `${spot.module.path}\ncomplexity ${number(spot.up)}, ${hasHistory ? plural(spot.across, "commit") : plural(spot.across, "line")}`;
    parts.push(draw("circle", { class: "dot", cx: x(spot.across).toFixed(1), cy: y(spot.up).toFixed(1), r: (2.5 + Math.sqrt(spot.module.lines) / 7).toFixed(1), "aria-label": said, ...press(() => visit(spot.index)) }, draw("title", {}, said)));
  }
  const named = [];
  for (const spot of points) {
    const place = { x: x(spot.across), y: y(spot.up) };
    if (named.length >= MOST_NAMED) break;
    if (named.some((other) => Math.abs(other.x - place.x) < 110 && Math.abs(other.y - place.y) < 14)) continue;
    named.push(place);
    const isRight = place.x > w * 0.72;
    const off = 6 + Math.sqrt(spot.module.lines) / 7;
    parts.push(draw("text", { class: "name", x: place.x + (isRight ? -off : off), y: place.y + 4, "text-anchor": isRight ? "end" : "start" }, shortName(leaves[spot.index])));
  }
  at("scatter").replaceChildren(draw("svg", { viewBox: `0 0 ${w} ${h}`, role: "group", "aria-label": "Complexity against churn, a point a file" }, ...parts));
}

function visit(place) {
  reveal(place);
  at("graph").scrollIntoView();
}

const titled = (node, action) => make("span", {}, link(shortName(node), action), make("span", { class: "where" }, ...foldable(node.path)));

function listHotspots() {
  at("hotspots-lead").textContent = hasHistory
    ? `What is hard to follow and often changed is where bugs are made. Commits of the ${facts.churn.days} days up to the newest one; complexity is cyclomatic, summed over a file.`
    : `How often files change is not known: ${facts.churn.missing}. Complexity (cyclomatic, summed over a file) is shown against size instead.`;
  if (facts.unmeasured) at("hotspots-lead").append(` Not known for ${plural(facts.unmeasured, "file")}, edited since the build.`);
  const columns = [
    ["file", (spot) => titled(leaves[spot.index], () => visit(spot.index))],
    ["complexity", (spot) => number(spot.up), true],
    ["hardest function", (spot) => (spot.module.complexity[1] ? make("span", {}, make("code", {}, ...foldable(spot.module.complexity[1].split(".").pop())), ` ${spot.module.complexity[2]}`) : "")],
  ];
  if (hasHistory) columns.splice(1, 0, ["commits", (spot) => number(spot.across), true]);
  at("hottest").replaceChildren(table(columns, measured.slice(0, MOST_HOT)));
}
