import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { test } from 'node:test'
import { makeProject } from '@shaman-farm/bin/demo-project'
import { createManagerClient } from '@shaman-farm/manager-api'
import { execa } from 'execa'
import { eventually, needs } from './farm.ts'

const root = dirname(import.meta.dirname)

/** The commands of the page, as they stand there. */
async function commands(): Promise<string[]> {
  const text = await readFile(join(root, 'docs', 'quickstart.md'), 'utf8')
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, command]) => command!.trim())
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

test('the quickstart works as it is written', async (t) => {
  if (!needs(t, 'blender', 'ffmpeg')) return
  const dir = await mkdtemp(join(tmpdir(), 'farm-quickstart-'))
  const project = await makeProject({ into: dir })
  const scene = project.blend.slice(dir.length + 1)
  const port = await freePort()
  // Somebody else may use the port of the page on this machine, and its scene has another name.
  const mine = (command: string): string =>
    command.replaceAll('8080', String(port)).replaceAll('scene.blend', `'${scene}'`)
  const env = { PATH: `${join(root, 'bin')}${delimiter}${process.env.PATH}` }
  const sh = (command: string) =>
    execa('sh', ['-c', command], { cwd: dir, env, timeout: 300_000, all: true, stdin: 'ignore' })

  const [up, list, submit, jobs, again, worker, ...rest] = (await commands()).map(mine)
  assert.equal(rest.length, 0, 'every command of the page is run here')
  assert.equal(again, submit)
  const farm: ChildProcess = spawn('sh', ['-c', `exec ${up}`], {
    cwd: dir,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [farm.stdout!, farm.stderr!]) {
    stream.on('data', (chunk) => {
      said += chunk
    })
  }
  t.after(async () => {
    if (farm.exitCode === null) {
      farm.kill('SIGINT')
      await once(farm, 'exit')
    }
    await rm(dir, { recursive: true, force: true })
  })
  const api = createManagerClient({ url: `http://localhost:${port}` })
  await eventually('the farm to be up', async () => {
    assert.equal(farm.exitCode, null, said)
    return api.getVersion().catch(() => undefined)
  })

  assert.match((await sh(list!)).stdout, /\.png|\.blend/)
  await sh(submit!)
  await eventually('the job to end', async () => {
    const [job] = (await api.fetchJobs()).jobs
    assert.notEqual(job!.status, 'failed', job!.activity)
    return job!.status === 'completed'
  })
  assert.match((await sh(jobs!)).stdout, /completed/)
  const renders = await readdir(join(dir, 'my-farm/storage/renders'), { recursive: true })
  assert.equal(renders.filter((name) => /\d{6}\.\w+$/.test(name)).length, 3, renders.join(', '))
  const second = await sh(`${again} --json`)
  const { receipt } = JSON.parse(second.stdout.split('\n').at(-1)!) as {
    receipt: { uploadedBytes: number }
  }
  assert.equal(receipt.uploadedBytes, 0, 'the second time nothing is sent')
  const addon = await fetch(`http://localhost:${port}/flamenco-addon.zip`)
  assert.ok(addon.ok || process.env.CI === undefined, 'the add-on is there')
  // The name of the example is nobody's here; the rest of the line is run as it is.
  const other = worker!.replace('farm.local', 'localhost')
  const { all } = await sh(`${other} --home ${join(dir, 'other')} --once`)
  assert.match(all ?? '', /worker/)
})
