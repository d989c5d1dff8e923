import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { startFarm } from '../../test/farm.ts'
import { bundleTool, type ToolOffer, writeTool } from '../pack-tool.ts'
import { startBlender } from './blender.ts'
import { startGateway } from './gateway.ts'

const run = promisify(execFile)

test('the pack tool runs without the checkout it was built from', async (t) => {
  const dir = await temporary(t)
  for (const [name, bytes] of await bundleTool()) await writeFile(join(dir, name), bytes)
  const blend = join(dir, 'x.blend')
  await writeFile(blend, 'no scene')
  const list = [join(dir, 'pack.mjs'), 'pack', 'list', blend, '--json']
  const failure = (await run(process.execPath, list, { cwd: dir }).catch((error) => error)) as {
    code: number
    stdout: string
  }
  assert.equal(failure.code, 1)
  assert.equal(JSON.parse(failure.stdout).code, 'BLEND_NOT_A_BLEND')
})

test('on first use the add-on takes the pack tool from the farm', async (t) => {
  const blender = await startBlender(t)
  if (!blender) return
  const farm = await startFarm(t)
  const dir = await temporary(t)
  const platform = `${process.platform}-${process.arch}`
  // Any program that runs a script stands for the Node that a release brings along.
  const node = join(dir, 'node-stand-in')
  await writeFile(node, `#!/bin/sh\nexec '${process.execPath}' "$@"\n`)
  const offers = await writeTool(dir, { version: '1.2.3', nodes: { [platform]: node } })
  const url = await serveTool(t, farm.url, dir, offers)
  const outcome = await blender.script(
    `
prefs().manager_url = args[0]
os.makedirs(os.path.dirname(args[1]))
bpy.ops.wm.save_as_mainfile(filepath=args[1])
tell('first', submit(paused=True))
tell('second', submit(paused=True))
`,
    { args: [url, join(blender.dir, 'film', 'shot.blend')] },
  )
  assert.deepEqual(outcome.told.first, ['FINISHED'], outcome.output)
  assert.deepEqual(outcome.told.second, ['FINISHED'], outcome.output)
})

/** Hands out the tool as a manager does. */
function serveTool(
  t: TestContext,
  manager: string,
  dir: string,
  offers: Record<string, ToolOffer>,
): Promise<string> {
  const base = '/api/v3/farm/pack-tool'
  return startGateway(t, manager, {
    intercept({ pathname, searchParams }) {
      if (pathname === base) return { body: offers[searchParams.get('platform') ?? ''] }
      if (!pathname.startsWith(`${base}/files/`)) return undefined
      return { body: readFileSync(join(dir, 'files', pathname.slice(`${base}/files/`.length))) }
    },
  })
}

async function temporary(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'pack-tool-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  return dir
}
