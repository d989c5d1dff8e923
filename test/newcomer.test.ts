import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { makeProject } from '@shaman-farm/bin/demo-project'
import { startFarmProcess } from '@shaman-farm/bin/farm-process'
import { execa } from 'execa'
import { eventually, needs, runFarm, startFarm } from './farm.ts'

// What a newcomer runs into: each is told in words, names what and where, and exits with 1.

test('a port in use is named', async (t) => {
  const farm = await startFarm(t)
  const port = new URL(farm.url).port
  const dir = await temporaryFolder(t)
  const result = await runFarm([
    ...['manager', '--port', port, '--host', '127.0.0.1'],
    ...['--storage', join(dir, 's'), '--data', join(dir, 'd')],
  ])
  assert.equal(result.exitCode, 1)
  assert.match(result.stderr, new RegExp(`port ${port}`, 'i'))
  assert.doesNotMatch(result.stderr, /^ +at /m)
})

test('the name alone starts a farm', async (t) => {
  const dir = await temporaryFolder(t)
  // On the port it would take somebody may be already; if nobody is, this test is.
  const taken = createServer()
  taken.on('error', () => {})
  taken.listen(8080)
  t.after(() => taken.close())
  const home = { XDG_DATA_HOME: dir, LOCALAPPDATA: dir, HOME: dir }
  const result = await runFarm([], home)
  assert.equal(result.exitCode, 1)
  assert.match(result.stderr, /port 8080/i)
})

test('a storage folder that cannot be written is named', async (t) => {
  const dir = await temporaryFolder(t)
  const file = join(dir, 'a file')
  await writeFile(file, '')
  const result = await runFarm([
    'manager',
    '--port',
    '0',
    '--storage',
    join(file, 'storage'),
    '--data',
    join(dir, 'd'),
  ])
  assert.equal(result.exitCode, 1)
  assert.ok(result.stderr.includes(file), result.stderr)
  assert.doesNotMatch(result.stderr, /^ +at /m)
})

test('a manager that cannot be reached is named', async (t) => {
  const dir = await temporaryFolder(t)
  const blend = join(dir, 'scene.blend')
  await writeFile(blend, 'BLENDER')
  const result = await runFarm(['submit', blend, '--manager', 'http://127.0.0.1:1'])
  assert.equal(result.exitCode, 1)
  assert.match(result.stderr, /127\.0\.0\.1:1/)
})

test('a .blend that is not there, and one that is broken, are named', async (t) => {
  const farm = await startFarm(t)
  const dir = await temporaryFolder(t)
  const broken = join(dir, 'broken.blend')
  await writeFile(broken, 'this is no .blend file at all')
  for (const blend of [join(dir, 'gone.blend'), broken]) {
    for (const command of [
      ['pack', 'list', blend],
      ['submit', blend, '--manager', farm.url],
    ]) {
      const result = await runFarm(command)
      assert.equal(result.exitCode, 1, `${command.join(' ')}: ${result.stderr}`)
      assert.ok(result.stderr.includes(blend), result.stderr)
      assert.doesNotMatch(result.stderr, /^ +at /m)
    }
  }
})

test('a missing texture is named before anything is uploaded, and the artist decides', async (t) => {
  if (!needs(t, 'blender', 'ffmpeg')) return
  const farm = await startFarm(t)
  const project = await makeProject({ into: join(farm.dir, 'project') })
  await rm(project.texture)
  const submit = ['submit', project.blend, '--manager', farm.url, '--paused', '--json']

  const refused = await runFarm([...submit, '--missing', 'fail'])
  assert.equal(refused.exitCode, 1)
  assert.ok(refused.stdout.includes('holz ü.png'), refused.stdout)
  assert.equal((await farm.api.fetchJobs()).jobs.length, 0)

  const sent = await runFarm([...submit, '--missing', 'ignore'])
  assert.equal(sent.exitCode, 0, sent.stdout)
  assert.equal((await farm.api.fetchJobs()).jobs.length, 1)
})

test('a worker without Blender says so in the log of its task', async (t) => {
  if (!needs(t, 'blender', 'ffmpeg')) return
  const farm = await startFarm(t)
  const project = await makeProject({ into: join(farm.dir, 'project') })
  const sent = await runFarm([
    'submit',
    project.blend,
    '--manager',
    farm.url,
    '--frames',
    '1',
    '--json',
  ])
  assert.equal(sent.exitCode, 0, sent.stdout)
  const job = (JSON.parse(sent.stdout.split('\n').at(-1) ?? '') as { job: { id: string } }).job
  const worker = startFarmProcess(
    ['worker', '--manager', farm.url, '--home', join(farm.dir, 'bare')],
    { env: { PATH: farm.dir }, onLog: (line) => void farm.log.push(line) },
  )
  t.after(() => worker.stop())
  const { tasks = [] } = await farm.api.fetchJobTasks({ params: { job_id: job.id } })
  const log = await eventually('a log that speaks of Blender', async () => {
    const tail = await farm.api.fetchTaskLogTail({ params: { task_id: tasks[0]?.id ?? '' } })
    return (
      /blender.*(not found|cannot be found|not on the PATH|ENOENT)/i.test(String(tail ?? '')) &&
      tail
    )
  })
  assert.ok(log)
})

test('the farm command works from any folder with the Node that is on the PATH', async (t) => {
  const dir = await temporaryFolder(t)
  const command = join(import.meta.dirname, '../bin/farm')
  const result = await execa(command, ['--version'], { cwd: dir, reject: false, timeout: 60_000 })
  assert.equal(result.exitCode, 0, result.stderr)
  assert.match(result.stdout, /^\d+\.\d+\.\d+$/)
})

test('every command tells its use', async () => {
  const commands = [
    [],
    ['up'],
    ['manager'],
    ['worker'],
    ['shaman'],
    ['shaman', 'serve'],
    ['pack'],
    ['pack', 'list'],
    ['submit'],
    ['job'],
    ['job', 'list'],
    ['job-types'],
  ]
  for (const command of commands) {
    const result = await runFarm([...command, '--help'])
    assert.equal(result.exitCode, 0, `farm ${command.join(' ')} --help: ${result.stderr}`)
    assert.match(result.stdout, /^Usage: farm/)
  }
})

async function temporaryFolder(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'farm newcomer '))
  await mkdir(dir, { recursive: true })
  t.after(() => rm(dir, { recursive: true, force: true }))
  return dir
}
