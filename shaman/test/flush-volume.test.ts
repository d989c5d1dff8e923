import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createVolumeFlusher } from '../src/flush-volume.ts'
import { tempDir } from './support/farm.ts'
import { sleep, until } from './support/http.ts'

const onLinux = {
  skip: process.platform !== 'linux' && 'the server flushes whole volumes on Linux',
}

function helpersOf(directory: string): number[] {
  const lines = execFileSync('ps', ['-eo', 'pid,args'], { encoding: 'utf8' }).split('\n')
  return lines
    .filter((line) => line.includes('sync -f') && line.trimEnd().endsWith(directory))
    .map((line) => Number.parseInt(line, 10))
}

test(
  'a volume is flushed by one helper, however often, and it ends with its owner',
  onLinux,
  async (t) => {
    const dir = await tempDir(t)
    const flusher = createVolumeFlusher(dir)
    await flusher.flush()
    await Promise.all(Array.from({ length: 20 }, () => flusher.flush()))
    assert.equal(helpersOf(dir).length, 1)
    flusher.close()
    await until(() => helpersOf(dir).length === 0)
  },
)

test('a flush that fails is told, also to those who wait for the next one', onLinux, async (t) => {
  const dir = join(await tempDir(t), 'gone')
  const flusher = createVolumeFlusher(dir)
  t.after(() => flusher.close())
  const outcomes = await Promise.allSettled([flusher.flush(), flusher.flush(), flusher.flush()])
  for (const outcome of outcomes) {
    assert.equal(outcome.status, 'rejected')
    assert.match(String((outcome as PromiseRejectedResult).reason), /cannot be flushed.*gone/)
  }
})

test(
  'a helper that was killed fails the flush under way and is replaced for the next',
  onLinux,
  async (t) => {
    const dir = await tempDir(t)
    const flusher = createVolumeFlusher(dir)
    t.after(() => flusher.close())
    await flusher.flush()
    const [pid] = helpersOf(dir)
    process.kill(pid!, 'SIGSTOP')
    const underWay = flusher.flush()
    await sleep(20)
    process.kill(pid!, 'SIGKILL')
    await assert.rejects(underWay, /ended with SIGKILL/)
    await flusher.flush()
    assert.notEqual(helpersOf(dir)[0], pid)
    await rm(dir, { recursive: true })
  },
)

test('a flusher that nobody closes keeps no process from ending', onLinux, async (t) => {
  const dir = await tempDir(t)
  const program = join(dir, 'forgets.ts')
  await writeFile(
    program,
    `import { createVolumeFlusher } from ${JSON.stringify(import.meta.resolve('../src/flush-volume.ts'))}
    await createVolumeFlusher(${JSON.stringify(dir)}).flush()
    console.log('flushed')`,
  )
  const said = execFileSync(process.execPath, [program], { encoding: 'utf8', timeout: 30_000 })
  assert.equal(said, 'flushed\n')
})

test('a closed flusher starts no helper again', onLinux, async (t) => {
  const dir = await tempDir(t)
  const flusher = createVolumeFlusher(dir)
  await flusher.flush()
  flusher.close()
  await assert.rejects(flusher.flush(), /closed/)
  await until(() => helpersOf(dir).length === 0)
})
