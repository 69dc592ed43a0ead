// Owns what is told in tables and bars: numbers at the top, references, broken files, the last build.

function figure(value, label, bad = false) {
  return make("div", { class: bad ? "figure bad" : "figure" }, make("b", {}, value), make("span", {}, label));
}

const asked = sum(facts.references, (row) => row.count);
const resolved = sum(facts.references, (row) => (row.reason === null ? row.count : 0));

function drawSummary() {
  at("summary").replaceChildren(
    figure(number(modules.length), "Python files"),
    figure(number(root.lines), "lines"),
    figure(number(root.defs), "classes and functions"),
    figure(number(sum(modules, (module) => module.exports)), "names to import"),
    figure(percent(root.typed, root.typable), "of parameters and returns annotated"),
    figure(percent(resolved, asked), "of references resolved"),
    figure(number(root.type_errors), "type errors", root.type_errors > 0),
    figure(number(facts.broken.length), "files that do not parse", facts.broken.length > 0),
  );
}

function drawReferences() {
  const share = (row) => (100 * row.count) / asked;
  const tint = (row, index) => (row.reason === null ? "var(--high)" : `var(--c${(index % 7) + 1})`);
  const label = (row) => row.reason || "resolved";
  at("references").replaceChildren(
    make("div", { class: "stack", role: "img", "aria-label": facts.references.map((row) => `${label(row)}: ${row.count}`).join(", ") },
      ...facts.references.map((row, index) => make("i", { style: `width:${share(row)}%;background:${tint(row, index)}`, title: `${label(row)}: ${number(row.count)}` }))),
    make("ul", { class: "legend" },
      ...facts.references.map((row, index) => make("li", {}, make("i", { style: `background:${tint(row, index)}` }), `${label(row)}: ${number(row.count)} (${share(row).toFixed(1)} %)`))),
  );
}

function tabled(id, columns, rows, none) {
  at(id).replaceChildren(rows.length ? table(columns, rows) : make("p", { class: "good", style: "padding:.2rem .9rem" }, none));
}

function drawLists() {
  tabled("undefined", [
    ["name", (row) => make("code", {}, ...foldable(row.name))],
    ["why", (row) => make("span", {}, ...foldable(row.reason.replaceAll("`", "")))],
    ["times", (row) => number(row.count), true],
    ["first", (row) => make("span", {}, ...foldable(row.first))],
  ], facts.undefined, "There are none.");
  tabled("outside", [
    ["package", (row) => make("code", {}, row.package)],
    ["names", (row) => number(row.names), true],
    ["files", (row) => number(row.files), true],
  ], facts.outside, "There are none.");
  tabled("broken-list", [
    ["file", (row) => make("span", {}, ...foldable(row.path))],
    ["line", (row) => number(row.line), true],
    ["why", (row) => row.error],
  ], facts.broken, "Every file parses.");
}

const FLOW = ["index", "check", "parse", "link", "qualify", "stitch", "types", "emit", "outline", "merge"];

function drawRun() {
  const { run } = facts;
  if (!run) {
    at("run").replaceChildren(make("p", { class: "good" }, "Nothing is known of it; the next build that has something to do is told of here."));
    return;
  }
  const total = sum(Object.values(run.tasks), (count) => count);
  const others = Object.keys(run.seconds).filter((stage) => !FLOW.includes(stage));
  const rows = [...FLOW, ...others].filter((stage) => run.tasks[stage] || run.seconds[stage] >= 0.005);
  const longest = Math.max(0.001, ...rows.map((stage) => run.seconds[stage] || 0));
  const notes = [...run.errors.map((text) => `error: ${text}`), ...run.warnings.map((text) => `warning: ${text}`)];
  at("run").replaceChildren(
    make("p", { class: "lead" }, `Ended ${run.ended.replace("T", " ").replace("Z", " UTC")} after ${seconds(run.elapsed)}: ${plural(total, "task")} ran, ${number(run.up_to_date)} were up to date. Seconds are wall time, summed over the tasks of a stage; tasks run beside each other.`),
    make("div", { class: "scroll" }, table([
      ["stage", (stage) => stage],
      ["tasks", (stage) => (run.tasks[stage] ? number(run.tasks[stage]) : ""), true],
      ["time", (stage) => seconds(run.seconds[stage] || 0), true],
      ["", (stage) => make("span", { class: "meter", style: `width:${((100 * (run.seconds[stage] || 0)) / longest).toFixed(1)}%` })],
    ], rows)),
    notes.length ? make("ul", {}, ...notes.map((text) => make("li", {}, text))) : "",
  );
}
