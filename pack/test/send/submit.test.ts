import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  copyFile,
  cp,
  mkdir,
  readFile,
  readlink,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'
import { type PackError, systemCode } from '../../src/errors.ts'
import type { SubmitRequest } from '../../src/send/submission.ts'
import { submitBlend } from '../../src/send/submit.ts'
import { images, writeBlend } from '../project-builder.ts'
import { type FarSide, startFarSide } from './farm.ts'
import { makeProject, type Project } from './project.ts'

const command = join(import.meta.dirname, '../../../bin/src/main.ts')

interface Outcome {
  exitCode: number
  stdout: string
  stderr: string
  /** The lines of standard output, where they are JSON. */
  events: Record<string, unknown>[]
}

// One project for all: what they change, they change in the farm's answers or in a copy.
test('farm submit', async (t) => {
  const project = await makeProject(t)
  if (!project) return
  const home = join(project.root, 'home')

  await t.test('sends everything once and makes the job', async (t) => {
    const farm = await startFarSide(t)
    const first = await submit([project.blend, '--json', '--name', 'a job: ü'], farm, home)
    assert.equal(first.exitCode, 0, first.stderr + first.stdout)
    const submitted = eventOf(first, 'submitted')
    assert.equal((submitted.job as { id: string }).id, 'job-1')
    assert.equal(submitted.checkout, 'a job_ ü')
    assert.equal(submitted.url, `${farm.url}/app/jobs/job-1`)
    assert.deepEqual(pick(submitted.receipt, 'files', 'uploadedFiles', 'storedFiles'), [3, 3, 0])
    assert.deepEqual(eventOf(first, 'report').missing, [])

    const job = postedTo(farm, '/api/v3/jobs')
    assert.deepEqual(job.settings, {
      frames: '3-12',
      chunk_size: 1,
      render_output_root: '/farm/renders',
      add_path_components: 0,
      render_output_path: '/farm/renders/a job_ ü/{timestamp}/######',
      blendfile: '{jobs}/a job_ ü/shots/sh010/sh 010.blend',
      fps: 24 / Math.fround(1.001),
      format: 'PNG',
      image_file_extension: '.png',
      has_previews: false,
      scene: 'Scene',
    })
    assert.deepEqual(job.storage, { shaman_checkout_id: 'a job_ ü' })
    assert.equal(job.type_etag, 'etag-1')
    const checkedOut = await readFile(join(farm.shaman.jobsDir, 'a job_ ü/tex/wöod 1.png'))
    assert.ok(checkedOut.equals(await readFile(project.texture)))
    const blend = await stat(join(farm.shaman.jobsDir, 'a job_ ü/shots/sh010/sh 010.blend'))
    assert.ok(blend.size > 0)

    const second = await submit([project.blend, '--json', '--name', 'a job: ü'], farm, home)
    const again = eventOf(second, 'submitted')
    assert.deepEqual(pick(again.receipt, 'files', 'uploadedFiles', 'storedFiles'), [3, 0, 3])
    assert.notEqual(again.checkout, submitted.checkout)
    const { settings } = postedTo(farm, '/api/v3/jobs') as { settings: { blendfile: string } }
    assert.equal(settings.blendfile, `{jobs}/${again.checkout}/shots/sh010/sh 010.blend`)
  })

  await t.test('says who submits what', async (t) => {
    const farm = await startFarSide(t)
    const notes = ['--metadata', 'shot=sh010', '--priority', '80', '--paused', '--tag', 'gpu']
    await submit([project.blend, '--json', ...notes], farm, home)
    const job = postedTo(farm, '/api/v3/jobs')
    const metadata = job.metadata as Record<string, string>
    assert.equal(metadata.shot, 'sh010')
    assert.equal(metadata.missing, undefined)
    assert.equal(metadata.project, 'film')
    assert.equal(metadata.scene, 'Scene')
    assert.match(metadata['blender.version'] ?? '', /^\d+\.\d+/)
    assert.ok(metadata['user.name'] && metadata.host)
    assert.deepEqual(pick(job, 'priority', 'initial_status', 'worker_tag'), [80, 'paused', 'tag-1'])
  })

  await t.test('asks for frames rendered before only when told to', async (t) => {
    const farm = await startFarSide(t)
    for (const [flags, wish] of [
      [[], undefined],
      [['--reuse', '--metadata', 'shot=sh010'], 'yes'],
    ] as const) {
      await submit([project.blend, '--json', ...flags], farm, home)
      const { metadata } = postedTo(farm, '/api/v3/jobs') as { metadata: Record<string, string> }
      assert.equal(metadata['farm.reuse'], wish)
    }
  })

  await t.test('names missing files before anything is sent', async (t) => {
    const farm = await startFarSide(t)
    const broken = await copyProject(project)
    t.after(() => rm(broken.root, { recursive: true, force: true }))
    await rm(broken.texture)
    for (const mode of [['--missing', 'fail'], []]) {
      const refused = await submit([broken.blend, ...mode], farm, home)
      assert.equal(refused.exitCode, 1)
      assert.match(refused.stderr, /missing \(1 file\)/)
      assert.match(refused.stderr, /wöod 1\.png/)
    }
    assert.deepEqual(farm.posted, [])
    const told = await submit([broken.blend, '--json', '--missing', 'fail'], farm, home)
    const { code, detail } = eventOf(told, 'error') as { code: string; detail: unknown }
    assert.equal(code, 'FILES_MISSING')
    assert.equal((detail as { missing: unknown[] }).missing.length, 1)
    assert.equal((await farm.shaman.stats()).blobs, 0)

    const ignored = await submit([broken.blend, '--json', '--missing', 'ignore'], farm, home)
    assert.equal(ignored.exitCode, 0)
    const { metadata } = postedTo(farm, '/api/v3/jobs') as { metadata: { missing?: string } }
    assert.equal(metadata.missing, 'ignore')
    const report = eventOf(ignored, 'report') as { missing: { path: string }[] }
    assert.deepEqual(
      report.missing.map(({ path }) => path),
      [broken.texture],
    )
  })

  await t.test('tells in a dry run what would happen, and does nothing', async (t) => {
    const farm = await startFarSide(t)
    const dry = await submit([project.blend, '--json', '--dry-run'], farm, home)
    assert.equal(dry.exitCode, 0)
    const report = eventOf(dry, 'report') as Record<string, { files: number; bytes: number }> & {
      outside: { path: string }[]
    }
    assert.equal(report.new?.files, 3)
    assert.equal(report.stored?.files, 0)
    assert.deepEqual(
      report.outside.map(({ path }) => path),
      [project.outside],
    )
    assert.equal((await farm.shaman.stats()).blobs, 0)
    assert.equal(farm.posted.filter(({ path }) => path === '/api/v3/jobs').length, 0)

    await submit([project.blend, '--json'], farm, home)
    const later = await submit([project.blend, '--dry-run'], farm, home)
    assert.match(later.stdout, /new +0 +0 B/)
    assert.match(later.stdout, /stored +3/)
  })

  await t.test('takes a temporary copy to lie at its original place', async (t) => {
    const farm = await startFarSide(t)
    const copy = join(project.root, 'temporary', 'x.blend')
    await mkdir(dirname(copy), { recursive: true })
    await copyFile(project.blend, copy)
    const sent = await submit([copy, '--json', '--as', project.blend], farm, home)
    const { job, receipt } = eventOf(sent, 'submitted')
    assert.equal((receipt as { files: number }).files, 3)
    assert.equal(postedTo(farm, '/api/v3/jobs').name, 'sh 010')
    assert.ok(job)
    const { settings } = postedTo(farm, '/api/v3/jobs') as { settings: { blendfile: string } }
    assert.equal(settings.blendfile, '{jobs}/sh 010/shots/sh010/sh 010.blend')
    const link = await readlink(join(farm.shaman.jobsDir, 'sh 010/tex/wöod 1.png'))
    assert.ok(link.endsWith('.blob'))
  })

  await t.test('waits for a decision when asked to', async (t) => {
    const farm = await startFarSide(t)
    const no = await submit([project.blend, '--json', '--confirm'], farm, home, 'cancel\n')
    assert.equal(eventOf(no, 'error').code, 'CANCELED')
    assert.equal((await farm.shaman.stats()).blobs, 0)
    const gone = await submit([project.blend, '--json', '--confirm'], farm, home, '')
    assert.equal(eventOf(gone, 'error').code, 'CANCELED')
    const yes = await submit([project.blend, '--json', '--confirm'], farm, home, 'send\n')
    assert.ok(eventOf(yes, 'submitted').job)
  })

  await t.test('is refused by the farm before anything is sent', async (t) => {
    const farm = await startFarSide(t)
    const check = 'POST /api/v3/jobs/check'
    const cases: [number, unknown, string, RegExp][] = [
      [400, { code: 400, message: 'chunk_size must be positive' }, 'JOB_REJECTED', /chunk_size/],
      [412, { code: 412, message: 'etag mismatch' }, 'JOB_TYPE_CHANGED', /changed/],
      [403, { code: 403, message: 'token unknown' }, 'MANAGER_NOT_ALLOWED', /token unknown/],
      [500, { code: 500, message: 'database is full' }, 'MANAGER_FAILED', /database is full/],
    ]
    for (const [status, body, code, message] of cases) {
      farm.answers.set(check, { status, body })
      await assert.rejects(submitHere(project.blend, farm), { code, message })
    }
    const fields = [{ field: 'settings.frames', message: 'Frames is required' }]
    farm.answers.set(check, { status: 400, body: { code: 400, message: 'no', fields } })
    await assert.rejects(submitHere(project.blend, farm), (error) => {
      const { detail } = error as PackError
      assert.deepEqual(detail.errors, [{ setting: 'frames', message: 'Frames is required' }])
      return true
    })
    assert.equal((await farm.shaman.stats()).blobs, 0)
  })

  await t.test('says what is wrong with a name, a setting or the manager', async (t) => {
    const farm = await startFarSide(t)
    farm.answers.set('GET /api/v3/jobs/type/nope', { status: 404, body: { message: 'none' } })
    const cases: [Partial<SubmitRequest>, string][] = [
      [{ type: 'nope' }, 'JOB_TYPE_UNKNOWN'],
      [{ tag: 'cpu' }, 'TAG_UNKNOWN'],
      [{ settings: { chunk: '3' } }, 'SETTING_UNKNOWN'],
      [{ settings: { chunk_size: 'many' } }, 'SETTING_INVALID'],
      [{ manager: 'http://127.0.0.1:9' }, 'MANAGER_UNREACHABLE'],
      [{ as: '/elsewhere/x.blend', project: '/p' }, 'BLEND_OUTSIDE_PROJECT'],
    ]
    for (const [wish, code] of cases) {
      await assert.rejects(submitHere(project.blend, farm, wish), { code })
    }
  })

  await t.test('says what is wrong with the .blend', async (t) => {
    const farm = await startFarSide(t)
    const junk = join(project.root, 'junk.blend')
    await writeFile(junk, 'this is no .blend at all')
    const half = join(project.root, 'half.blend')
    await copyFile(project.blend, half)
    await truncate(half, Math.floor((await stat(half)).size / 2))
    const cases: [string, RegExp][] = [
      [join(project.root, 'gone.blend'), /^BLEND_MISSING$/],
      [project.root, /^BLEND_MISSING$/],
      [junk, /^BLEND_NOT_A_BLEND$/],
      [half, /^BLEND_(TRUNCATED|CORRUPT)$/],
    ]
    for (const [blend, code] of cases) {
      await assert.rejects(submitHere(blend, farm), (error) => code.test(systemCode(error) ?? ''))
    }
    assert.equal((await farm.shaman.stats()).blobs, 0)
  })

  await t.test('works with a Flamenco manager when it is told where frames go', async (t) => {
    const farm = await startFarSide(t)
    farm.answers.set('GET /api/v3/farm/submission-defaults', { status: 404, body: {} })
    farm.answers.set(`GET /api/v3/configuration/shared-storage/users/${platform()}`, {
      status: 200,
      body: { location: '/shared', shamanEnabled: true, audience: 'users', platform: 'linux' },
    })
    const refused = await submit([project.blend, '--json'], farm, home)
    assert.equal(eventOf(refused, 'error').code, 'OUTPUT_ROOT_UNKNOWN')
    const root = ['--setting', 'render_output_root=/shared/out']
    const sent = await submit([project.blend, '--json', ...root], farm, home)
    assert.ok(eventOf(sent, 'submitted').job)
  })

  await t.test('canceled in mid-upload leaves a store that the next one continues', async (t) => {
    const farm = await startFarSide(t)
    const big = await copyProject(project)
    t.after(() => rm(big.root, { recursive: true, force: true }))
    await writeFile(big.texture, Buffer.alloc(64 * 1024 * 1024, 7))
    let uploads = 0
    const child = start([big.blend, '--json'], farm, home)
    farm.onRequest = (call) => {
      if (/^(POST|PUT|PATCH) .*\/shaman\/(files|x)\//.test(call) && uploads++ === 0) {
        child.process.kill('SIGINT')
      }
    }
    const canceled = await child.outcome
    assert.ok(uploads > 0)
    assert.equal(canceled.exitCode, 1, canceled.stderr)
    assert.equal(eventOf(canceled, 'error').code, 'CANCELED')
    assert.equal(farm.posted.filter(({ path }) => path === '/api/v3/jobs').length, 0)
    farm.onRequest = () => {}
    const sent = await submit([big.blend, '--json'], farm, home)
    assert.ok(eventOf(sent, 'submitted').job, sent.stdout)
  })

  await t.test('ends when nobody listens to it any more', async (t) => {
    const farm = await startFarSide(t)
    const big = await copyProject(project)
    t.after(() => rm(big.root, { recursive: true, force: true }))
    await writeFile(big.texture, Buffer.alloc(64 * 1024 * 1024, 8))
    const child = start([big.blend, '--json'], farm, home)
    farm.onRequest = (call) => {
      if (call.startsWith('POST /api/v3/shaman/')) child.process.stdout?.destroy()
    }
    await child.outcome
    assert.equal(farm.posted.filter(({ path }) => path === '/api/v3/jobs').length, 0)
  })

  await t.test(
    'sends what Blender lists beside what was traced, and tells the difference',
    async (t) => {
      const farm = await startFarSide(t)
      const extra = join(dirname(project.texture), 'driver table.csv')
      const listing = join(project.root, 'listing.json')
      await writeFile(extra, 'read by a driver')
      await writeFile(listing, JSON.stringify({ paths: [project.texture, extra] }))
      t.after(() => rm(extra))
      const sent = await submit([project.blend, '--json', '--listed', listing], farm, home)
      assert.equal(sent.exitCode, 0, sent.stdout)
      const { listing: told } = eventOf(sent, 'report')
      assert.deepEqual(told, { paths: 2, only_blender: [extra], only_pack: 1 })
      const { checkout } = eventOf(sent, 'submitted')
      const there = join(farm.shaman.jobsDir, String(checkout), 'tex/driver table.csv')
      assert.equal(await readFile(there, 'utf8'), 'read by a driver')

      await writeFile(listing, '{"paths": 3}')
      const refused = await submit([project.blend, '--json', '--listed', listing], farm, home)
      assert.equal(eventOf(refused, 'error').code, 'BAD_LISTING')
    },
  )

  await t.test('sends a file whose name is no UTF-8 under a name that is', async (t) => {
    const farm = await startFarSide(t)
    const dir = join(project.root, 'odd')
    const name = Buffer.concat([Buffer.from('b'), Buffer.from([0xff]), Buffer.from('.png')])
    await mkdir(dir)
    await writeFile(Buffer.concat([Buffer.from(`${dir}/`), name]), 'pixels')
    const [image] = images({ odd: '' })
    const stored = Buffer.concat([Buffer.from('//'), name])
    const blocks = [{ ...image!, values: { ...image!.values, name: stored } }]
    const sent = (await submitHere(writeBlend(dir, 'a.blend', blocks), farm)) as {
      checkout: string
    }
    const there = join(farm.shaman.jobsDir, sent.checkout, 'b%FF.png')
    assert.equal(await readFile(there, 'utf8'), 'pixels')
  })

  await t.test('tells a person in one line what travelled', async (t) => {
    const farm = await startFarSide(t)
    const sent = await submit([project.blend], farm, home)
    assert.match(sent.stdout, /submitted "answered" \(job-1\)/)
    assert.match(sent.stdout, /3 files, .* 3 uploaded \(.*\), 0 % already stored/)
  })
})

