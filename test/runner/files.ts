import { run } from 'node:test'
import type { TestEvent } from 'node:test/reporters'

export interface RunOptions {
  cwd: string
  /** How many files run at the same time. */
  atOnce: number
  /** How long one file may take, from its start to the end of its process, in milliseconds. */
  longestMs: number
  /** Only tests whose name matches. */
  only: string | undefined
  take(event: TestEvent): void
}

/** How long a test that took too long, and a process that does not end, have to say so themselves. */
const LAST_WORDS_MS = 5_000

/**
 * Runs each file in a process of its own and hands on what it tells, as it comes.
 *
 * One run() a file: node:test has a time limit for tests, but none for a file whose process stays
 * after them, and it holds back what the files behind such a one have told.
 */
export async function runFiles(files: readonly string[], options: RunOptions): Promise<void> {
  const waiting = files.values()
  const lanes = Array.from({ length: options.atOnce }, async () => {
    for (const file of waiting) await runFile(file, options)
  })
  await Promise.all(lanes)
}

async function runFile(file: string, options: RunOptions): Promise<void> {
  const stream = run({
    files: [file],
    cwd: options.cwd,
    timeout: options.longestMs,
    signal: AbortSignal.timeout(options.longestMs + LAST_WORDS_MS),
    execArgv: [
      '--no-node-snapshot',
      '--disable-warning=ExperimentalWarning',
      `--import=${import.meta.resolve(`./what-stays.ts?after=${options.longestMs}`)}`,
    ],
    ...(options.only ? { testNamePatterns: [new RegExp(options.only)] } : {}),
  })
  for await (const event of stream) options.take(event)
}
