import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hostileScripts, pryingScripts } from './hostile-scripts.ts'
import { compileOptions, openTypes, scriptWith, submission } from './open.ts'

const limits = {
  describeMs: 1000,
  compileMs: 1000,
  heapMib: 64,
  residentMib: 400,
  maxTasks: 10_000,
}

test('a hostile script is one failed compile, and the next compiles', async (t) => {
  const scripts = hostileScripts.map(({ script }, index) => [`hostile_${index}.js`, script])
  const types = openTypes(t, Object.fromEntries(scripts), { limits })
  for (const [index, { name, code }] of hostileScripts.entries()) {
    await t.test(name, async () => {
      await assert.rejects(types.compile(submission(`hostile-${index}`), compileOptions), { code })
      await compileGood(types)
    })
  }
})

test('nothing of the host is within a script’s reach', async (t) => {
  const scripts = Object.entries(pryingScripts).map(([, body], index) => [
    `prying_${index}.js`,
    scriptWith(
      'const got = pry()\nif (got !== undefined) job.settings.got = String(got).slice(0, 200)',
      `function pry() { ${body} }`,
    ),
  ])
  const types = openTypes(t, Object.fromEntries(scripts))
  for (const [index, name] of Object.keys(pryingScripts).entries()) {
    await t.test(name, async () => {
      const job = await types
        .compile(submission(`prying-${index}`), compileOptions)
        .catch((error: { code: string }) => {
          assert.equal(error.code, 'JOB_SCRIPT_FAILED')
          return undefined
        })
      assert.equal(job?.settings.got, undefined)
    })
  }
})

test('a script that changes the prototypes of everything changes only its own world', async (t) => {
  const types = openTypes(t, {
    'games.js': scriptWith(
      `job.addTask(author.Task('t', 'misc'))
       job.settings = JSON.parse('{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}')
       Object.prototype.polluted = 1
       Object.prototype.toJSON = () => 'nothing'
       Array.prototype.map = () => { throw 'no map' }
       JSON.stringify = () => '[]'
       Object.entries = () => []`,
    ),
  })
  await types.compile(submission('games'), compileOptions).catch(() => undefined)
  assert.equal(({} as { polluted?: unknown }).polluted, undefined)
  await compileGood(types)
})

test('a flood of messages is cut short', async (t) => {
  const types = openTypes(t, {
    'flood.js': scriptWith("for (let i = 0; i < 1e5; i++) print('x'.repeat(1e4))"),
  })
  const { messages } = await types.compile(submission('flood'), compileOptions)
  assert.ok(messages.length <= 500)
  assert.ok(messages.every(({ text }) => text.length <= 4000))
})

test('a hostile script in the folder does not keep the others from the list', async (t) => {
  const types = openTypes(
    t,
    { 'endless.js': scriptWith('', 'while (true);'), 'good.js': scriptWith('') },
    { limits },
  )
  const names = (await types.list()).map(({ name }) => name)
  assert.deepEqual(names, [
    'echo-sleep-test',
    'good',
    'simple-blender-render',
    'single-image-render',
  ])
})

test('requests beyond the queue are refused rather than kept', async (t) => {
  const types = openTypes(t, {}, { limits: { maxQueued: 2 } })
  await types.get('echo-sleep-test')
  const job = submission('echo-sleep-test', { message: 'hi' })
  const results = await Promise.allSettled(
    Array.from({ length: 5 }, () => types.compile(job, compileOptions)),
  )
  const codes = results.map((r) => (r.status === 'rejected' ? r.reason.code : 'ok'))
  assert.deepEqual(codes.sort(), [
    'JOB_COMPILER_BUSY',
    'JOB_COMPILER_BUSY',
    'JOB_COMPILER_BUSY',
    'ok',
    'ok',
  ])
})

async function compileGood(types: ReturnType<typeof openTypes>): Promise<void> {
  const job = await types.compile(submission('echo-sleep-test', { message: 'hi' }), compileOptions)
  assert.equal(job.tasks.length, 2)
}
