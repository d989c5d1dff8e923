import { relative } from 'node:path'
import type { TestsStream } from 'node:test'

export interface Counts {
  passed: number
  failed: number
  skipped: number
}

const LAST_WORDS = 6000

/** Prints a line a file while it runs, each failure in full, and the skips at the end, loudly. */
export async function summarise(stream: TestsStream, options: { root: string }): Promise<Counts> {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 }
  const skips: string[] = []
  const said = new Map<string, string>()
  const failedFiles = new Set<string>()
  const where = (file: string | undefined): string => (file ? relative(options.root, file) : '?')
  for await (const event of stream) {
    if (event.type === 'test:pass' || event.type === 'test:fail') {
      const { name, file, details, skip } = event.data
      if (details.type === 'suite' || name === file) {
        if (event.type === 'test:fail' && name === file) failure(name, details, file)
        continue
      }
      if (skip !== undefined) {
        counts.skipped += 1
        skips.push(`${where(file)}: ${name}${typeof skip === 'string' ? ` (${skip})` : ''}`)
      } else if (event.type === 'test:pass') {
        counts.passed += 1
        const seconds = details.duration_ms / 1000
        console.log(
          `ok    ${where(file)}: ${name}${seconds > 1 ? ` (${seconds.toFixed(1)} s)` : ''}`,
        )
      } else failure(`${where(file)}: ${name}`, details, file)
    } else if (event.type === 'test:diagnostic') {
      const { file, message } = event.data
      if (file !== undefined) console.log(`note  ${where(file)}: ${message}`)
    } else if (event.type === 'test:stderr') {
      const { file, message } = event.data
      said.set(file, `${said.get(file) ?? ''}${message}`.slice(-LAST_WORDS))
    }
  }
  for (const file of failedFiles) {
    if (said.has(file))
      console.log(`\nWhat ${where(file)} wrote last:\n${indent(said.get(file) ?? '')}`)
  }
  for (const skip of skips) console.log(`SKIP  ${skip}`)
  return counts

  function failure(name: string, details: { error?: unknown }, file: string | undefined): void {
    counts.failed += 1
    if (file) failedFiles.add(file)
    const error = details.error as
      | { cause?: { stack?: string; message?: string }; message?: string }
      | undefined
    console.log(
      `FAIL  ${name}\n${indent(error?.cause?.stack ?? error?.cause?.message ?? error?.message ?? 'no reason given')}`,
    )
  }
}

function indent(text: string): string {
  return text.replace(/^/gm, '      ')
}
