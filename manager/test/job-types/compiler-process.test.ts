import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { scriptWith, writeScripts } from './open.ts'

const needsProc = { skip: process.platform !== 'linux' && 'looks at processes in /proc' }

interface ProcessFacts {
  pid: number
  parent: number
  session: number
  niceness: number
}

test('scripts run behind everything else, in a session of their own', needsProc, async (t) => {
  const program = await startCompiling(t)
  const compiler = childOf(program)
  assert.deepEqual([compiler.session, compiler.niceness], [compiler.pid, 5])
})

test('an endless script ends with the manager, however that ends', needsProc, async (t) => {
  const program = await startCompiling(t)
  const { pid } = childOf(program)
  program.kill('SIGKILL')
  const end = Date.now() + 20_000
  while (isThere(pid)) {
    assert.ok(Date.now() < end, 'the process that runs the script lives on')
    await sleep(20)
  }
})

async function startCompiling(t: TestContext): Promise<ChildProcess> {
  const dir = mkdtempSync(join(tmpdir(), 'farm-endless-'))
  writeScripts(dir, { 'endless.js': scriptWith('while (true);') })
  const file = join(import.meta.dirname, 'compiling-program.ts')
  const program = spawn(process.execPath, ['--no-node-snapshot', file, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => {
    program.kill('SIGKILL')
    rmSync(dir, { recursive: true })
  })
  await once(program.stdout!, 'data')
  return program
}

function childOf({ pid }: ChildProcess): ProcessFacts {
  const child = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => factsOf(Number(name)))
    .find((facts) => facts?.parent === pid)
  assert.ok(child, 'a process runs the script')
  return child
}

function factsOf(pid: number): ProcessFacts | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name before it may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z') return undefined
    return {
      ...{ pid, parent: Number(fields[1]), session: Number(fields[3]) },
      niceness: Number(fields[16]),
    }
  } catch {
    return undefined
  }
}

function isThere(pid: number): boolean {
  return factsOf(pid) !== undefined
}
