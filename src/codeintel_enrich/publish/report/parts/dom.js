// Owns making elements and writing numbers; texts go in as text, never as markup.

const SVG = "http://www.w3.org/2000/svg";
const at = (id) => document.getElementById(id);

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const make = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
const draw = (tag, attributes = {}, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

const number = (value) => (value === null || value === undefined ? "–" : value.toLocaleString("en-GB"));
const percent = (part, whole) => (whole ? `${Math.floor((100 * part) / whole)} %` : "–");
const plural = (count, noun) => `${number(count)} ${noun}${count === 1 ? "" : "s"}`;
const seconds = (value) => (value >= 100 ? `${Math.round(value)} s` : `${value.toFixed(value >= 10 ? 1 : 2)} s`);
const sum = (items, of) => items.reduce((total, item) => total + of(item), 0);

// Makes something behave as a button for mouse and keyboard.
function press(action) {
  return {
    tabindex: 0,
    role: "button",
    onclick: action,
    onkeydown: (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        action(event);
      }
    },
  };
}

// A path or dotted name that may be folded after its separators.
const foldable = (text) => text.split(/(?<=[./_])/).flatMap((part, index) => (index ? [make("wbr"), part] : [part]));

const link = (text, action) => make("button", { type: "button", class: "link", onclick: action }, ...foldable(text));

// columns: [heading, cell of a row, whether it is a number]
function table(columns, rows) {
  const kind = (isNumber) => (isNumber ? "number" : null);
  return make(
    "table",
    {},
    make("thead", {}, make("tr", {}, ...columns.map(([head, , isNumber]) => make("th", { scope: "col", class: kind(isNumber) }, head)))),
    make("tbody", {}, ...rows.map((row) => make("tr", {}, ...columns.map(([, cell, isNumber]) => make("td", { class: kind(isNumber) }, cell(row)))))),
  );
}
