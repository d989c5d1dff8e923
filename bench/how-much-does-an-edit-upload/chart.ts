/** Bytes of one edit by each way of sending it. */
export interface ChartGroup {
  label: string
  bars: { label: string; percent: number; role: Role }[]
}

/** Whose bar it is: ours stands out, and so does what all are measured by. */
export type Role = 'ours' | 'other' | 'whole'

const barHeight = 14
const gap = 18
const left = 130
const right = 180
const width = 800
const colours: Record<Role, string> = { ours: '#1f6feb', other: '#afb8c1', whole: '#57606a' }

/** Horizontal bars on a logarithmic axis: the ways differ by factors of hundreds. */
export function drawChart(title: string, groups: ChartGroup[]): string {
  const low = 0.01
  const x = (percent: number): number =>
    left +
    (Math.log10(Math.max(percent, low) / low) / Math.log10(100 / low)) * (width - left - right)
  const parts: string[] = []
  let y = 70
  for (const group of groups) {
    parts.push(text(left - 8, y + (group.bars.length * barHeight) / 2 + 4, group.label, 'end', 600))
    for (const bar of group.bars) {
      const end = x(bar.percent)
      parts.push(
        `<rect x="${left}" y="${y}" width="${(end - left).toFixed(1)}" height="${barHeight - 2}" fill="${colours[bar.role]}"/>`,
        text(
          end + 5,
          y + barHeight - 4,
          `${formatPercent(bar.percent)} ${bar.label}`,
          'start',
          bar.role === 'ours' ? 600 : 400,
        ),
      )
      y += barHeight
    }
    y += gap
  }
  const ticks = [0.01, 0.1, 1, 10, 100].flatMap((tick) => [
    `<line x1="${x(tick)}" y1="58" x2="${x(tick)}" y2="${y - gap}" stroke="#d0d7de"/>`,
    text(x(tick), 52, `${tick} %`, 'middle', 400),
  ])
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" font-family="sans-serif" font-size="11">`,
    `<rect width="${width}" height="${y}" fill="#ffffff"/>`,
    `<text x="12" y="24" font-size="15" font-weight="600" fill="#1f2328">${title}</text>`,
    ...ticks,
    ...parts,
    '</svg>',
    '',
  ].join('\n')
}

function text(x: number, y: number, content: string, anchor: string, weight: number): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" font-weight="${weight}" fill="#1f2328" stroke="#ffffff" stroke-width="3" paint-order="stroke">${content}</text>`
}

function formatPercent(percent: number): string {
  return `${percent >= 10 ? percent.toFixed(0) : percent.toPrecision(2)} %`
}
