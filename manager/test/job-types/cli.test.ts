import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { scriptWith, writeScripts } from './open.ts'

interface Outcome {
  code: number
  stdout: string
  stderr: string
}

const sources = fileURLToPath(new URL('../../src/job-types/', import.meta.url))
const tsc = fileURLToPath(new URL('../../../node_modules/typescript/bin/tsc', import.meta.url))
const program = fileURLToPath(new URL('./cli-program.ts', import.meta.url))

function farm(...args: string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, [program, 'job-types', ...args], (error, stdout, stderr) => {
      resolve({ code: Number(error?.code ?? 0), stdout, stderr })
    })
  })
}

function scriptsIn(t: TestContext, scripts: Record<string, string>): string {
  const dir = mkdtempSync(join(tmpdir(), 'farm-job-types-cli-'))
  t.after(() => rmSync(dir, { recursive: true }))
  writeScripts(dir, scripts)
  return dir
}

test('preview shows the tasks of a script that no manager knows', async (t) => {
  const dir = scriptsIn(t, {
    'my_type.js': `const JOB_TYPE = { label: 'Mine', settings: [{ key: 'n', type: 'int32', required: true }] }
      function compileJob(job) {
        print('making', job.settings.n)
        for (let i = 0; i < job.settings.n; i++) job.addTask(author.Task('task-' + i, 'misc'))
      }`,
  })
  const { code, stdout } = await farm('preview', join(dir, 'my_type.js'), '--setting', 'n=3')
  assert.equal(code, 0)
  assert.match(stdout, /the script says \(info\): making 3/)
  assert.match(stdout, /task-0 +misc[\s\S]*task-2 +misc[\s\S]*3 tasks/)
})

test('preview fills in what is required when asked to, and prints JSON', async () => {
  const { code, stdout } = await farm('preview', 'simple-blender-render', '--fill', '--json')
  assert.equal(code, 0)
  assert.equal(JSON.parse(stdout).tasks.length, 10)
})

test('preview names each setting that is missing or unknown', async () => {
  const missing = await farm('preview', 'echo-sleep-test')
  assert.equal(missing.code, 1)
  assert.match(missing.stderr, /message is required/)
  const unknown = await farm('preview', 'echo-sleep-test', '--setting', 'massage=hi')
  assert.equal(unknown.code, 1)
  assert.match(unknown.stderr, /no setting "massage"[\s\S]*message/)
})

test('check ends with an error when a script can not be used, and says where', async (t) => {
  const dir = scriptsIn(t, { 'good.js': scriptWith(''), 'bad.js': 'const JOB_TYPE = {\n  ;' })
  const { code, stdout } = await farm('check', '--scripts', dir)
  assert.equal(code, 1)
  assert.match(stdout, /ok +good/)
  assert.match(stdout, /BROKEN bad +bad\.js:2: SyntaxError/)
  assert.equal((await farm('check', join(dir, 'good.js'))).code, 0)
})

test('a new job type works at once, and so does an editor’s check of it', async (t) => {
  const dir = scriptsIn(t, {})
  const made = await farm('new', 'my-render', '--scripts', dir)
  assert.equal(made.stdout.trim(), join(dir, 'my_render.js'))
  assert.equal((await farm('check', join(dir, 'my_render.js'))).code, 0)
  assert.equal((await farm('new', 'my-render', '--scripts', dir)).code, 1)
  assert.equal((await farm('new', '../escape', '--scripts', dir)).code, 1)
  // A second script must not collide with the first one's JOB_TYPE.
  await farm('new', 'my-other', '--scripts', dir)
  assert.deepEqual(typecheck('--project', join(dir, 'jsconfig.json')), [])
  writeScripts(dir, { 'wrong.js': "author.Task(3, 'misc').addCommand('echo')" })
  assert.equal(typecheck('--project', join(dir, 'jsconfig.json')).length, 2)
})

test('the built-in scripts agree with the declarations given to authors', async (t) => {
  const dir = scriptsIn(t, {})
  await farm('new', 'editor-files', '--scripts', dir)
  cpSync(join(sources, 'scripts'), dir, { recursive: true })
  assert.deepEqual(typecheck('--project', join(dir, 'jsconfig.json')), [])
})

function typecheck(...args: string[]): string[] {
  const { stdout } = spawnSync(process.execPath, [tsc, '--noEmit', '--pretty', 'false', ...args], {
    encoding: 'utf8',
  })
  return stdout.split('\n').filter((line) => line.includes('error TS'))
}
