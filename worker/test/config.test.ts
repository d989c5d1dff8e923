import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { UserError } from '@shaman-farm/terminal'
import { normaliseUrl, readConfig } from '../src/config.ts'
import { tempDir } from './temp.ts'

test('flags win over the environment, that over files, those over defaults', async (t) => {
  const dir = await tempDir(t)
  const home = join(dir, 'home')
  await mkdir(home)
  await writeFile(
    join(dir, 'flamenco-worker.yaml'),
    'manager_url: here:1\nworker_name: from-cwd\ntask_types: [blender]\noom_score_adjust: 500\n',
  )
  await writeFile(join(home, 'worker.yaml'), 'worker_name: from-home\nslots: 2\nstall_minutes: 3\n')
  const env = { FARM_WORKER_HOME: home, FARM_MANAGER: 'env:2' }
  const config = await readConfig({ slots: 4 }, env, dir)
  assert.equal(config.managerUrl, 'http://env:2')
  assert.equal(config.name, 'from-home')
  assert.equal(config.slots, 4)
  assert.deepEqual(config.taskTypes, ['blender'])
  assert.equal(config.limits.oomScoreAdjust, 500)
  assert.equal(config.limits.stallMs, 180_000)
  assert.equal((await readConfig({ manager: 'flag:3' }, env, dir)).managerUrl, 'http://flag:3')
})

test('without anything, the home is in the data folder and the task types are all', async (t) => {
  if (process.platform !== 'linux') return t.skip('looks at XDG folders')
  const dir = await tempDir(t)
  const config = await readConfig({}, { XDG_DATA_HOME: dir }, dir)
  assert.equal(config.home, join(dir, 'shaman-farm', 'worker'))
  assert.deepEqual(config.taskTypes, ['blender', 'ffmpeg', 'file-management', 'misc'])
  assert.equal(config.managerUrl, undefined)
})

test('the environment of Flamenco is understood', async (t) => {
  const dir = await tempDir(t)
  const config = await readConfig({}, { FLAMENCO_HOME: dir, FLAMENCO_WORKER_NAME: 'box' }, dir)
  assert.deepEqual([config.home, config.name], [dir, 'box'])
})

test('a broken file is named', async (t) => {
  const dir = await tempDir(t)
  await writeFile(join(dir, 'worker.yaml'), 'a: [')
  await assert.rejects(readConfig({ home: dir }, {}, dir), { code: 'BAD_CONFIG' })
})

for (const [line, hint] of [
  ['task_types: blender', /a list/],
  ['slots: two', /a whole number, 1 or more/],
  ['slots: 0', /1 or more/],
  ['nice: 20', /0 to 19/],
  ['oom_score_adjust: 5000', /-1000 to 1000/],
  ['restart_exit_code: 1.5', /0 to 255/],
  ['stall_minutes: -1', /0 or more/],
  ['storage: mount', /auto or mounted or pull/],
  ['yield: yes', /pause or stop or finish/],
  ['manager_url: [a, b]', /a text/],
] as const) {
  test(`"${line}" is refused with its place and what it may be, not passed over`, async (t) => {
    const dir = await tempDir(t)
    await writeFile(join(dir, 'worker.yaml'), line)
    await assert.rejects(readConfig({ home: dir }, {}, dir), (error: UserError) => {
      assert.equal(error.code, 'BAD_CONFIG')
      assert.ok(
        error.message.startsWith(`${line.split(':')[0]} in ${join(dir, 'worker.yaml')} is `),
      )
      assert.match(error.hint ?? '', hint)
      return true
    })
  })
}

test('what a file leaves empty is not said', async (t) => {
  const dir = await tempDir(t)
  await writeFile(join(dir, 'worker.yaml'), 'manager_url: ""\nslots:\noom_score_adjust: null\n')
  const config = await readConfig({ home: dir }, {}, dir)
  assert.deepEqual([config.managerUrl, config.slots], [undefined, 1])
  assert.equal(config.limits.oomScoreAdjust, undefined)
})

test('slots and GPUs that do not go together are refused', async (t) => {
  const dir = await tempDir(t)
  const given = { home: dir, slots: 3, gpus: ['0', '1'] }
  await assert.rejects(readConfig(given, {}, dir), { code: 'BAD_CONFIG' })
  assert.equal((await readConfig({ ...given, slots: 2 }, {}, dir)).gpus.length, 2)
})

test('addresses are completed, nonsense is refused with a hint', () => {
  assert.equal(normaliseUrl('farm:8080'), 'http://farm:8080')
  assert.equal(normaliseUrl('https://farm/'), 'https://farm')
  assert.throws(() => normaliseUrl('http://a b'), { code: 'BAD_MANAGER_URL' })
})
