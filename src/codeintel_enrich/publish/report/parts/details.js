// Owns what stands beside the graph: one folder or one module in words.

const MOST_TOLD = 40;

function listed(title, items, cell) {
  if (!items.length) return [];
  const rest = items.length - MOST_TOLD;
  return [
    make("h3", {}, `${title} (${number(items.length)})`),
    make("ul", {}, ...items.slice(0, MOST_TOLD).map((item) => make("li", {}, ...[cell(item)].flat())), rest > 0 ? make("li", { class: "hops" }, `and ${number(rest)} more`) : null),
  ];
}

const facets = (pairs) => make("dl", {}, ...pairs.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));

const toModule = (tie) => {
  const remark = tie.kind === "runtime" ? "" : tie.kind === "typing" ? " for types only" : " inside functions";
  return [link(modules[tie.module].path, () => reveal(tie.module)), make("span", { class: "hops" }, remark)];
};

function tellFolder(node) {
  const open = opened.has(node) && node !== root;
  const heavy = (a, b) => b.lines - a.lines;
  return [
    make("h3", {}, node.path || facts.name),
    facets([
      ["files", number(node.count)],
      ["lines", number(node.lines)],
      ["classes and functions", number(node.defs)],
      ["annotated", percent(node.typed, node.typable)],
      ["type errors", number(node.type_errors)],
    ]),
    open ? make("p", {}, make("button", { type: "button", onclick: () => close(node) }, "Close this folder")) : null,
    ...listed("Holds", [...node.children].sort(heavy), (child) =>
      link(child.module === null ? `${child.label}/` : child.label, () => (child.module === null ? touch(child) : reveal(child.module))),
    ),
  ];
}

function tellModule(node) {
  const module = modules[node.module];
  const chains = chainsOf.get(node.module) || [];
  const parent = opened.has(node.parent) && node.parent !== root ? node.parent : null;
  return [
    make("h3", {}, ...foldable(module.path)),
    make("p", { class: "hops" }, module.module ? `import ${module.module}` : "no import can name it"),
    facets([
      ["lines", number(module.lines)],
      ["classes and functions", number(module.defs)],
      ["exports", number(module.exports)],
      ["of these from elsewhere", number(module.reexports)],
      ["annotated", percent(module.typed, module.typable)],
      ["type errors", number(module.type_errors)],
      ["complexity", module.complexity ? number(module.complexity[0]) : "–"],
      ["commits", facts.churn.missing ? "–" : number(module.commits)],
    ]),
    module.tags.length ? make("p", { class: "hops" }, module.tags.join(" · ")) : null,
    parent ? make("p", {}, make("button", { type: "button", onclick: () => close(parent) }, `Close ${parent.label}`)) : null,
    ...listed("Re-exports, the longest ways first", chains, (chain) => [
      link(chain.name, () => reveal(node.module, passes(chain))),
      make("div", { class: "hops" }, ...foldable(chain.hops.join(" → "))),
    ]),
    ...listed("Imports", importsOf[node.module], toModule),
    ...listed("Imported by", importersOf[node.module], toModule),
  ];
}

function tell(node) {
  const told = node.module === null ? tellFolder(node) : tellModule(node);
  at("details").replaceChildren(...told.filter(Boolean));
  at("details").scrollTop = 0;
}
