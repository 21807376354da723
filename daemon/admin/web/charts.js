// uPlot in the page's colours. A canvas says nothing to a screen reader: each chart has a name and words beside it, and
// the calendar a table with the same numbers.
import { h, setText } from './dom.js';

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const font = '12px system-ui, sans-serif';

function axis(more) {
  return { stroke: colour('muted'), font, ticks: { show: false }, grid: { stroke: colour('grid'), width: 1 }, ...more };
}

// Keeps a chart as wide as its place and drawn anew when the theme changes. `options(width)` are uPlot's.
class chart {
  constructor(place, height, options) {
    Object.assign(this, { place, height, options, data: null, plot: null });
    this.sizes = new ResizeObserver(() => this.resize());
    this.sizes.observe(place);
    this.themed = () => this.draw();
    addEventListener('theme', this.themed);
  }
  set(data) {
    this.data = data;
    if (this.plot && this.plot.series.length === data.length) this.plot.setData(data);
    else this.draw();
  }
  draw() {
    this.plot?.destroy();
    this.plot = null;
    const width = this.place.clientWidth;
    if (!this.data || width === 0) return;
    this.plot = new uPlot({ width, height: this.height, legend: { show: false }, ...this.options() }, this.data, this.place);
  }
  resize() {
    const width = this.place.clientWidth;
    if (!this.plot) this.draw();
    else if (width > 0 && width !== this.plot.width) this.plot.setSize({ width, height: this.height });
  }
  end() {
    this.sizes.disconnect();
    removeEventListener('theme', this.themed);
    this.plot?.destroy();
  }
}

const tens = (u, at) => at.map((each) => (Number.isInteger(Math.log10(each)) ? each : null));

// Lines over the last minutes. Series: {name, colour, value(sample), shown(value)}.
export function liveChart(title, series, { log = false } = {}) {
  const place = h('div', { class: 'plot', 'aria-hidden': 'true' });
  const values = series.map(() => h('b', {}, '–'));
  const node = h('figure', { class: 'card chart' },
    h('figcaption', {}, h('h2', {}, title),
      h('ul', { class: 'legend' }, series.map((each, at) => h('li', {}, h('span', { class: `swatch ${each.colour}`, 'aria-hidden': 'true' }), `${each.name} `, values[at])))),
    place);
  const shown = series[0].shown;
  const drawn = new chart(place, 180, () => ({
    scales: { x: { time: true }, y: log ? { distr: 3, range: (u, low, high) => [Math.min(low ?? 1, 1), Math.max((high ?? 10) * 2, 20)] } : { range: (u, low, high) => [0, Math.max(high ?? 0, 1) * 1.1] } },
    axes: [axis({ space: 90, size: 32, grid: { show: false }, values: (u, at) => at.map((each) => new Date(each * 1000).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })) }),
      axis({ size: 64, space: 30, ...(log && { filter: tens, grid: { stroke: colour('grid'), width: 1, filter: tens } }), values: (u, at) => at.map((each) => (each === null ? '' : shown(each))) })],
    cursor: { y: false, points: { size: 7 } },
    series: [{}, ...series.map((each) => ({ label: each.name, stroke: colour(each.colour), width: 2, points: { show: false }, spanGaps: true }))],
  }));
  return {
    node,
    update(all) {
      const samples = all.slice(1); // the first has no rate
      drawn.set([samples.map((each) => each.at), ...series.map((each) => samples.map((sample) => each.value(sample)))]);
      series.forEach((each, at) => {
        const last = samples.length > 0 ? each.value(samples.at(-1)) : null;
        setText(values[at], last === null ? '–' : each.shown(last));
      });
    },
    end: () => drawn.end(),
  };
}

// Bars, one for each span: {label, value, exact}; what is not exact is lighter. `chosen(at)` when the pointer or the keys come to one, `opened(at)` on a click.
export function barChart({ chosen, opened }) {
  const place = h('div', { class: 'plot' });
  let labels = [];
  let quiet = false; // while the keys move the cursor, the answer to it is no news
  const drawn = new chart(place, 240, () => ({
    scales: { x: { time: false, range: (u, low, high) => [-0.6, (high ?? 0) + 0.6] }, y: { range: (u, low, high) => [0, Math.max(high ?? 0, 1) * 1.08] } },
    axes: [axis({ space: 56, size: 34, grid: { show: false }, splits: (u) => ticks(labels.length, u.width), values: (u, at) => at.map((each) => labels[each] ?? '') }),
      axis({ size: 56, space: 36, values: (u, at) => at.map((each) => (Number.isInteger(each) ? compact.format(each) : '')) })],
    cursor: { y: false, x: false, drag: { x: false, y: false }, points: { show: false } },
    series: [{}, ...[['grid', 'edge'], ['bar', 'accent']].map(([fill, stroke]) => ({ stroke: colour(stroke), fill: colour(fill), width: 1, points: { show: false }, paths: uPlot.paths.bars({ size: [0.82, 64] }) }))],
    hooks: {
      setCursor: [(u) => !quiet && u.cursor.idx !== null && u.cursor.left >= 0 && chosen(u.cursor.idx)],
      ready: [(u) => u.over.addEventListener('click', () => u.cursor.idx !== null && opened(u.cursor.idx))],
      draw: [(u) => mark(u, place.marked)],
    },
  }));
  return {
    place,
    set(spans) {
      labels = spans.map((each) => each.label);
      drawn.set([spans.map((each, at) => at), spans.map((each) => each.value || null), spans.map((each) => each.exact || null)]); // nothing draws nothing
    },
    mark(at) {
      place.marked = at;
      quiet = true;
      drawn.plot?.redraw(false);
      quiet = false;
    },
    end: () => drawn.end(),
  };
}

const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

function ticks(many, width) {
  const step = Math.max(1, Math.ceil(many / Math.max(2, Math.floor(width / 64))));
  const nice = [1, 2, 3, 5, 6, 10, 15, 20, 30].find((each) => each >= step) ?? step;
  return Array.from({ length: Math.ceil(many / nice) }, (unused, at) => at * nice);
}

// A frame round the bar that is chosen: seen without colour, and where the bar itself is empty.
function mark(u, at) {
  if (at === null || at === undefined || at >= u.data[0].length) return;
  const half = (u.valToPos(1, 'x', true) - u.valToPos(0, 'x', true)) / 2;
  const middle = u.valToPos(at, 'x', true);
  u.ctx.save();
  u.ctx.strokeStyle = colour('text');
  u.ctx.lineWidth = 2 * devicePixelRatio;
  u.ctx.strokeRect(middle - half, u.bbox.top + 1, half * 2, u.bbox.height - 2);
  u.ctx.restore();
}
