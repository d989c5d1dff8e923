import { relative } from 'node:path'
import type { EventData } from 'node:test'
import type { TestEvent } from 'node:test/reporters'

export interface Counts {
  passed: number
  failed: number
  skipped: number
}

const LAST_WORDS = 6000

export interface Summary {
  take(event: TestEvent): void
  /** Prints what failing files wrote last and the skips, loudly. */
  end(): Counts
}

/** Prints a line a test as its file tells it, and each failure in full. */
export function createSummary(options: { root: string }): Summary {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 }
  const skips: string[] = []
  const said = new Map<string, string>()
  const failedFiles = new Set<string>()
  const where = (file: string | undefined): string => (file ? relative(options.root, file) : '?')

  return { take, end }

  function take({ type, data }: TestEvent): void {
    if (type === 'test:pass') {
      if (isTest(data)) passed(data)
    } else if (type === 'test:fail') {
      if (data.details.type !== 'suite') failed(data)
    } else if (type === 'test:diagnostic') {
      if (data.file !== undefined) console.log(`note  ${where(data.file)}: ${data.message}`)
    } else if (type === 'test:stderr') {
      said.set(data.file, `${said.get(data.file) ?? ''}${data.message}`.slice(-LAST_WORDS))
    }
  }

  function passed({ name, file, details, skip }: EventData.TestPass): void {
    const title = `${where(file)}: ${name}`
    if (skip !== undefined) {
      counts.skipped += 1
      skips.push(`${title}${typeof skip === 'string' ? ` (${skip})` : ''}`)
      return
    }
    counts.passed += 1
    const seconds = details.duration_ms / 1000
    console.log(`ok    ${title}${seconds > 1 ? ` (${seconds.toFixed(1)} s)` : ''}`)
  }

  function failed({ name, file, details }: EventData.TestFail): void {
    counts.failed += 1
    if (file) failedFiles.add(file)
    const title = name === file ? `${where(file)} as a whole` : `${where(file)}: ${name}`
    const { cause, message } = details.error
    const reason = cause instanceof Error ? (cause.stack ?? cause.message) : message
    console.log(`FAIL  ${title}\n${indent(reason)}`)
  }

  function end(): Counts {
    for (const file of failedFiles) {
      if (said.has(file))
        console.log(`\nWhat ${where(file)} wrote last:\n${indent(said.get(file) ?? '')}`)
    }
    for (const skip of skips) console.log(`SKIP  ${skip}`)
    return counts
  }
}

/** Not a suite, and not a file as a whole. */
function isTest({ name, file, details }: EventData.TestPass): boolean {
  return details.type !== 'suite' && name !== file
}

function indent(text: string): string {
  return text.replace(/^/gm, '      ')
}
