// Writes down what this version's worker and `farm submit` say to a manager. Run once a release:
//   node test/record-clients.ts
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startManagerProcess } from '@shaman-farm/bin/farm-process'
import { createManagerClient } from '@shaman-farm/manager-api'
import { buildBlend, layouts } from '../pack/test/blend-builder.ts'
import { runFarm } from './farm.ts'
import { type Exchange, echo, startRecorder } from './recorded.ts'

const dir = await mkdtemp(join(tmpdir(), 'farm-record-'))
const manager = await startManagerProcess([
  ...['--port', '0', '--host', '127.0.0.1'],
  ...['--storage', join(dir, 'storage'), '--data', join(dir, 'data')],
])
const api = createManagerClient({ url: manager.url })
const [version] = /\d+\.\d+\.\d+/.exec((await api.getVersion()).version) ?? ['unknown']
try {
  await save('worker', async (url) => {
    await api.submitJob({ body: echo })
    await runFarm(['worker', '--manager', url, '--home', join(dir, 'w'), '--name', 'w', '--once'])
  })
  await save('submit', async (url) => {
    const scene = join(dir, 'scene.blend')
    await writeFile(scene, buildBlend(layouts.le64!, []))
    const flags = ['--frames', '1-4', '--paused', '--missing', 'ignore', '--json']
    const settings = ['scene=Scene', 'format=PNG', 'image_file_extension=.png', 'fps=24']
    flags.push(...settings.flatMap((setting) => ['--setting', setting]))
    const sent = await runFarm(['submit', scene, '--manager', url, ...flags])
    if (sent.exitCode !== 0) throw new Error(sent.stdout)
  })
} finally {
  await manager.stop()
  await rm(dir, { recursive: true, force: true })
}

async function save(client: string, work: (url: string) => Promise<void>): Promise<void> {
  const recorder = await startRecorder(manager.url)
  await work(recorder.url)
  recorder.close()
  // What was still waited for when the client ended was never answered.
  const answered: Exchange[] = recorder.exchanges.filter(({ status }) => status !== 0)
  const folder = join(import.meta.dirname, 'fixtures', 'recorded')
  await mkdir(folder, { recursive: true })
  const file = join(folder, `${client}-${version}.json`)
  const neutral = JSON.stringify(answered, null, 1).replaceAll(dir, '/farm')
  await writeFile(file, `${neutral}\n`)
  console.log(`${answered.length} requests in ${file}`)
}
