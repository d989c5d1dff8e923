import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { startFarm } from '../../test/farm.ts'
import { stage, startBlender } from './blender.ts'
import { openWindow, type Window } from './window.ts'

// What our code may keep Blender's main thread for, in one go.
const limitMs = 50
// For who wants to look only: a smaller project, and no farm that fails.
const isQuick = process.env.RESPONSIVE_QUICK === '1'
const plates = isQuick ? 4 : 32

interface Figures {
  own: Record<string, number>
  calls: number
  gap: number
}

test('the add-on never keeps Blender’s window from answering', async (t) => {
  const blender = await startBlender(t)
  if (!blender) return
  const farm = await startFarm(t)
  const args = [
    farm.url,
    join(blender.dir, 'film'),
    await silentServer(t),
    String(plates),
    ...(isQuick ? ['quick'] : []),
  ]
  const window = await openWindow(t, blender, stage('probe') + stage('responsive'), args, {
    waitMs: 600_000,
  })
  if (!window) return
  await withinLimit(window, t, 'idle')

  assert.deepEqual(await window.told('preferences'), ['AUTO', false])
  const outcome = await window.told('outcome')
  const { receipt } = outcome as { receipt?: { bytes: number } }
  assert.ok(receipt && receipt.bytes > plates * 2 ** 26, JSON.stringify(outcome))
  assert.ok(((await window.told('phases')) as string[]).includes('upload'))
  await withinLimit(window, t, 'sending')
  if (isQuick) return

  assert.match(String(await window.told('silent problem')), /does not answer in time/)
  await withinLimit(window, t, 'silent')
  assert.match(String(await window.told('unreachable problem')), /Cannot reach/)
  await withinLimit(window, t, 'unreachable')
})

async function withinLimit(window: Window, t: TestContext, name: string): Promise<void> {
  const { own, calls } = await figuresOf(window, t, name)
  assert.ok(calls > 20, `${calls} calls were timed`)
  for (const [call, ms] of Object.entries(own)) {
    assert.ok(ms < limitMs, `${call} took ${ms} ms while ${name}`)
  }
}

async function figuresOf(window: Window, t: TestContext, name: string): Promise<Figures> {
  const figures = (await window.told(name)) as Figures
  t.diagnostic(`${name}: ${JSON.stringify(figures)}`)
  return figures
}

/** Takes connections and says nothing. */
async function silentServer(t: TestContext): Promise<string> {
  const server = createServer(() => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
}
