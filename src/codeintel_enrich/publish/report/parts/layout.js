// Owns where things go: a force layout for graphs and squarified rectangles for maps. No chance: same in, same out.

// items: [{radius, sink (0 top to 1 bottom)}], ties: [[from, to, weight]]; gives each item x and y.
// What has no ties stands in rows below the others.
function settle(items, ties, width, height) {
  const tied = new Set(ties.flatMap(([from, to]) => [from, to]));
  const free = [...tied].sort((a, b) => a - b);
  const gap = Math.sqrt((width * height) / Math.max(1, free.length));
  free.forEach((place, index) => {
    const angle = index * 2.399963;
    const away = Math.sqrt((index + 0.5) / free.length);
    items[place].x = width * (0.5 + 0.48 * away * Math.cos(angle));
    items[place].y = height * (0.08 + 0.84 * items[place].sink) + gap * 0.2 * Math.sin(angle);
  });
  const rounds = free.length > 150 ? 160 : 360;
  const strongest = Math.max(1, ...ties.map((tie) => tie[2]));
  for (let round = 0; round < rounds; round += 1) {
    const heat = gap * 0.3 * (1 - round / rounds) + 0.2;
    const push = items.map(() => [0, 0]);
    for (let i = 0; i < free.length; i += 1) {
      for (let j = i + 1; j < free.length; j += 1) {
        const [a, b] = [items[free[i]], items[free[j]]];
        const dx = a.x - b.x || 0.1 * (i - j);
        const dy = a.y - b.y || 0.1;
        // Labels are wide: what stands beside needs more room than what stands above.
        const far = Math.max(1, Math.hypot(dx * 0.7, dy));
        if (far > gap * 2) continue;
        const room = a.radius + b.radius + 26;
        let force = (gap * gap * 0.28) / (far * far);
        if (far < room) force += (0.5 * (room - far)) / far;
        push[free[i]][0] += dx * force;
        push[free[i]][1] += dy * force;
        push[free[j]][0] -= dx * force;
        push[free[j]][1] -= dy * force;
      }
    }
    for (const [from, to, weight] of ties) {
      const dx = items[to].x - items[from].x;
      const dy = items[to].y - items[from].y;
      const pull = 0.02 + 0.06 * Math.sqrt(weight / strongest);
      push[from][0] += dx * pull;
      push[from][1] += dy * pull * 0.2;
      push[to][0] -= dx * pull;
      push[to][1] -= dy * pull * 0.2;
    }
    for (const place of free) {
      const item = items[place];
      const dx = push[place][0] + (width / 2 - item.x) * 0.09;
      const dy = push[place][1] + (height * (0.05 + 0.9 * item.sink) - item.y) * 0.25;
      const long = Math.hypot(dx, dy) || 1;
      const step = Math.min(long, heat);
      item.x += (dx / long) * step;
      item.y += (dy / long) * step;
    }
  }
  stretch(free.map((place) => items[place]), width, height);
  const lowest = Math.max(0, ...free.map((place) => items[place].y + items[place].radius));
  const alone = items.filter((item, place) => !tied.has(place));
  const across = Math.max(1, Math.floor(width / 105));
  alone.forEach((item, index) => {
    item.x = width / 2 + ((index % across) - (Math.min(across, alone.length) - 1) / 2) * 105;
    item.y = lowest + 75 + Math.floor(index / across) * 80;
  });
}

// Spreads items over the whole picture, at most to twice as far apart.
function stretch(items, width, height) {
  for (const [axis, full] of [["x", width], ["y", height]]) {
    const low = Math.min(...items.map((item) => item[axis]));
    const high = Math.max(...items.map((item) => item[axis]));
    const factor = Math.min(2, Math.max(1, (full * 0.94) / Math.max(1, high - low)));
    for (const item of items) item[axis] = full / 2 + (item[axis] - (low + high) / 2) * factor;
  }
}

// Rectangles as square as can be (Bruls, Huizing, van Wijk 2000): [{item, x, y, w, h}], the largest first.
function squarify(items, size, x, y, w, h) {
  const rest = items.filter((item) => size(item) > 0).sort((a, b) => size(b) - size(a));
  const total = sum(rest, size);
  const placed = [];
  if (!total || w <= 0 || h <= 0) return placed;
  const scale = (w * h) / total;
  let start = 0;
  while (start < rest.length) {
    const short = Math.min(w, h);
    let end = start;
    let area = 0;
    let worst = Infinity;
    while (end < rest.length) {
      const next = area + size(rest[end]) * scale;
      const biggest = size(rest[start]) * scale;
      const smallest = size(rest[end]) * scale;
      const ratio = Math.max((short * short * biggest) / (next * next), (next * next) / (short * short * smallest));
      if (ratio > worst) break;
      worst = ratio;
      area = next;
      end += 1;
    }
    const thick = area / short;
    let offset = 0;
    for (const item of rest.slice(start, end)) {
      const long = (size(item) * scale) / thick;
      placed.push(w >= h ? { item, x, y: y + offset, w: thick, h: long } : { item, x: x + offset, y, w: long, h: thick });
      offset += long;
    }
    if (w >= h) {
      x += thick;
      w -= thick;
    } else {
      y += thick;
      h -= thick;
    }
    start = end;
  }
  return placed;
}
