import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmod, chown, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { startManagerProcess } from '../../bin/src/farm-process.ts'
import { createManagerClient } from '../../manager/api/src/main.ts'
import { runFarm, startFarm } from '../../test/farm.ts'
import { startBlender } from './blender.ts'
import { startGateway } from './gateway.ts'

const run = promisify(execFile)

const stage = `
use_farm(args[0])
image_at(os.path.join(args[1], 'wood.png'), 'wood', 16)
blend = os.path.join(args[1], 'shot.blend')
save_as(blend)
`

test('a farm that asks for tokens refuses a wrong one in words, and takes the right one', async (t) => {
  const blender = await startBlender(t)
  if (!blender) return
  const { url, data } = await startManager(t, { config: 'auth: tokens' })
  const made = await runFarm([
    'token',
    'create',
    '--role',
    'artist',
    '--name',
    'ada',
    '--data',
    data,
    '--json',
  ])
  const { token } = JSON.parse(made.stdout) as { token: string }
  // The tool says how it was started: a token on its command line could be read by everybody.
  const watched = join(blender.dir, 'watched')
  await writeFile(
    watched,
    `#!/bin/sh\necho "$@" >> '${watched}.log'\nexec ${blender.env.FARM_COMMAND} "$@"\n`,
  )
  await chmod(watched, 0o755)
  const outcome = await blender.script(
    `${stage}
tell('none', submit())
prefs().token = 'nonsense'
tell('wrong', submit())
tell('wrong result', result())
tell('panel', drawn(part('panel_farm').draw_state))
prefs().token = args[2]
prefs().tool_command = args[3]
tell('right', submit(paused=True))
part('my_jobs').ask_now()
tell('job', part('my_jobs').jobs()[0].status)

# Another farm does not get this one's token, and choosing this one again brings it back.
prefs().manager_url = 'http://127.0.0.1:9'
tell('elsewhere', part('preferences').manager().token)
bpy.ops.shaman_farm.choose(url=args[0])
tell('back', part('preferences').manager().token == args[2])
prefs().token = ''
os.environ['FARM_TOKEN'] = args[2]
tell('from the environment', submit(paused=True))
`,
    { args: [url, join(blender.dir, 'film'), token, watched] },
  )
  assert.equal(outcome.exitCode, 0, outcome.output)
  const { told } = outcome
  assert.match(String(told.none), /asks for a token/)
  assert.match(String(told.wrong), /token/)
  assert.equal((told['wrong result'] as { code: string }).code, 'MANAGER_NOT_ALLOWED')
  assert.deepEqual(told.right, ['FINISHED'], outcome.output)
  assert.equal(told.job, 'paused')
  assert.deepEqual([told.elsewhere, told.back], ['', true])
  assert.deepEqual(told['from the environment'], ['FINISHED'])
  const started = await readFile(`${watched}.log`, 'utf8')
  assert.match(started, /submit .*--listed/)
  assert.ok(!started.includes(token))
})

test('a certificate that Blender does not trust is told as that; one variable is enough for Blender and the tool', async (t) => {
  const blender = await startBlender(t)
  if (!blender) return
  const [cert, key] = [join(blender.dir, 'cert.pem'), join(blender.dir, 'key.pem')]
  await run('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
    ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
    ...['-days', '2', '-keyout', key, '-out', cert],
  ])
  const config = `tls: {cert: ${cert}, key: ${key}}`
  // The test's own start of the manager asks it, too.
  const { url } = await startManager(t, { config, env: { NODE_EXTRA_CA_CERTS: cert } })
  assert.match(url, /^https:/)
  const code = `${stage}
tell('submit', submit(paused=True))
tell('result', result())
`
  const args = [url, join(blender.dir, 'film')]
  const strange = await blender.script(code, { args, env: { SSL_CERT_FILE: '' } })
  assert.match(String(strange.told.submit), /does not trust the certificate.*SSL_CERT_FILE/)
  assert.equal((strange.told.result as { code: string }).code, 'MANAGER_UNTRUSTED')
  const known = await blender.script(code, { args, env: { SSL_CERT_FILE: cert } })
  assert.deepEqual(known.told.submit, ['FINISHED'], known.output)
})

