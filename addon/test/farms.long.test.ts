import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { startManagerProcess } from '../../bin/src/farm-process.ts'
import { startFarm } from '../../test/farm.ts'
import { startBlender } from './blender.ts'

const menu = `
from types import SimpleNamespace
def menu():
    layout = Layout()
    part('panel_farm').SHAMAN_FARM_MT_farms.draw(SimpleNamespace(layout=layout), bpy.context)
    return layout.texts
`

test('jobs go to the farm that is chosen, and are watched on every farm', async (t) => {
  const blender = await startBlender(t)
  if (!blender) return
  const [near, far] = [await startFarm(t), await startFarm(t)]
  const outcome = await blender.script(
    `${menu}
use_farm(args[0])
save_as(args[2])
my_jobs, farm_info = part('my_jobs'), part('farm_info')
tell('first', submit(paused=True))
bpy.ops.shaman_farm.choose(url=args[1])
tell('second', submit(paused=True))
tell('menu', menu())
my_jobs.ask_now()
tell('jobs', [[job.url, job.status] for job in my_jobs.jobs()])
bpy.ops.shaman_farm.forget_farm(url=args[0])
tell('menu after', menu())
# The farm that was chosen last falls silent: what it told stays, with the reason and its age.
be_interactive()
prefs().manager_url = args[1]
bpy.ops.shaman_farm.choose(url='http://127.0.0.1:9')
farm_info.refresh()
drive('the problem', farm_info.problem)
tell('panel', drawn(part('panel_farm').draw_farm, farm_info.current()))
`,
    { args: [near.url, far.url, join(blender.dir, 'film', 'shot.blend')] },
  )
  assert.equal(outcome.exitCode, 0, outcome.output)
  const { told } = outcome
  assert.deepEqual([told.first, told.second], [['FINISHED'], ['FINISHED']])
  assert.deepEqual(told.jobs, [
    [far.url, 'paused'],
    [near.url, 'paused'],
  ])
  for (const farm of [near, far]) assert.equal((await farm.api.fetchJobs({})).jobs.length, 1)
  const host = (url: string): string => new URL(url).host
  assert.ok((told.menu as string[]).join().includes(host(near.url)))
  assert.ok(!(told['menu after'] as string[]).join().includes(host(near.url)))
  assert.match((told.panel as string[]).join(' '), /Cannot reach the manager at http:\/\/127/)
})

const hasNetwork = Object.values(networkInterfaces())
  .flat()
  .some((address) => address && !address.internal && address.family === 'IPv4')

test('a farm on this network is found and offered, but not while Blender is to stay offline', {
  skip: !hasNetwork && 'no network interface that can do multicast',
}, async (t) => {
  const blender = await startBlender(t)
  if (!blender) return
  const data = await mkdtemp(join(tmpdir(), 'addon-manager-'))
  const manager = await startManagerProcess(
    ['--port', '0', '--data', data, '--storage', join(data, 'storage')],
    { onLog: () => {} },
  )
  t.after(async () => {
    await manager.stop({ graceMs: 5000 })
    await rm(data, { recursive: true, force: true })
  })
  const { port } = new URL(manager.url)
  const outcome = await blender.script(
    `${menu}
be_interactive()
neighbours = part('neighbours')
prefs().manager_url = 'http://127.0.0.1:9'
part('farm_info').refresh()
drive('the search', neighbours.was_searched)
tell('found', [farm.url for farm in neighbours.found()])
tell('panel', drawn(part('panel_farm').draw_farm, None))
tell('menu', menu())
`,
  )
  assert.equal(outcome.exitCode, 0, outcome.output)
  const { told } = outcome
  const found = (told.found as string[]).filter((url) => new URL(url).port === port)
  assert.notEqual(found.length, 0, `${told.found}`)
  assert.ok(
    (told.panel as string[]).some((text) => text.startsWith('[Use ') && text.includes(port)),
  )
  assert.ok((told.menu as string[]).join().includes(port))

  const offline = await blender.script(
    `
be_interactive()
sent = []
import socket
socket.socket.sendto = lambda *args: sent.append(args)
part('neighbours').search()
tell('searching', part('neighbours').is_searching())
tell('poll', bpy.ops.shaman_farm.find.poll())
tell('sent', len(sent))
`,
    { flags: ['--offline-mode'] },
  )
  assert.deepEqual(offline.told, { searching: false, poll: false, sent: 0 }, offline.output)
})
