/** A line per series over the same x, as an SVG that reads in light and dark. */
export interface LineChart {
  title: string
  xLabel: string
  yLabel: string
  series: { name: string; values: readonly number[] }[]
  /** Base-10 logarithm on y: for lines that differ by orders of magnitude. */
  logarithmic?: boolean
}

const width = 760
const height = 380
const margin = { left: 70, right: 190, top: 40, bottom: 44 }
const colours = ['#6c7787', '#b07f10', '#166594', '#1b6b5f', '#b3261e', '#5b2bb0']

export function lineChart(chart: LineChart): string {
  const count = Math.max(...chart.series.map((s) => s.values.length))
  const top = Math.max(...chart.series.flatMap((s) => s.values), 1)
  const bottom = chart.logarithmic
    ? Math.min(...chart.series.flatMap((s) => s.values).filter((v) => v > 0))
    : 0
  const x = (i: number): number =>
    margin.left + ((width - margin.left - margin.right) * i) / Math.max(1, count - 1)
  const scale = (v: number): number =>
    chart.logarithmic
      ? Math.log(Math.max(v, bottom) / bottom) / Math.log(top / bottom || Math.E)
      : v / top
  const y = (v: number): number =>
    height - margin.bottom - (height - margin.top - margin.bottom) * scale(v)
  const lines = chart.series.map((series, i) => {
    const points = series.values.map((v, at) => `${x(at).toFixed(1)},${y(v).toFixed(1)}`).join(' ')
    const colour = colours[i % colours.length]
    return `<polyline points="${points}" fill="none" stroke="${colour}" stroke-width="2"/>`
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12">`,
    `<title>${escapeXml(chart.title)}</title>`,
    '<rect width="100%" height="100%" fill="#ffffff"/>',
    `<text x="${margin.left}" y="22" font-size="15" font-weight="600" fill="#161b22">${escapeXml(chart.title)}</text>`,
    ...ticks(bottom, top, chart.logarithmic === true).map(
      (v) =>
        `<line x1="${margin.left}" x2="${width - margin.right}" y1="${y(v)}" y2="${y(v)}" stroke="#d5dbe4"/><text x="${margin.left - 8}" y="${y(v) + 4}" text-anchor="end" fill="#475160">${label(v)}</text>`,
    ),
    ...lines,
    ...legend(chart, y),
    `<text x="${margin.left}" y="${height - 12}" fill="#475160">${escapeXml(chart.xLabel)}</text>`,
    `<text x="14" y="${margin.top + 10}" transform="rotate(-90 14 ${margin.top + 10})" text-anchor="end" fill="#475160">${escapeXml(chart.yLabel)}</text>`,
    '</svg>',
    '',
  ].join('\n')
}

// Names stand at their lines' ends, pushed apart where lines meet.
function legend(chart: LineChart, y: (v: number) => number): string[] {
  const ends = chart.series
    .map((series, i) => ({
      name: series.name,
      at: y(series.values.at(-1) ?? 0),
      colour: colours[i % colours.length],
    }))
    .sort((a, b) => a.at - b.at)
  let last = Number.NEGATIVE_INFINITY
  return ends.map(({ name, at, colour }) => {
    last = Math.max(at, last + 15)
    return `<text x="${width - margin.right + 8}" y="${last + 4}" fill="${colour}">${escapeXml(name)}</text>`
  })
}

function ticks(bottom: number, top: number, logarithmic: boolean): number[] {
  if (logarithmic) {
    const powers: number[] = []
    for (let v = 10 ** Math.ceil(Math.log10(bottom)); v <= top; v *= 10) powers.push(v)
    return powers
  }
  const step =
    10 ** Math.floor(Math.log10(top)) / (top / 10 ** Math.floor(Math.log10(top)) < 3 ? 2 : 1)
  return Array.from({ length: Math.floor(top / step) + 1 }, (_, i) => i * step)
}

function label(v: number): string {
  return Number(v.toPrecision(3)).toLocaleString('en')
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
