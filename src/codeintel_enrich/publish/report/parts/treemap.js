// Owns the map of annotated shares: two levels of folders at a time; a click goes deeper, the path above leads back.

const MAP_WIDTH = 1280;
const MAP_HEIGHT = 520;
const HEAD = 18;
const SMALLEST = 2.5;

let mapped = root;
let area = "lines";

function shade(node) {
  if (!node.typable) return "var(--none)";
  const share = Math.round((200 * node.typed) / node.typable);
  return share < 100 ? `color-mix(in oklab, var(--middle) ${share}%, var(--low))` : `color-mix(in oklab, var(--high) ${share - 100}%, var(--middle))`;
}

const described = (node) =>
  `${node.path || facts.name}\n${plural(node.lines, "line")}, ${number(node.typed)} of ${number(node.typable)} annotated (${percent(node.typed, node.typable)})`;

function cut(text, width) {
  const most = Math.floor((width - 8) / 6.4);
  return text.length <= most ? text : most >= 4 ? `${text.slice(0, most - 1)}…` : "";
}

function enter(node) {
  if (node.module !== null) {
    reveal(node.module);
    at("graph").scrollIntoView();
    return;
  }
  mapped = node;
  drawMap();
}

function tile({ item, x, y, w, h }, inner) {
  const common = { x: x.toFixed(1), y: y.toFixed(1), width: Math.max(0, w).toFixed(1), height: Math.max(0, h).toFixed(1), rx: 3, "aria-label": described(item), ...press(() => enter(item)) };
  const parts = [draw("rect", { class: inner ? "tile folder" : "tile", style: inner ? null : `fill:${shade(item)}`, ...common }, draw("title", {}, described(item)))];
  const text = cut(item.module === null ? `${item.label}/` : item.label, w);
  if (h > 15 && text) parts.push(draw("text", { class: inner ? "head" : null, x: (x + 5).toFixed(1), y: (y + 13).toFixed(1) }, text));
  return parts;
}

function tiles(node, x, y, w, h, depth) {
  return squarify(node.children, (child) => child[area], x, y, w, h)
    .filter((place) => place.w > SMALLEST && place.h > SMALLEST)
    .flatMap((place) => {
      const inner = depth > 1 && place.item.module === null && place.w > 60 && place.h > 50;
      const parts = tile(place, inner);
      if (inner) parts.push(...tiles(place.item, place.x + 3, place.y + HEAD, place.w - 6, place.h - HEAD - 3, depth - 1));
      return parts;
    });
}

function drawMap() {
  const crumbs = [...ancestors(mapped), mapped].flatMap((node, index) => [
    index ? " / " : "",
    node === mapped ? make("strong", {}, node.label) : link(node.label, () => enter(node)),
  ]);
  at("crumbs").replaceChildren(...crumbs, ` · ${percent(mapped.typed, mapped.typable)} of ${number(mapped.typable)} annotated`);
  const drawn = tiles(mapped, 0, 0, MAP_WIDTH, MAP_HEIGHT, 3);
  if (!drawn.length) drawn.push(draw("text", { x: 20, y: 32 }, "Nothing to show by this measure."));
  at("treemap").replaceChildren(draw("svg", { viewBox: `0 0 ${MAP_WIDTH} ${MAP_HEIGHT}`, role: "group", "aria-label": "Annotated share by folder and module" }, ...drawn));
}