function start(
  args: readonly string[],
  farm: FarSide,
  home: string,
  input?: string,
): { process: ReturnType<typeof spawn>; outcome: Promise<Outcome> } {
  const withFarm = args.includes('--manager') ? [] : ['--manager', farm.url]
  const child = spawn(
    process.execPath,
    ['--no-node-snapshot', command, 'submit', ...args, ...withFarm],
    {
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      env: { ...process.env, XDG_CACHE_HOME: home, NO_COLOR: '1' },
      timeout: 60_000,
    },
  )
  if (input !== undefined) child.stdin?.end(input)
  return { process: child, outcome: outcomeOf(child) }
}

async function outcomeOf(child: ReturnType<typeof spawn>): Promise<Outcome> {
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (text: Buffer) => {
    stdout += text.toString()
  })
  child.stderr?.on('data', (text: Buffer) => {
    stderr += text.toString()
  })
  const [exitCode] = (await once(child, 'close')) as [number]
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'))
  return { exitCode, stdout, stderr, events: lines.map((line) => JSON.parse(line)) }
}

/** The same in this process: for what needs no process of its own. */
function submitHere(
  blend: string,
  farm: FarSide,
  wish: Partial<SubmitRequest> = {},
): Promise<unknown> {
  const request: SubmitRequest = {
    blend,
    manager: farm.url,
    type: 'simple-blender-render',
    settings: {},
    metadata: {},
    priority: 50,
    startPaused: false,
    dryRun: false,
    ...wish,
  }
  const audience = { decideMissing: async () => true, decideReport: async () => true }
  return submitBlend(request, audience, {
    hashCacheFile: join(dirname(farm.shaman.root), 'hashes'),
  })
}

function submit(
  args: readonly string[],
  farm: FarSide,
  home: string,
  input?: string,
): Promise<Outcome> {
  return start(args, farm, home, input).outcome
}

function eventOf(outcome: Outcome, name: string): Record<string, unknown> {
  const event = outcome.events.find((each) => each.event === name)
  assert.ok(event, `no ${name} event in ${outcome.stdout}\n${outcome.stderr}`)
  assert.equal(event.v, 1)
  return event
}

function postedTo(farm: FarSide, path: string): Record<string, unknown> {
  return farm.posted.findLast((post) => post.path === path)!.body
}

function pick(from: unknown, ...keys: string[]): unknown[] {
  return keys.map((key) => (from as Record<string, unknown>)[key])
}

async function copyProject(project: Project): Promise<Project> {
  const root = `${project.root}-copy`
  await cp(project.root, root, { recursive: true })
  const within = (path: string): string => join(root, relative(project.root, path))
  const { blend, texture, outside } = project
  return { root, blend: within(blend), texture: within(texture), outside }
}

function platform(): string {
  return process.platform === 'win32' ? 'windows' : process.platform
}
