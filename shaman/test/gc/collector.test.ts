import assert from 'node:assert/strict'
import { mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { isCode } from '../../src/errors.ts'
import { openShaman } from '../../src/open-shaman.ts'
import type { Shaman } from '../../src/shaman.ts'
import {
  leaveAsFlamenco,
  openTestShaman,
  putBlob,
  randomBlob,
  readAll,
  startTestFarm,
  type TestBlob,
  tempDir,
} from '../support/farm.ts'
import { ask } from '../support/http.ts'

const day = 24 * 3600 * 1000

/** A store whose clock the test moves. */
async function shamanWithClock(
  t: TestContext,
): Promise<{ shaman: Shaman; pass: (ms: number) => void }> {
  let time = Date.UTC(2026, 0, 1)
  const shaman = await openTestShaman(t, { now: () => time, durability: 'none' })
  return {
    shaman,
    pass: (ms) => {
      time += ms
    },
  }
}

const spec = (path: string, blob: TestBlob) => ({ path, ...blob.digest })

async function collect(shaman: Shaman, maxAgeMs = 31 * day) {
  const plan = await shaman.gc.plan({ maxAgeMs })
  return { plan, result: await shaman.gc.apply(plan.id) }
}

test('what is referenced, pinned, leased or recent stays, the rest goes, and the plan says so', async (t) => {
  const { shaman, pass } = await shamanWithClock(t)
  const [used, old, pinned, leased, recent] = Array.from({ length: 5 }, () => randomBlob(100))
  for (const blob of [used!, old!, pinned!, leased!]) await putBlob(shaman, blob)
  await shaman.checkouts.create({ path: 'job', files: [spec('a', used!)] })
  pass(29 * day)
  await putBlob(shaman, recent!)
  pass(5 * day)
  const unpin = shaman.protection.pin([pinned!.digest])
  assert.equal(shaman.negotiator.status(leased!.digest), 'stored')

  const { plan, result } = await collect(shaman)
  const one = { blobs: 1, bytes: 100 }
  assert.deepEqual(plan.kept, {
    referenced: one,
    foreign: { blobs: 0, bytes: 0 },
    pinned: one,
    leased: one,
    recent: one,
  })
  assert.deepEqual([plan.total.blobs, plan.removed, plan.remaining.blobs], [5, one, 4])
  assert.deepEqual(result.removed, one)
  assert.equal(shaman.blobs.isStored(old!.digest), false)
  for (const blob of [used!, pinned!, leased!, recent!]) {
    assert.equal(shaman.blobs.isStored(blob.digest), true)
  }
  unpin()
})

test('a plan changes nothing, and what becomes needed before it is applied is spared', async (t) => {
  const { shaman, pass } = await shamanWithClock(t)
  const [a, b, c] = [randomBlob(10), randomBlob(20), randomBlob(30)]
  for (const blob of [a, b, c]) await putBlob(shaman, blob)
  pass(40 * day)
  const plan = await shaman.gc.plan()
  assert.equal(plan.removed.blobs, 3)
  assert.equal((await shaman.stats()).blobs, 3)
  await shaman.checkouts.create({ path: 'late', files: [spec('a', a)] })
  shaman.negotiator.status(b.digest)
  const result = await shaman.gc.apply(plan.id)
  assert.deepEqual([result.removed.blobs, result.spared.blobs], [1, 2])
  assert.equal((await shaman.stats()).blobs, 2)
  await assert.rejects(shaman.gc.apply(plan.id), (error) => isCode(error, 'GC_PLAN_UNKNOWN'))
})

test('undo brings everything back', async (t) => {
  const { shaman, pass } = await shamanWithClock(t)
  const blobs = Array.from({ length: 30 }, () => randomBlob(50))
  for (const blob of blobs) await putBlob(shaman, blob)
  pass(40 * day)
  const { result } = await collect(shaman)
  assert.equal(result.removed.blobs, 30)
  assert.equal((await shaman.gc.trash())[0]?.blobs, 30)
  assert.deepEqual(await shaman.gc.undo(result.epoch), { blobs: 30, bytes: 1500 })
  for (const blob of blobs) {
    assert.deepEqual(await readAll(await shaman.blobs.open(blob.digest)), blob.bytes)
  }
  assert.deepEqual([(await shaman.stats()).blobs, await shaman.gc.trash()], [30, []])
})

test('a collected blob comes back by itself when somebody asks for it', async (t) => {
  const { shaman, pass } = await shamanWithClock(t)
  const [asked, checkedOut] = [randomBlob(10), randomBlob(11)]
  for (const blob of [asked, checkedOut]) await putBlob(shaman, blob)
  pass(40 * day)
  await collect(shaman)
  const answers = await shaman.negotiator.statuses([asked.digest], 'index')
  assert.deepEqual(answers, ['stored'])
  await shaman.checkouts.create({ path: 'back', files: [spec('x', checkedOut)] })
  assert.deepEqual(await readFile(join(shaman.jobsDir, 'back/x')), checkedOut.bytes)
})

test('a clock that jumps ahead or back costs no checkout and nothing that is being submitted', async (t) => {
  const { shaman, pass } = await shamanWithClock(t)
  const [used, sent] = [randomBlob(100), randomBlob(101)]
  for (const blob of [used, sent]) await putBlob(shaman, blob)
  await shaman.checkouts.create({ path: 'job', files: [spec('a', used)] })
  for (const jump of [50 * 365 * day, -60 * 365 * day, 10 * 365 * day]) {
    pass(jump)
    await collect(shaman)
    await shaman.gc.emptyTrash()
    assert.deepEqual(await readFile(join(shaman.jobsDir, 'job/a')), used.bytes)
    const { path } = await shaman.checkouts.create({ path: 'next', files: [spec('b', sent)] })
    assert.deepEqual(await readFile(join(shaman.jobsDir, path, 'b')), sent.bytes)
    await shaman.checkouts.erase(path)
  }
})

test('an emptied trash is gone for good, and only when it is old', async (t) => {
  const { shaman, pass } = await shamanWithClock(t)
  const blob = randomBlob(10)
  await putBlob(shaman, blob)
  pass(40 * day)
  await collect(shaman)
  assert.equal((await shaman.gc.emptyTrash()).blobs, 0)
  pass(2 * day)
  assert.deepEqual(await shaman.gc.emptyTrash(), { blobs: 1, bytes: 10 })
  assert.equal(shaman.negotiator.status(blob.digest), 'unknown')
})

test('with a wanted amount of free space the longest unused go, and no more than needed', async (t) => {
  const { shaman, pass } = await shamanWithClock(t)
  const blobs = [randomBlob(1000), randomBlob(1000), randomBlob(1000)]
  for (const blob of blobs) {
    await putBlob(shaman, blob)
    pass(3 * 3600 * 1000)
  }
  const free = await shaman.space.available()
  const plan = await shaman.gc.plan({ targetFreeBytes: free + 1500 })
  const wanted = Math.ceil((free + 1500 - (await shaman.space.available())) / 1000)
  if (wanted > 3) return t.skip('another program changed the free space of the volume meanwhile')
  assert.ok(plan.removed.blobs >= 1 && plan.removed.blobs <= 3)
  await shaman.gc.apply(plan.id)
  assert.equal(shaman.blobs.isStored(blobs[0]!.digest), false)
})

test('erasing checkouts collects what only they used', async (t) => {
  const { shaman, pass } = await shamanWithClock(t)
  const [own, shared] = [randomBlob(100), randomBlob(200)]
  for (const blob of [own, shared]) await putBlob(shaman, blob)
  await shaman.checkouts.create({ path: 'a', files: [spec('1', own), spec('2', shared)] })
  await shaman.checkouts.create({ path: 'b', files: [spec('2', shared)] })
  pass(day)
  const plan = await shaman.gc.plan({ erase: ['a'] })
  assert.deepEqual(plan.removed, { blobs: 1, bytes: 100 })
  assert.deepEqual((await shaman.gc.apply(plan.id)).erased, ['a'])
  assert.deepEqual(
    [shaman.blobs.isStored(own.digest), shaman.blobs.isStored(shared.digest)],
    [false, true],
  )
  assert.equal(shaman.checkouts.get('a'), undefined)
})

test('links of Flamenco or made by hand are respected, also absolute ones and through a linked root', async (t) => {
  const dir = await tempDir(t)
  await mkdir(join(dir, 'real'))
  await symlink(join(dir, 'real'), join(dir, 'linked'))
  let time = Date.UTC(2026, 0, 1)
  const shaman = await openShaman({
    root: join(dir, 'linked'),
    stateDir: join(dir, 'state'),
    reserveBytes: 0,
    now: () => time,
  })
  t.after(() => shaman.close())
  const [relative, absolute, unused] = [randomBlob(10), randomBlob(20), randomBlob(30)]
  for (const blob of [relative, absolute, unused]) await putBlob(shaman, blob)
  const pathIn = (base: string, blob: TestBlob) =>
    `${base}/${shaman.layout.blob(blob.digest).slice(shaman.layout.fileStore.length + 1)}`
  const jobs = join(dir, 'linked/jobs/old job/sub')
  await mkdir(jobs, { recursive: true })
  await symlink(pathIn('../../../file-store', relative), join(jobs, 'r'))
  await symlink(pathIn(join(dir, 'linked/file-store'), absolute), join(jobs, 'a'))
  time += 40 * day
  const plan = await shaman.gc.plan()
  assert.equal(plan.kept.foreign.blobs, 2)
  await shaman.gc.apply(plan.id)
  assert.deepEqual(await readFile(join(jobs, 'r')), relative.bytes)
  assert.deepEqual(await readFile(join(jobs, 'a')), absolute.bytes)
  assert.equal(shaman.blobs.isStored(unused.digest), false)
})

test('nothing is collected while the store is not there or a manifest cannot be read', async (t) => {
  const { shaman, pass } = await shamanWithClock(t)
  await putBlob(shaman, randomBlob(10))
  pass(40 * day)
  const plan = await shaman.gc.plan()
  const refused = (error: unknown) => isCode(error, 'GC_REFUSED')
  await rename(shaman.layout.sentinel, `${shaman.layout.sentinel}.away`)
  await assert.rejects(shaman.gc.plan(), refused)
  await assert.rejects(shaman.gc.apply(plan.id), refused)
  await rename(`${shaman.layout.sentinel}.away`, shaman.layout.sentinel)
  assert.equal((await shaman.gc.apply(plan.id)).removed.blobs, 1)
})

test('a torn manifest stops every collection', async (t) => {
  const dir = await tempDir(t)
  const options = { root: join(dir, 'root'), stateDir: join(dir, 'state'), reserveBytes: 0 }
  const first = await openShaman(options)
  const blob = randomBlob(10)
  await putBlob(first, blob)
  const { seq } = await first.checkouts.create({ path: 'job', files: [spec('a', blob)] })
  await first.close()
  const manifest = first.layout.manifest(seq)
  await writeFile(manifest, (await readFile(manifest)).subarray(0, 60))
  const shaman = await openShaman({ ...options, now: () => Date.now() + 40 * day })
  t.after(() => shaman.close())
  await assert.rejects(shaman.gc.plan(), (error) => isCode(error, 'GC_REFUSED'))
})

test('a collection that would take much needs to be told so', async (t) => {
  const { shaman, pass } = await shamanWithClock(t)
  const blobs = Array.from({ length: 1100 }, (_, i) => randomBlob(i + 1))
  await Promise.all(blobs.map((blob) => putBlob(shaman, blob)))
  pass(40 * day)
  const plan = await shaman.gc.plan()
  assert.match(plan.warning!, /20 %/)
  await assert.rejects(shaman.gc.apply(plan.id), (error) => isCode(error, 'GC_REFUSED'))
  assert.equal((await shaman.gc.apply(plan.id, { evenIfLarge: true })).removed.blobs, 1100)
})

test('a store left by Flamenco is adopted in place: blobs found, links respected', async (t) => {
  const dir = await tempDir(t)
  const root = join(dir, 'flamenco')
  const [linked, loose] = [randomBlob(40), randomBlob(50)]
  await leaveAsFlamenco(root, [linked, loose])
  await mkdir(join(root, 'jobs/shot'), { recursive: true })
  const target = `../../file-store/stored/${linked.digest.sha.slice(0, 2)}/${linked.digest.sha.slice(2)}/40.blob`
  await symlink(target, join(root, 'jobs/shot/a.png'))
  const shaman = await openShaman({
    root,
    stateDir: join(dir, 'state'),
    reserveBytes: 0,
    now: () => Date.now() + 40 * day,
  })
  t.after(() => shaman.close())
  await shaman.ready
  assert.deepEqual(await shaman.negotiator.statuses([linked.digest, loose.digest], 'disk'), [
    'stored',
    'stored',
  ])
  assert.equal((await shaman.stats()).blobs, 2)
  const plan = await shaman.gc.plan({ maxAgeMs: 0 })
  assert.equal(plan.kept.foreign.blobs, 1)
  await shaman.checkouts.erase('shot')
  await assert.rejects(readFile(join(root, 'jobs/shot/a.png')))
  await rm(join(root, 'jobs'), { recursive: true, force: true })
})

test('a blob tells what keeps it, as a plan would', async (t) => {
  let time = Date.now()
  const { shaman, url } = await startTestFarm(t, { now: () => time })
  const blob = randomBlob(50)
  await putBlob(shaman, blob)
  const why = async (): Promise<unknown[]> => {
    const { sha, size } = blob.digest
    const { where, keptBy, checkouts } = (
      await ask('GET', `${url}/x/blobs/${sha}/${size}/checkouts`)
    ).json()
    return [where, keptBy, checkouts]
  }
  await shaman.checkouts.create({ path: 'shot', files: [{ ...blob.digest, path: 'a' }] })
  assert.deepEqual(await why(), ['store', ['referenced', 'leased', 'recent'], ['shot']])
  time += day
  await shaman.checkouts.erase('shot')
  assert.deepEqual(await why(), ['store', ['recent'], []])
  time += 40 * day
  const unpin = shaman.protection.pin([blob.digest])
  assert.deepEqual(await why(), ['store', ['pinned'], []])
  unpin()
  assert.deepEqual(await why(), ['store', [], []])
  const { removed } = await shaman.gc.apply((await shaman.gc.plan()).id)
  assert.equal(removed.blobs, 1)
  assert.deepEqual(await why(), ['trash', [], []])
})
