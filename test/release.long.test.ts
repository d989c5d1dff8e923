import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import { checkFrames } from '@shaman-farm/bin/demo-check'
import { makeProject } from '@shaman-farm/bin/demo-project'
import { createManagerClient } from '@shaman-farm/manager-api'
import { execa } from 'execa'
import { eventually } from './farm.ts'

const root = dirname(import.meta.dirname)
const name = 'linux-x64'
const here = `${process.platform}-${process.arch}`

/** The release under test, built once; `sources` tells what it was built from. */
let release: { dir: string; sha256: string; archive: string; sources: string }

before(async () => {
  if (here === name) release = await build()
})
after(() => rm(release?.dir ?? '', { recursive: true, force: true }))

test('two builds of a release have the same digest', async (t) => {
  if (here !== name) return t.skip(`builds on ${name} only`)
  const second = await build()
  t.after(() => rm(second.dir, { recursive: true, force: true }))
  if (second.sources !== release.sources) return t.skip('the sources changed between the builds')
  assert.equal(second.sha256, release.sha256)
})

test('a release renders a frame where no Node is installed', async (t) => {
  if (here !== name) return t.skip(`builds on ${name} only`)
  const { farm, env, dir } = await unpack(t)
  const { exitCode } = await execa('node', ['--version'], { env, extendEnv: false, reject: false })
  assert.notEqual(exitCode, 0, 'there is a node on the PATH')
  const project = await makeProject({ into: join(dir, 'project') })
  const url = await startUp(t, farm, env, dir)
  const args = ['submit', project.blend, '--project', project.root, '--manager', url]
  const flags = ['--frames', '1', '--missing', 'ignore', '--json']
  const { stdout } = await execa(farm, [...args, ...flags], {
    env,
    extendEnv: false,
    timeout: 120_000,
  })
  const last = JSON.parse(stdout.split('\n').at(-1)!) as { event: string; job: { id: string } }
  assert.equal(last.event, 'submitted')
  const api = createManagerClient({ url })
  await eventually(
    'the job to complete',
    async () => (await api.fetchJob({ params: { job_id: last.job.id } })).status === 'completed',
    { seconds: 180 },
  )
  await checkFrames(await framesDir(join(dir, 'data')), 1)
})

test('the pack tool a release hands out traces a scene with nothing else installed', async (t) => {
  if (here !== name) return t.skip(`builds on ${name} only`)
  const { farm, env, dir } = await unpack(t)
  const url = await startUp(t, farm, env, dir)
  const offer = await json<Offer>(`${url}/api/v3/farm/pack-tool?platform=${name}`)
  const home = join(dir, 'tool')
  await mkdir(home)
  for (const file of offer.files) {
    const answer = await fetch(`${url}/api/v3/farm/pack-tool/files/${file.sha}`, {
      signal: AbortSignal.timeout(120_000),
    })
    const bytes = new Uint8Array(await answer.arrayBuffer())
    assert.equal(createHash('sha256').update(bytes).digest('hex'), file.sha)
    await writeFile(join(home, file.name), bytes)
    if (file.executable) await chmod(join(home, file.name), 0o755)
  }
  const project = await makeProject({ into: join(dir, 'project') })
  const [program, ...words] = offer.command.map((word) => join(home, word))
  const options = { env, extendEnv: false, timeout: 120_000 }
  const { stdout } = await execa(
    program!,
    [...words, 'pack', 'list', project.blend, '--json'],
    options,
  )
  assert.match(stdout, /glöckchen\.wav/)
})

interface Offer {
  files: { name: string; sha: string; executable?: boolean }[]
  command: string[]
}

async function build(): Promise<typeof release> {
  const dir = await mkdtemp(join(tmpdir(), 'farm-release-'))
  const args = ['--platform', name, '--tool', name, '--out', dir, '--json']
  const sources = await stateOfSources()
  const { stdout } = await execa(
    process.execPath,
    [join(root, 'bin/src/release/main.ts'), ...args],
    {
      cwd: root,
      timeout: 10 * 60_000,
    },
  )
  const { archives } = JSON.parse(stdout) as {
    archives: { platform: string; file: string; sha256: string }[]
  }
  const made = archives.find((one) => one.platform === name)!
  return { dir, sha256: made.sha256, archive: join(dir, made.file), sources }
}

/** The commit, and the files as they lie there: somebody may be working in them. */
async function stateOfSources(): Promise<string> {
  const options = { cwd: root, timeout: 30_000, reject: false }
  const commit = await execa('git', ['rev-parse', 'HEAD'], options)
  const changes = await execa('git', ['diff', 'HEAD'], options)
  const untracked = await execa('git', ['status', '--porcelain'], options)
  return [commit, changes, untracked].map((result) => result.stdout).join('\n')
}

/** The release in a folder with spaces in its name, and a PATH like that of a machine without Node. */
async function unpack(t: TestContext) {
  const dir = await mkdtemp(join(tmpdir(), 'farm release '))
  t.after(() => rm(dir, { recursive: true, force: true, maxRetries: 5 }))
  await execa('tar', ['xzf', release.archive, '-C', dir], { timeout: 120_000 })
  const [top] = await readdir(dir)
  await execa('sha256sum', ['--quiet', '--check', 'SHA256SUMS'], {
    cwd: join(dir, top!),
    timeout: 120_000,
  })
  const env = { PATH: await pathWithoutNode(join(dir, 'bin')), HOME: join(dir, 'home') }
  return { dir, env, farm: join(dir, top!, 'farm') }
}

async function pathWithoutNode(dir: string): Promise<string> {
  await mkdir(dir)
  for (const from of (process.env.PATH ?? '').split(delimiter).filter((one) => existsSync(one))) {
    for (const command of await readdir(from)) {
      if (/^(node|nodejs|npm|npx|pnpm)$/.test(command)) continue
      await symlink(join(from, command), join(dir, command)).catch(() => {})
    }
  }
  return dir
}

async function startUp(
  t: TestContext,
  farm: string,
  env: Record<string, string>,
  dir: string,
): Promise<string> {
  const port = 20_000 + (process.pid % 20_000)
  const up = execa(farm, ['up', '--no-open', '--port', String(port), '--data', join(dir, 'data')], {
    env,
    extendEnv: false,
    reject: false,
    all: true,
    stdin: 'ignore',
  })
  t.after(async () => {
    up.kill('SIGINT')
    await up
  })
  const url = `http://127.0.0.1:${port}`
  const api = createManagerClient({ url, timeoutMs: 2000 })
  await eventually('a worker that is awake', async () => {
    const { workers } = await api.fetchWorkers().catch(() => ({ workers: [] }))
    return workers.some((worker) => worker.status === 'awake')
  })
  return url
}

async function framesDir(data: string): Promise<string> {
  const names = await readdir(join(data, 'storage', 'renders'), { recursive: true })
  const frame = names.find((one) => /\d{6}\.png$/.test(one))
  assert.ok(frame, `no frame among ${names.join(', ')}`)
  return dirname(join(data, 'storage', 'renders', frame))
}

async function json<T>(url: string): Promise<T> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(10_000) })
  assert.equal(answer.status, 200)
  return (await answer.json()) as T
}
