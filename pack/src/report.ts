import { formatBytes, formatCount, formatTable } from '@shaman-farm/terminal'
import type { FileStatus, Trace, TracedFile } from './trace/model.ts'

/** Statuses that someone may have to act on, the gravest first. */
const problems: readonly FileStatus[] = ['missing', 'gap', 'unreadable', 'case-mismatch', 'outside']

/** One JSON object a line, each a file. */
export function toJsonLines(trace: Trace): string {
  return trace.files.map((file) => JSON.stringify(file)).join('\n')
}

/** A table of all files, problems last where the eye is, and a summary. */
export function toTable(trace: Trace): string {
  const files = [...trace.files].sort((a, b) => weight(a) - weight(b))
  const table = formatTable(
    [
      { title: 'status' },
      { title: 'kind' },
      { title: 'size', align: 'right' },
      { title: 'path' },
      { title: 'used by' },
    ],
    files.map((file) => rowOf(file, trace)),
  )
  return [
    ...(files.length > 0 ? [table, ''] : []),
    ...hints(files),
    ...differences(trace),
    summary(trace),
  ].join('\n')
}

/** Each .blend with what it names, libraries below those that link them. */
export function toTree(trace: Trace): string {
  const lines: string[] = []
  const shown = new Set<string>()
  const visit = (blend: string, indent: string): void => {
    shown.add(blend)
    const files = trace.files.filter((f) => f.users.some((user) => user.blend === blend))
    files.forEach((file, i) => {
      const isLast = i === files.length - 1
      const note = file.status === 'ok' ? '' : `  [${statusText(file)}]`
      lines.push(`${indent}${isLast ? '└─ ' : '├─ '}${shortPath(file.path, trace)}${note}`)
      if (file.kind !== 'library') return
      const below = `${indent}${isLast ? '   ' : '│  '}`
      if (shown.has(file.path)) lines.push(`${below}└─ (shown above)`)
      else visit(file.path, below)
    })
  }
  lines.push(shortPath(trace.blend, trace))
  visit(trace.blend, '')
  return [...lines, '', summary(trace)].join('\n')
}

function summary(trace: Trace): string {
  if (trace.files.length === 0) return `needs no other file (project ${trace.project})`
  const bytes = trace.files.reduce((sum, file) => sum + file.size, 0)
  const counts = problems
    .map((status) => [status, trace.files.filter((file) => file.status === status).length] as const)
    .filter(([, count]) => count > 0)
    .map(([status, count]) => `${count} ${status}`)
  const facts = [formatCount(trace.files.length, 'file'), formatBytes(bytes), ...counts]
  return `${facts.join(', ')} (project ${trace.project})`
}

function hints(files: readonly TracedFile[]): string[] {
  const lines = files
    .filter((file) => file.hint !== undefined)
    .map((file) => `${file.path}: ${file.hint}`)
  return lines.length > 0 ? [...lines, ''] : []
}

/** What Blender lists and no path leads to; that frames and caches are missing in its listing is nothing to tell. */
function differences({ crossCheck }: Trace): string[] {
  if (!crossCheck) return []
  const { listed, onlyBlender, onlyPack } = crossCheck
  const counts = `${onlyBlender.length} only there, ${onlyPack.length} only traced`
  return [
    `Blender lists ${formatCount(listed, 'path')}: ${counts}`,
    ...onlyBlender.map((path) => `only Blender: ${path}`),
    '',
  ]
}

function rowOf(file: TracedFile, trace: Trace): string[] {
  const isThere = file.status !== 'missing' && file.status !== 'gap'
  const frames = file.frames === undefined ? '' : ` (frames ${file.frames})`
  const [first, ...others] = file.users
  const users = first ? `${first.block}.${first.property}` : ''
  return [
    statusText(file),
    file.kind,
    isThere ? formatBytes(file.size) : '',
    `${shortPath(file.path, trace)}${frames}`,
    others.length > 0 ? `${users} and ${others.length} more` : users,
  ]
}

function statusText(file: TracedFile): string {
  return file.frames === undefined ? file.status : `${file.status} ${file.frames}`
}

/** Paths in the project without it, so that a line fits. */
function shortPath(file: string, trace: Trace): string {
  const prefix = `${trace.project}/`
  return file.startsWith(prefix) ? file.slice(prefix.length) : file
}

function weight(file: TracedFile): number {
  const at = problems.indexOf(file.status)
  return at < 0 ? -problems.length - 1 : -at
}
