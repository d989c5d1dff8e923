import assert from 'node:assert/strict'
import { rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { compileOptions, openTypes, scriptWith, submission, writeScripts } from './open.ts'

const labelled = (label: string): string =>
  `const JOB_TYPE = { label: '${label}', settings: [] }\nfunction compileJob(job) {}\n`

test('an edited script counts at once, with a new etag', async (t) => {
  const types = openTypes(t, { 'my_type.js': labelled('one') })
  const before = await types.get('my-type')
  writeScripts(types.scriptsDir, { 'my_type.js': labelled('another') })
  const after = await types.get('my-type')
  assert.deepEqual([before.label, after.label], ['one', 'another'])
  assert.match(after.etag, /^[0-9a-f]{40}$/)
  assert.notEqual(after.etag, before.etag)
})

test('an edited helper counts at once', async (t) => {
  const script = `const JOB_TYPE = { label: require('./lib/name'), settings: [] }\nfunction compileJob() {}`
  const types = openTypes(t, { 'a.js': script, 'lib/name.js': "module.exports = 'one'" })
  assert.equal((await types.get('a')).label, 'one')
  writeScripts(types.scriptsDir, { 'lib/name.js': "module.exports = 'another'" })
  assert.equal((await types.get('a')).label, 'another')
})

test('a script in the folder takes the place of the built-in one until it is gone', async (t) => {
  const types = openTypes(t, { 'echo_sleep_test.js': labelled('mine') })
  assert.equal((await types.get('echo-sleep-test')).label, 'mine')
  rmSync(join(types.scriptsDir, 'echo_sleep_test.js'))
  assert.equal((await types.get('echo-sleep-test')).label, 'Echo Sleep Test')
})

test('only regular script files at the top of the folder are job types', async (t) => {
  const types = openTypes(t, {
    'good.js': labelled('good'),
    'tiny.js': '1',
    'readme.txt': labelled('text'),
    'lib/helper.js': labelled('helper'),
  })
  symlinkSync(join(types.scriptsDir, 'good.js'), join(types.scriptsDir, 'link.js'))
  const names = (await types.list()).map(({ name }) => name)
  assert.deepEqual(names, [
    'echo-sleep-test',
    'good',
    'simple-blender-render',
    'single-image-render',
  ])
})

test('a folder that is not there leaves the built-in types', async (t) => {
  const types = openTypes(t, {}, { scriptsDir: '/nowhere/at/all' })
  assert.equal((await types.list()).length, 3)
})

test('a job type nobody knows is an error that names the known ones', async (t) => {
  const types = openTypes(t)
  await assert.rejects(types.get('nonsense'), {
    code: 'JOB_TYPE_UNKNOWN',
    hint: /echo-sleep-test, simple-blender-render, single-image-render/,
  })
})

test('a submission made with an older job type is refused', async (t) => {
  const types = openTypes(t)
  const { etag } = await types.get('echo-sleep-test')
  const job = submission('echo-sleep-test', { message: 'hi' })
  await types.compile({ ...job, type_etag: etag }, compileOptions)
  await types.compile({ ...job, type_etag: '' }, compileOptions)
  await assert.rejects(types.compile({ ...job, type_etag: 'old' }, compileOptions), {
    code: 'JOB_TYPE_CHANGED',
  })
})

const brokenScripts: Record<string, [script: string, message: RegExp]> = {
  'a syntax error': ['const JOB_TYPE = {\n  label: ,\n}', /^b\d+\.js:2: SyntaxError: .*','$/],
  'an error while loading': [
    'function f() {\n  throw new RangeError("oh")\n}\nf()',
    /^b\d+\.js:2: RangeError: oh$/,
  ],
  'no JOB_TYPE': ['function compileJob() {}', /^b\d+\.js: .*no JOB_TYPE/],
  'no compileJob': ['const JOB_TYPE = { label: "x" }', /^b\d+\.js: .*no function compileJob/],
  'a setting of an unknown type': [
    'const JOB_TYPE = { settings: [{ key: "size", type: "int64" }] }\nfunction compileJob() {}',
    /^b\d+\.js: setting "size": type/,
  ],
  'a setting without a key': [
    'const JOB_TYPE = { settings: [{ type: "string" }] }\nfunction compileJob() {}',
    /^b\d+\.js: setting number 1 needs a key/,
  ],
  'a setting named twice': [
    'const s = { key: "a", type: "bool" }\nconst JOB_TYPE = { settings: [s, s] }\nfunction compileJob() {}',
    /^b\d+\.js: setting "a" is there twice/,
  ],
  'an assignment to nothing': [
    'const JOB_TYPE = { label: "x" }\nfunction compileJob() {}\nundeclared = 1',
    /^b\d+\.js:3: ReferenceError: undeclared/,
  ],
}

test('a broken script is left out of the list and says what is wrong and where', async (t) => {
  const scripts = Object.values(brokenScripts).map(([script], index) => [`b${index}.js`, script])
  const types = openTypes(t, Object.fromEntries(scripts))
  assert.equal((await types.list()).length, 3)
  for (const [index, [what, [, message]]] of Object.entries(brokenScripts).entries()) {
    await t.test(what, async () => {
      const expected = { code: 'JOB_SCRIPT_BROKEN', message }
      await assert.rejects(types.get(`b${index}`), expected)
      await assert.rejects(types.compile(submission(`b${index}`), compileOptions), expected)
    })
  }
})

const failingBodies: Record<string, [body: string, message: RegExp]> = {
  'throws a text': ["throw 'Pick a camera'", /^f\d+\.js: Pick a camera$/],
  'throws an error': ["throw new Error('Pick a camera')", /^f\d+\.js:4: Pick a camera$/],
  'throws an object': ['throw { camera: null }', /^f\d+\.js: \{"camera":null\}$/],
  'calls what is not there': ['\njob.nothing()', /^f\d+\.js:5: TypeError: job\.nothing/],
  'passes the API something odd': [
    "frameChunker('x', 1)",
    /^f\d+\.js:4: "x" is no frame or frame range$/,
  ],
  'names no task type': ["author.Task('t')", /^f\d+\.js:4: author\.Task "t" needs a task type$/],
  'depends on a task it forgot to add': [
    "const a = author.Task('a', 'misc'), b = author.Task('b', 'misc')\na.addDependency(b)\njob.addTask(a)",
    /task "a" depends on a task that was not added/,
  ],
  'lets tasks wait for one another': [
    "const [a, b] = ['a', 'b'].map((n) => author.Task(n, 'misc'))\na.addDependency(b)\nb.addDependency(a)\njob.addTask(a)\njob.addTask(b)",
    /tasks wait for one another: (?:a → b → a|b → a → b)$/,
  ],
  'sends a number that is none': [
    "const a = author.Task('a', 'misc')\na.addCommand(author.Command('sleep', { n: 1 / 0 }))\njob.addTask(a)",
    /task "a", command "sleep"\.n is Infinity, not a number/,
  ],
  'sends a function': [
    "const a = author.Task('a', 'misc')\na.addCommand(author.Command('echo', { f() {} }))\njob.addTask(a)",
    /task "a", command "echo"\.f is a function/,
  ],
  'limits a command to a text': [
    "const a = author.Task('a', 'misc')\na.addCommand(author.Command('exec', { exe: 'x', timeLimitMinutes: '5' }))\njob.addTask(a)",
    /"timeLimitMinutes" of "exec" of task "a" is no number of minutes/,
  ],
}

test('a script that fails says its line and text', async (t) => {
  const scripts = Object.values(failingBodies).map(([body], index) => [
    `f${index}.js`,
    scriptWith(body),
  ])
  const types = openTypes(t, Object.fromEntries(scripts))
  for (const [index, [what, [, message]]] of Object.entries(failingBodies).entries()) {
    await t.test(`one that ${what}`, () =>
      assert.rejects(types.compile(submission(`f${index}`), compileOptions), {
        code: 'JOB_SCRIPT_FAILED',
        message,
      }),
    )
  }
})

test('an asynchronous compileJob is refused, for its tasks would be lost', async (t) => {
  const script = "const JOB_TYPE = { label: 'x' }\nasync function compileJob(job) {}\n"
  const types = openTypes(t, { 'later.js': script })
  await assert.rejects(types.compile(submission('later'), compileOptions), /must not be async/)
})

test('metadata is text, whatever a script puts there, and settings are an object', async (t) => {
  const types = openTypes(t, {
    'good.js': scriptWith(
      "job.metadata.count = 3\njob.metadata.list = ['a']\njob.settings.added = 1",
    ),
    'bad.js': scriptWith('job.settings = 3'),
  })
  const { metadata, settings } = await types.compile(submission('good'), compileOptions)
  assert.deepEqual([metadata, settings], [{ count: '3', list: '["a"]' }, { added: 1 }])
  await assert.rejects(types.compile(submission('bad'), compileOptions), {
    message: /job\.settings is no object/,
  })
})

test('an error in a helper names the helper', async (t) => {
  const types = openTypes(t, {
    'a.js': scriptWith("require('./lib/b').go()"),
    'lib/b.js': '\nexports.go = function () {\n  throw new Error("in b")\n}\n',
  })
  await assert.rejects(types.compile(submission('a'), compileOptions), {
    message: 'lib/b.js:3: in b',
  })
})

test('what a failing script printed is part of its failure', async (t) => {
  const types = openTypes(t, { 'a.js': scriptWith("alert('no camera')\nthrow 'giving up'") })
  await assert.rejects(types.compile(submission('a'), compileOptions), (error) => {
    const { messages } = (error as { detail: { messages: unknown } }).detail
    assert.deepEqual(messages, [{ level: 'warning', text: 'no camera' }])
    return true
  })
})

test('requests in flight are refused when the job types are closed', async (t) => {
  const types = openTypes(t, { 'endless.js': scriptWith('for (;;);') })
  await types.get('endless')
  const compiling = types.compile(submission('endless'), compileOptions)
  const refused = assert.rejects(compiling, /^JobTypeError: .*(?:closed|shutting down)/)
  await new Promise((resolve) => setImmediate(resolve))
  await types.close()
  await refused
})
