// Owns the picture of modules: which folders are open, what stands for each module, arrows between them.

const MOST_SHOWN = 60; // members of one open folder; the others stand as one
const MOST_AT_FIRST = 36;
const FEW = 8; // a picture of fewer says nothing: whatever is largest is opened
const MOST_LABELLED = 90;
const WIDTH = 1150;
const HEIGHT = 640;

const opened = new Set();
let chosen = null;
let followed = null;
let view = { x: 0, y: 0, w: WIDTH, h: HEIGHT };
let shown = [];
let ties = [];

// Opens what is largest, as long as the picture stays easy to read.
function openFirst() {
  opened.clear();
  opened.add(root);
  let count = root.children.length;
  for (;;) {
    const next = [...opened]
      .flatMap((node) => node.children)
      .filter((node) => node.module === null && !opened.has(node) && (count < FEW || count + node.children.length - 1 <= MOST_AT_FIRST))
      .sort((a, b) => b.count - a.count || (a.path < b.path ? -1 : 1))[0];
    if (!next) return;
    opened.add(next);
    count += Math.min(next.children.length, MOST_SHOWN + 1) - 1;
  }
}

// The nodes on show, and for each module the node that stands for it.
function visible() {
  const found = [];
  const stands = new Array(modules.length);
  function claim(node, by) {
    if (node.module !== null) stands[node.module] = by;
    node.children.forEach((child) => claim(child, by));
  }
  function show(node) {
    found.push(node);
    claim(node, node);
  }
  (function walk(node) {
    const ranked = [...node.children].sort((a, b) => b.degree - a.degree || (a.path < b.path ? -1 : 1));
    // What is open, or chosen, is never hidden among the rest.
    const needed = ranked.filter((child, index) => index < MOST_SHOWN || opened.has(child) || child === chosen);
    for (const child of needed) {
      if (opened.has(child)) walk(child);
      else show(child);
    }
    const rest = ranked.filter((child) => !needed.includes(child));
    if (rest.length) {
      const bundle = { label: `${rest.length} more`, path: `${node.path}/…`, parent: node, children: rest, module: null, bundle: true };
      add(bundle);
      show(bundle);
    }
  })(root);
  return { found, stands };
}

function arrange() {
  const { found, stands } = visible();
  const position = new Map(found.map((node, index) => [node, index]));
  const counts = new Map();
  for (const [from, to, kind, names] of facts.imports) {
    const a = position.get(stands[from]);
    const b = position.get(stands[to]);
    if (a === b) continue;
    const key = a * found.length + b;
    const tie = counts.get(key) || { from: a, to: b, weight: 0, typing: true };
    tie.weight += names;
    tie.typing = tie.typing && kind === "typing";
    counts.set(key, tie);
  }
  ties = [...counts.values()];
  for (const tie of ties) tie.mutual = counts.has(tie.to * found.length + tie.from);
  shown = found.map((node) => ({ node, radius: Math.min(40, node.module === null ? 9 + Math.sqrt(node.lines) / 5 : 4 + Math.sqrt(node.lines) / 5), into: 0, out: 0 }));
  for (const tie of ties) {
    shown[tie.from].out += 1;
    shown[tie.to].into += 1;
  }
  for (const item of shown) item.sink = item.into / Math.max(1, item.into + item.out);
  settle(shown, ties.map((tie) => [tie.from, tie.to, tie.weight]), WIDTH, HEIGHT);
}

const colours = new Map();
function colour(node) {
  const key = node.module === null && !node.bundle ? node : node.parent;
  if (!colours.has(key)) colours.set(key, colours.size % 8);
  return `var(--c${colours.get(key)})`;
}

function curve(a, b) {
  const dx = b.x - a.x;
  const dy = b.y - a.y;
  const long = Math.hypot(dx, dy) || 1;
  const bend = Math.min(40, long * 0.14);
  const mx = (a.x + b.x) / 2 - (dy / long) * bend;
  const my = (a.y + b.y) / 2 + (dx / long) * bend;
  const end = Math.hypot(b.x - mx, b.y - my) || 1;
  const tx = b.x - ((b.x - mx) / end) * (b.radius + 5);
  const ty = b.y - ((b.y - my) / end) * (b.radius + 5);
  return `M${a.x.toFixed(1)},${a.y.toFixed(1)} Q${mx.toFixed(1)},${my.toFixed(1)} ${tx.toFixed(1)},${ty.toFixed(1)}`;
}

function look() {
  at("graph-canvas").firstChild?.setAttribute("viewBox", `${view.x} ${view.y} ${view.w} ${view.h}`);
}

function fitView() {
  if (!shown.length) return;
  const xs = shown.flatMap((item) => [item.x - item.radius - 30, item.x + item.radius + 30]);
  const ys = shown.flatMap((item) => [item.y - item.radius - 10, item.y + item.radius + 22]);
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const [top, bottom] = [Math.min(...ys), Math.max(...ys)];
  view = { x: left, y: top, w: Math.max(300, right - left), h: Math.max(200, bottom - top) };
  look();
}

function zoom(factor, px = 0.5, py = 0.5) {
  view = { x: view.x + view.w * px * (1 - factor), y: view.y + view.h * py * (1 - factor), w: view.w * factor, h: view.h * factor };
  look();
}

