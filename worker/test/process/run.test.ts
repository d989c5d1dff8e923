import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { pino } from 'pino'
import { type Guard, startGuard } from '../../src/process/guard.ts'
import { type RunOptions, type RunResult, runProcess } from '../../src/process/run.ts'
import { markedProcesses } from '../../src/process/terminate.ts'

const log = pino({ level: 'silent' })

/** A guard that tells which marker it gave out, so that a test can look for survivors. */
function testGuard(t: TestContext): Guard & { marker: string } {
  const guard = startGuard({ log, graceMs: 1_000 })
  t.after(() => guard.close())
  const told = { ...guard, marker: '', nextMarker: () => (told.marker = guard.nextMarker()) }
  return told
}

async function run(
  guard: Guard,
  script: string,
  options: Partial<RunOptions> = {},
): Promise<RunResult & { lines: string[] }> {
  const lines: string[] = []
  const result = await runProcess({
    argv: ['/bin/sh', '-c', script],
    guard,
    signal: new AbortController().signal,
    onLine: (line) => lines.push(line),
    ...options,
  })
  return { ...result, lines }
}

async function eventually(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await delay(20)
}

test('a process gives its lines, both outputs, and its exit code', async (t) => {
  const result = await run(testGuard(t), 'echo out; echo err >&2; printf tail; exit 3')
  assert.deepEqual(result.lines.toSorted(), ['err', 'out', 'tail'])
  assert.equal(result.exitCode, 3)
  assert.equal(result.endedBy, 'itself')
})

test('a program that does not exist is told by its error code', async (t) => {
  const result = await run(testGuard(t), '', { argv: ['/nowhere/blender'] })
  assert.equal(result.startError?.code, 'ENOENT')
})

test('a cancelled command takes its grandchildren with it', async (t) => {
  const guard = testGuard(t)
  const abort = new AbortController()
  const result = await run(guard, '(sleep 600 & sleep 600) & echo ready; sleep 600', {
    signal: abort.signal,
    onLine: (line) => line === 'ready' && abort.abort(),
  })
  assert.equal(result.endedBy, 'cancel')
  assert.deepEqual(await markedProcesses(guard.marker), [])
})

test('a command that ignores TERM is killed after the grace', async (t) => {
  const guard = testGuard(t)
  const abort = new AbortController()
  const result = await run(guard, "trap '' TERM; echo ready; while :; do sleep 1; done", {
    signal: abort.signal,
    limits: { graceMs: 150 },
    onLine: (line) => line === 'ready' && abort.abort(),
  })
  assert.equal(result.signal, 'SIGKILL')
  assert.deepEqual(await markedProcesses(guard.marker), [])
})

test('a descendant that left the group is found by its marker', {
  skip: process.platform !== 'linux',
}, async (t) => {
  const guard = testGuard(t)
  const abort = new AbortController()
  await run(guard, 'setsid sleep 600 >/dev/null 2>&1 & sleep 0.1; echo ready; sleep 600', {
    signal: abort.signal,
    limits: { graceMs: 150 },
    onLine: (line) => line === 'ready' && abort.abort(),
  })
  await eventually(async () => (await markedProcesses(guard.marker)).length === 0)
})

test('a child left in the background neither holds the command open nor survives it', async (t) => {
  const guard = testGuard(t)
  const result = await run(guard, 'sleep 600 & echo done')
  assert.equal(result.exitCode, 0)
  assert.deepEqual(result.lines, ['done'])
  await eventually(async () => (await markedProcesses(guard.marker)).length === 0)
})

test('a command without output is ended as stalled', async (t) => {
  const result = await run(testGuard(t), 'echo a; sleep 600', { limits: { stallMs: 100 } })
  assert.equal(result.endedBy, 'stall')
})

test('a command that talks for ever is ended by its time limit', async (t) => {
  const result = await run(testGuard(t), 'while :; do echo a; sleep 0.02; done', {
    limits: { stallMs: 5_000, timeLimitMs: 200 },
  })
  assert.equal(result.endedBy, 'time-limit')
  assert.ok(result.lines.length > 0)
})

test('a limit beyond what a timer can hold ends nothing at once', async (t) => {
  const result = await run(testGuard(t), 'sleep 0.1', { limits: { timeLimitMs: 1e12 } })
  assert.equal(result.endedBy, 'itself')
})

test('a command runs as nice and as dispensable as asked', {
  skip: process.platform !== 'linux',
}, async (t) => {
  const seen: Promise<string[]>[] = []
  await run(testGuard(t), 'sleep 0.3', {
    limits: { nice: 7, oomScoreAdjust: 500 },
    onStart: (pid) =>
      seen.push(
        delay(100).then(() =>
          Promise.all(
            ['oom_score_adj', 'stat'].map((name) => readFile(`/proc/${pid}/${name}`, 'utf8')),
          ),
        ),
      ),
  })
  const [[oom, stat]] = (await Promise.all(seen)) as [[string, string]]
  assert.equal(oom.trim(), '500')
  assert.equal(stat.split(') ')[1]!.split(' ')[16], '7')
})

test('a command already cancelled when it starts is ended at once', async (t) => {
  const result = await run(testGuard(t), 'sleep 600', { signal: AbortSignal.abort() })
  assert.equal(result.endedBy, 'cancel')
})
