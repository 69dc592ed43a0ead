// Owns the facts and the tree of folders over the modules, with sums over each folder; knows nothing of drawing.

const facts = JSON.parse(at("facts").textContent);
const modules = facts.modules;
const importsOf = modules.map(() => []);
const importersOf = modules.map(() => []);
for (const [from, to, kind, names] of facts.imports) {
  importsOf[from].push({ module: to, kind, names });
  importersOf[to].push({ module: from, kind, names });
}
const chainsOf = new Map();
for (const chain of facts.chains) {
  if (!chainsOf.has(chain.module)) chainsOf.set(chain.module, []);
  chainsOf.get(chain.module).push(chain);
}
const byName = new Map();
modules.forEach((module, index) => {
  if (module.module !== null && !byName.has(module.module)) byName.set(module.module, index);
});

// The modules that a chain passes, the re-exporting one first.
function passes(chain) {
  const places = [chain.module];
  for (const hop of chain.hops) {
    let name = hop;
    while (name && !byName.has(name)) name = name.slice(0, Math.max(0, name.lastIndexOf(".")));
    const place = byName.get(name);
    if (place !== undefined && place !== places[places.length - 1]) places.push(place);
  }
  return places;
}

const degreeOf = (index) => importsOf[index].length + importersOf[index].length;
const SUMMED = ["lines", "defs", "typable", "typed", "type_errors"];

function grow() {
  const root = { label: facts.name, path: "", parent: null, children: [], module: null };
  const folders = new Map([["", root]]);
  function folder(path) {
    if (folders.has(path)) return folders.get(path);
    const cut = path.lastIndexOf("/");
    const parent = folder(path.slice(0, Math.max(0, cut)));
    const made = { label: path.slice(cut + 1), path, parent, children: [], module: null };
    parent.children.push(made);
    folders.set(path, made);
    return made;
  }
  modules.forEach((module, index) => {
    const cut = module.path.lastIndexOf("/");
    const parent = folder(module.path.slice(0, Math.max(0, cut)));
    parent.children.push({ label: module.path.slice(cut + 1).replace(/\.pyi?$/, ""), path: module.path, parent, children: [], module: index });
  });
  return root;
}

// A folder that holds nothing but one folder is one with it.
function join(node) {
  while (node.parent && node.children.length === 1 && node.children[0].module === null) {
    const only = node.children[0];
    node.label = `${node.label}/${only.label}`;
    node.path = only.path;
    node.children = only.children;
    for (const child of node.children) child.parent = node;
  }
  node.children.forEach(join);
}

function add(node) {
  node.children.forEach(add);
  node.count = node.module === null ? sum(node.children, (child) => child.count) : 1;
  node.degree = node.module === null ? sum(node.children, (child) => child.degree) : degreeOf(node.module);
  for (const key of SUMMED) {
    node[key] = node.module === null ? sum(node.children, (child) => child[key]) : modules[node.module][key];
  }
}

const root = grow();
join(root);
add(root);
const leaves = new Array(modules.length);
const nodes = new Map();
(function walk(node) {
  nodes.set(node.path, node);
  if (node.module !== null) leaves[node.module] = node;
  node.children.forEach(walk);
})(root);

const ancestors = (node) => (node.parent ? [...ancestors(node.parent), node.parent] : []);

// A name that tells: many modules are called `__init__`, many folders `tests`.
const labels = new Map();
for (const node of nodes.values()) labels.set(node.label, (labels.get(node.label) || 0) + 1);
const isVague = (node) => node.parent && node.parent.parent && (node.label === "__init__" || (node.module === null && labels.get(node.label) > 1));
const shortName = (node) => (isVague(node) ? `${node.parent.label.split("/").pop()}/${node.label}` : node.label);