test('a full disk at the manager is told, and nothing is lost', async (t) => {
  const blender = await startBlender(t)
  if (!blender) return
  const disk = await smallDisk(t)
  if (!disk) return
  const { url } = await startManager(t, { disk })
  const outcome = await blender.script(
    `${stage}
with open(os.path.join(args[1], 'wood.png'), 'ab') as stream:
    stream.write(os.urandom(40_000_000))
tell('full', submit(paused=True))
tell('code', result())
tell('kept', [os.path.exists(blend), os.listdir(bpy.app.tempdir)])
sys.stdin.readline()
tell('room', submit(paused=True))
`,
    {
      args: [url, join(blender.dir, 'film')],
      onTold: (name, _value, answer) => {
        if (name === 'kept') void disk.grow().then(() => answer('\n'))
      },
    },
  )
  assert.equal(outcome.exitCode, 0, outcome.output)
  const { told } = outcome
  assert.match(String(told.full), /no room|full/i)
  assert.equal((told.code as { code: string }).code, 'NO_SPACE')
  assert.deepEqual(told.kept, [true, []])
  assert.deepEqual(told.room, ['FINISHED'], outcome.output)
  assert.equal((await createManagerClient({ url }).fetchJobs({})).jobs.length, 1)
})

test('a scene in a folder that cannot be written is submitted all the same', async (t) => {
  const blender = await startBlender(t)
  if (!blender) return
  const farm = await startFarm(t)
  const film = join(blender.dir, 'film')
  await blender.script(stage, { args: [farm.url, film] })
  await chmod(film, 0o555)
  // Root may write anywhere: as root the script runs as nobody.
  const isRoot = process.getuid?.() === 0
  if (isRoot) for (const path of await everythingIn(blender.dir)) await chown(path, 65534, 65534)
  const outcome = await blender.script(
    `
bpy.ops.wm.open_mainfile(filepath=os.path.join(args[1], 'shot.blend'))
use_farm(args[0])
tell('refused', os.access(args[1], os.W_OK))
bpy.data.objects['Cube'].location.x = 3
tell('submit', submit(paused=True))
tell('result file', submit(paused=True, result_file='//result.json'))
tell('files', sorted(os.listdir(args[1])))
`,
    {
      args: [farm.url, film],
      ...(isRoot ? { user: 65534 } : {}),
      env: { HOME: blender.dir, XDG_CACHE_HOME: join(blender.dir, 'cache') },
    },
  )
  assert.equal(outcome.exitCode, 0, outcome.output)
  const { told } = outcome
  await chmod(film, 0o755)
  assert.equal(told.refused, false)
  assert.deepEqual(told.submit, ['FINISHED'], outcome.output)
  assert.match(String(told['result file']), /Cannot write the result to .*result\.json/)
  assert.deepEqual(told.files, ['shot.blend', 'wood.png'])
  // The one whose result could not have been told was not made.
  assert.equal((await farm.api.fetchJobs({})).jobs.length, 1)
})

test('an upload that Blender’s end cut short is told of, and goes on where it was', async (t) => {
  const blender = await startBlender(t)
  if (!blender) return
  const farm = await startFarm(t)
  const url = await startGateway(t, farm.url, { bytesPerSecond: 3_000_000 })
  const args = [url, join(blender.dir, 'film')]
  const killer = new AbortController()
  const cut = await blender.script(
    `${stage}
image = os.path.join(args[1], 'wood.png')
with open(image, 'ab') as stream:
    stream.write(os.urandom(24_000_000))
ask_farm()
submission = part('submission')
part('sending').start(bpy.context, {}, is_dry_run=False)
drive('a part', lambda: submission.current().phase == 'upload' and 0.3 < submission.current().fraction < 0.9)
tell('child', submission.current().process._process.pid)
drive('the end', lambda: False)
`,
    { args, signal: killer.signal, onTold: (name) => name === 'child' && killer.abort() },
  )
  const pid = cut.told.child as number
  await gone(pid)
  assert.equal((await farm.api.fetchJobs({})).jobs.length, 0)

  const outcome = await blender.script(
    `
use_farm(args[0])
bpy.ops.wm.open_mainfile(filepath=os.path.join(args[1], 'shot.blend'))
tell('panel', ' '.join(drawn(part('panel_submission').draw_submission, bpy.context)))
ask_farm()
ended = click_submit()
tell('result', ended.result or ended.problem)
drive('the note', lambda: not part('unfinished').job_name_of(bpy.data.filepath))
tell('left', os.listdir(part('places').folder('unfinished')))
`,
    { args: [farm.url, join(blender.dir, 'film')] },
  )
  assert.equal(outcome.exitCode, 0, outcome.output)
  assert.match(String(outcome.told.panel), /Blender ended while "shot" was being submitted/)
  const { receipt } = outcome.told.result as { receipt: { wireBytes: number; bytes: number } }
  assert.ok(receipt.wireBytes < receipt.bytes * 0.8, JSON.stringify(receipt))
  assert.deepEqual(outcome.told.left, [])
})