function paint() {
  const chosenIndex = shown.findIndex((item) => item.node === chosen);
  const near = new Set([chosenIndex]);
  for (const tie of ties) {
    if (tie.from === chosenIndex) near.add(tie.to);
    if (tie.to === chosenIndex) near.add(tie.from);
  }
  const hops = followed ? followed.map((place) => shown.findIndex((item) => item.node === leaves[place])).filter((index) => index >= 0) : [];
  hops.forEach((index) => near.add(index));
  const lone = chosenIndex < 0 && !hops.length;
  const edges = ties.map((tie) => {
    const direction = tie.from === chosenIndex ? "out" : tie.to === chosenIndex ? "in" : lone ? (tie.mutual ? "mutual" : "") : "quiet";
    return draw("path", {
      class: `edge ${direction} ${tie.typing ? "typing" : ""}`,
      d: curve(shown[tie.from], shown[tie.to]),
      "stroke-width": Math.min(5, 0.8 + Math.log2(tie.weight) * 0.45).toFixed(2),
      "marker-end": direction === "quiet" ? null : "url(#arrow)",
    });
  });
  for (let step = 1; step < hops.length; step += 1) {
    edges.push(draw("path", { class: "edge hop", d: curve(shown[hops[step - 1]], shown[hops[step]]), "marker-end": "url(#arrow)" }));
  }
  const marks = shown.map((item, index) => {
    const { node } = item;
    const isFolder = node.module === null;
    const classes = ["node", isFolder ? "folder" : "module"];
    if (index === chosenIndex) classes.push("chosen");
    if (near.has(index)) classes.push("near");
    else if (!lone) classes.push("quiet");
    if (!isFolder && shown.length > MOST_LABELLED) classes.push("crowded");
    const what = isFolder ? `folder with ${plural(node.count, "module")}` : `module of ${plural(node.lines, "line")}`;
    return draw(
      "g",
      { class: classes.join(" "), transform: `translate(${item.x.toFixed(1)},${item.y.toFixed(1)})`, "aria-label": `${node.path}: ${what}`, "data-path": node.path, ...press(() => touch(node)) },
      draw("title", {}, `${node.path}\n${what}`),
      draw("circle", { r: item.radius.toFixed(1), style: `fill:${colour(node)};${isFolder ? `stroke:${colour(node)}` : ""}` }),
      isFolder ? draw("text", { class: "count", y: 4 }, number(node.count)) : null,
      draw("text", { y: (item.radius + 13).toFixed(1) }, shortName(node)),
    );
  });
  const arrow = draw("marker", { id: "arrow", viewBox: "0 0 8 8", refX: 6, refY: 4, markerWidth: 7, markerHeight: 7, markerUnits: "userSpaceOnUse", orient: "auto" }, draw("path", { d: "M0,0.8 L7,4 L0,7.2 Z", fill: "context-stroke" }));
  const focused = document.activeElement?.closest?.("[data-path]")?.getAttribute("data-path");
  // Many arrows are a background; those of what is chosen stand out.
  const isTold = (edge) => edge.classList.contains("in") || edge.classList.contains("out") || edge.classList.contains("hop");
  const faint = Math.max(0.22, Math.min(1, 9 / Math.sqrt(edges.length || 1))).toFixed(2);
  const picture = draw("svg", { role: "group", "aria-label": "Modules and imports" }, draw("defs", {}, arrow), draw("g", { opacity: faint }, ...edges.filter((edge) => !isTold(edge))), draw("g", {}, ...edges.filter(isTold)), draw("g", {}, ...marks));
  at("graph-canvas").replaceChildren(picture);
  if (focused) [...picture.querySelectorAll("[data-path]")].find((mark) => mark.getAttribute("data-path") === focused)?.focus({ preventScroll: true });
  drag(picture);
  look();
}

// What a click on a node does: folders open, modules are shown; a bundle is told of beside.
function touch(node) {
  followed = null;
  if (node.module === null && !node.bundle) {
    opened.add(node);
    chosen = null;
    rearrange();
    tell(node);
    return;
  }
  chosen = chosen === node ? null : node;
  paint();
  tell(chosen || root);
}

function rearrange() {
  arrange();
  fitView();
  paint();
}

function close(node) {
  for (const each of [...opened]) if (each === node || ancestors(each).includes(node)) opened.delete(each);
  opened.add(root);
  chosen = null;
  followed = null;
  rearrange();
  tell(root);
}

// Brings a module to light, whatever is open.
function reveal(place, chain = null) {
  const wanted = chain || [place];
  const before = opened.size;
  for (const each of wanted) for (const node of ancestors(leaves[each])) opened.add(node);
  const wasShown = opened.size === before && wanted.every((each) => shown.some((item) => item.node === leaves[each]));
  chosen = leaves[place];
  followed = chain;
  if (wasShown) paint();
  else rearrange();
  tell(chosen);
}

function startOver() {
  openFirst();
  chosen = null;
  followed = null;
  rearrange();
  tell(root);
}

function drag(picture) {
  let from = null;
  const unit = () => Math.max(view.w / picture.clientWidth, view.h / picture.clientHeight);
  picture.addEventListener("pointerdown", (event) => {
    if (!event.target.closest(".node")) from = [event.clientX, event.clientY];
  });
  picture.addEventListener("pointermove", (event) => {
    if (!from || !event.buttons) return;
    view.x -= (event.clientX - from[0]) * unit();
    view.y -= (event.clientY - from[1]) * unit();
    from = [event.clientX, event.clientY];
    look();
  });
  picture.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const box = picture.getBoundingClientRect();
      zoom(event.deltaY > 0 ? 1.15 : 1 / 1.15, (event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
    },
    { passive: false },
  );
}
