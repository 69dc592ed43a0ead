// Owns the start: draws every part, and ties the controls to them.

drawSummary();
startOver();
drawMap();
drawScatter();
listHotspots();
drawReferences();
drawLists();
drawRun();

at("closer").addEventListener("click", () => zoom(1 / 1.25));
at("farther").addEventListener("click", () => zoom(1.25));
at("fit").addEventListener("click", fitView);
at("reset").addEventListener("click", startOver);
at("area").addEventListener("change", (event) => {
  area = event.target.value;
  drawMap();
});
at("theme").addEventListener("click", () => {
  const isDark = getComputedStyle(document.documentElement).colorScheme === "dark"
    || (document.documentElement.style.colorScheme === "" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.style.colorScheme = isDark ? "light" : "dark";
});

// A finder for any number of modules: only what fits the word is offered.
at("find").addEventListener("input", (event) => {
  const word = event.target.value.trim().toLowerCase();
  const exact = modules.findIndex((module) => module.path === event.target.value || module.module === event.target.value);
  if (exact >= 0) reveal(exact);
  const fitting = word.length < 2 ? [] : modules.filter((module) => module.path.toLowerCase().includes(word) || (module.module || "").toLowerCase().includes(word));
  at("found").replaceChildren(...fitting.slice(0, 30).map((module) => make("option", { value: module.path })));
});
at("find").addEventListener("keydown", (event) => {
  const first = at("found").firstElementChild;
  if (event.key === "Enter" && first) reveal(modules.findIndex((module) => module.path === first.value));
});