test('a damaged pack tool does not run', async (t) => {
  const blender = await startBlender(t)
  if (!blender) return
  const farm = await startFarm(t)
  const sha = 'a'.repeat(64)
  const url = await startGateway(t, farm.url, {
    intercept({ pathname }) {
      if (pathname === '/api/v3/farm/pack-tool') {
        const files = [{ name: 'node', sha, size: 8, executable: true }]
        return { body: { version: '1', files, command: ['node'] } }
      }
      return pathname.startsWith('/api/v3/farm/pack-tool/files/')
        ? { body: Buffer.from('#!/bin/x') }
        : undefined
    },
  })
  const outcome = await blender.script(
    `${stage}
prefs().tool_source = 'MANAGER'
tell('submit', submit())
tell('code', result()['code'])
tell('left', [name for _, _, names in os.walk(part('places').folder('pack-tool')) for name in names])
`,
    { args: [url, join(blender.dir, 'film')] },
  )
  assert.match(String(outcome.told.submit), /arrived damaged.*tell the farm's wrangler/)
  assert.equal(outcome.told.code, 'PACK_TOOL_BROKEN')
  assert.deepEqual(outcome.told.left, [])
})

/** A manager of this test's own, on a disk as given. */
async function startManager(
  t: TestContext,
  {
    config = '',
    disk,
    env = {},
  }: { config?: string; disk?: SmallDisk; env?: Record<string, string> } = {},
): Promise<{ url: string; data: string }> {
  const data = await mkdtemp(join(tmpdir(), 'addon-manager-'))
  const storage = disk?.path ?? join(data, 'storage')
  await writeFile(join(data, 'flamenco-manager.yaml'), `_meta: {version: 3}\n${config}\n`)
  const manager = await startManagerProcess(
    ['--port', '0', '--host', '127.0.0.1', '--data', data, '--storage', storage],
    { onLog: () => {}, env },
  )
  t.after(async () => {
    await manager.stop({ graceMs: 5000 })
    await disk?.remove()
    await rm(data, { recursive: true, force: true })
  })
  return { url: manager.url, data }
}

interface SmallDisk {
  path: string
  grow(): Promise<unknown>
  remove(): Promise<void>
}

/** A disk of 24 MiB that may grow; only root can have one. */
async function smallDisk(t: TestContext): Promise<SmallDisk | undefined> {
  const path = await mkdtemp(join(tmpdir(), 'addon-disk-'))
  try {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'none', path])
  } catch (error) {
    await rm(path, { recursive: true })
    t.skip(`no disk can be mounted here: ${error}`)
    return undefined
  }
  return {
    path,
    grow: () => run('mount', ['-o', 'remount,size=200m', path]),
    async remove() {
      await run('umount', ['-l', path])
      await rm(path, { recursive: true })
    },
  }
}

async function everythingIn(dir: string): Promise<string[]> {
  return [dir, ...(await readdir(dir, { recursive: true })).map((name) => join(dir, name))]
}

/** Waits for the end of a process that is not ours. */
async function gone(pid: number): Promise<void> {
  for (let waited = 0; waited < 30_000; waited += 100) {
    try {
      process.kill(pid, 0)
    } catch {
      return
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  assert.fail('the pack tool outlives its Blender')
}
