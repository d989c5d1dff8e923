/** What a line of Blender's output says, as far as a worker acts on it. */
export type BlenderLine =
  | { kind: 'frame'; frame: number }
  | { kind: 'saved'; file: string }
  | { kind: 'skipped'; file: string | undefined }
  | { kind: 'appended'; frame: number }
  | { kind: 'time'; ms: number }

// From 4.4 on a line may begin with a clock and its category, `00:03.215  render  | `.
const lead = String.raw`(?:^|render\s+\|\s+)`
const saved = new RegExp(`${lead}Saved: '(.*)'`)
const skipped = new RegExp(`${lead}[sS]kipping existing frame(?: "(.*)")?`)
const time = new RegExp(`${lead}Time: ([0-9:.]+)`)
const frame = new RegExp(`${lead}Fra: ?(\\d+)`)
const appended = new RegExp(`${lead}Append frame (\\d+)`)

export function parseBlenderLine(line: string): BlenderLine | undefined {
  let match = frame.exec(line)
  if (match) return { kind: 'frame', frame: Number(match[1]) }
  match = saved.exec(line)
  if (match) return { kind: 'saved', file: match[1]! }
  match = time.exec(line)
  if (match) return { kind: 'time', ms: parseClock(match[1]!) }
  match = skipped.exec(line)
  if (match) return { kind: 'skipped', file: match[1] }
  match = appended.exec(line)
  if (match) return { kind: 'appended', frame: Number(match[1]) }
  return undefined
}

/** `01:02.50` or `1:02:03.25` in milliseconds. */
function parseClock(text: string): number {
  const seconds = text.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
  return Number.isFinite(seconds) ? Math.round(seconds * 1000) : 0
}
