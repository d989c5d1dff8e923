import assert from 'node:assert/strict'
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { findCommand } from '../../src/commands/main.ts'
import { tempDir } from '../temp.ts'
import { testContext } from './context.ts'

const makeDirectory = findCommand('make-directory')
const moveDirectory = findCommand('move-directory')
const copyFile = findCommand('copy-file')

test('make-directory makes the whole path and is content when it is there', async (t) => {
  const path = join(await tempDir(t), 'a', 'b')
  await makeDirectory({ path }, testContext(t))
  await makeDirectory({ path }, testContext(t))
  assert.ok((await stat(path)).isDirectory())
})

test('make-directory where a file is in the way fails as an output problem', async (t) => {
  const path = join(await tempDir(t), 'a')
  await writeFile(path, '')
  await assert.rejects(makeDirectory({ path }, testContext(t)), { reason: 'output' })
})

test('move-directory moves', async (t) => {
  const dir = await tempDir(t)
  await mkdir(join(dir, 'src'))
  await writeFile(join(dir, 'src', 'f'), 'x')
  await moveDirectory({ src: join(dir, 'src'), dest: join(dir, 'sub', 'dest') }, testContext(t))
  assert.deepEqual(await readdir(dir), ['sub'])
  assert.equal(await readFile(join(dir, 'sub', 'dest', 'f'), 'utf8'), 'x')
})

test('move-directory moves to another file system', async (t) => {
  const dir = await tempDir(t)
  const far = await otherFileSystem(t, dir)
  if (!far) return t.skip('no second file system here')
  await mkdir(join(dir, 'src'))
  await writeFile(join(dir, 'src', 'f'), 'x')
  await moveDirectory({ src: join(dir, 'src'), dest: join(far, 'dest') }, testContext(t))
  assert.deepEqual(await readdir(dir), [])
  assert.equal(await readFile(join(far, 'dest', 'f'), 'utf8'), 'x')
})

test('move-directory first moves an older destination aside, under its time, then under numbers', async (t) => {
  const dir = await tempDir(t)
  const at = new Date(2024, 2, 9, 8, 7, 6)
  for (let i = 0; i < 4; i++) {
    await mkdir(join(dir, 'src'))
    await writeFile(join(dir, 'src', 'which'), String(i))
    await moveDirectory({ src: join(dir, 'src'), dest: join(dir, 'dest') }, testContext(t))
    await utimes(join(dir, 'dest'), at, at)
  }
  assert.deepEqual((await readdir(dir)).sort(), [
    'dest',
    'dest-2024-03-09_080706',
    'dest-2024-03-09_080706-001',
    'dest-2024-03-09_080706-002',
  ])
  assert.equal(await readFile(join(dir, 'dest-2024-03-09_080706-002', 'which'), 'utf8'), '2')
})

test('move-directory of nothing is a missing file', async (t) => {
  const dir = await tempDir(t)
  await assert.rejects(
    moveDirectory({ src: join(dir, 'no'), dest: join(dir, 'x') }, testContext(t)),
    {
      reason: 'missing-file',
    },
  )
})

test('copy-file copies into a new folder and never over a file', async (t) => {
  const dir = await tempDir(t)
  const parameters = { src: join(dir, 'a'), dest: join(dir, 'new', 'b') }
  await writeFile(parameters.src, 'content', { mode: 0o444 })
  await copyFile(parameters, testContext(t))
  assert.equal(await readFile(parameters.dest, 'utf8'), 'content')
  assert.ok(
    (await stat(parameters.dest)).mode & 0o200,
    'the copy of a read-only file can be changed',
  )
  await assert.rejects(copyFile(parameters, testContext(t)), /exists already/)
})

test('copy-file takes absolute paths of files only', async (t) => {
  const dir = await tempDir(t)
  await assert.rejects(copyFile({ src: 'a', dest: '/b' }, testContext(t)), /not an absolute path/)
  await assert.rejects(copyFile({ src: dir, dest: join(dir, 'b') }, testContext(t)), /not a file/)
})

test('a missing or mistyped parameter is named', async (t) => {
  const context = testContext(t)
  await assert.rejects(makeDirectory({}, context), /make-directory: parameter "path" is missing/)
  await assert.rejects(
    makeDirectory({ path: 3 }, context),
    /parameter "path" is 3, expected a text/,
  )
  await assert.rejects(findCommand('echo')({}, context), /parameter "message" is missing/)
  await assert.rejects(findCommand('sleep')({ duration_in_seconds: '1' }, context), /a number/)
  await assert.rejects(findCommand('sleep')({ duration_in_seconds: -1 }, context), /cannot sleep/)
  await assert.rejects(findCommand('exec')({ exe: 'ls', args: 'x' }, context), /a list/)
})

/** A file with nothing in it that would take minutes to copy. */
async function hugeFile(file: string): Promise<void> {
  await writeFile(file, '')
  await truncate(file, 2 ** 37)
}

async function copyingHasBegun(file: string): Promise<void> {
  while (!((await stat(file).catch(() => undefined))?.size ?? 0)) await delay(5)
}

test('copy-file over the time limit stops, and leaves no half of a file', async (t) => {
  const dir = await tempDir(t)
  const far = await otherFileSystem(t, dir)
  if (!far) return t.skip('no second file system here')
  const [src, dest] = [join(far, 'film'), join(dir, 'copy')]
  await hugeFile(src)
  const context = testContext(t, { limits: { timeLimitMs: 200 } })
  await assert.rejects(copyFile({ src, dest }, context), {
    reason: 'timeout',
    message: 'copy-file took longer than 0.20 s, the limit of this worker, and was stopped',
  })
  assert.deepEqual(await readdir(dir), [])
})

test('a canceled copy-file stops, and leaves no half of a file', async (t) => {
  const dir = await tempDir(t)
  const far = await otherFileSystem(t, dir)
  if (!far) return t.skip('no second file system here')
  const [src, dest] = [join(far, 'film'), join(dir, 'copy')]
  await hugeFile(src)
  const abort = new AbortController()
  const copying = copyFile({ src, dest }, testContext(t, { signal: abort.signal }))
  await Promise.all([
    assert.rejects(copying, { reason: 'canceled' }),
    copyingHasBegun(dest).then(() => abort.abort()),
  ])
  assert.deepEqual(await readdir(dir), [])
})

test('move-directory to another file system over the time limit leaves the source whole', async (t) => {
  const dir = await tempDir(t)
  const far = await otherFileSystem(t, dir)
  if (!far) return t.skip('no second file system here')
  const src = join(far, 'src')
  await mkdir(src)
  await hugeFile(join(src, 'film'))
  const context = testContext(t, { limits: { timeLimitMs: 200 } })
  const moving = moveDirectory({ src, dest: join(dir, 'dest') }, context)
  await assert.rejects(moving, { reason: 'timeout' })
  assert.deepEqual(await readdir(dir), [])
  assert.deepEqual(await readdir(src), ['film'])
})

/** A folder of another one than `dir` is on. */
async function otherFileSystem(t: TestContext, dir: string): Promise<string | undefined> {
  const memory = '/dev/shm'
  const other = await stat(memory).catch(() => undefined)
  if (!other || other.dev === (await stat(dir)).dev) return undefined
  const far = await mkdtemp(join(memory, 'farm-move-'))
  t.after(() => rm(far, { recursive: true, force: true }))
  return far
}
