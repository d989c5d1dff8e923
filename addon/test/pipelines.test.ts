import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { startFarm } from '../../test/farm.ts'
import { farmCommand, startBlender } from './blender.ts'

const page = await readFile(join(import.meta.dirname, '../../docs/pipelines.md'), 'utf8')

test('what docs/pipelines.md shows works as it stands', async (t) => {
  const blender = await startBlender(t)
  if (!blender) return
  const farm = await startFarm(t)
  const film = join(blender.dir, 'film')
  const blend = join(film, 'shot.blend')
  const made = await blender.script(
    `
use_farm(args[0])
small_render(2)
save_as(args[1])
bpy.ops.wm.save_userpref()
`,
    { args: [farm.url, blend] },
  )
  assert.equal(made.exitCode, 0, made.output)
  const fetched = join(blender.dir, 'fetched')
  const env = { SUBMITTED: join(film, 'submitted.json'), FETCH_INTO: fetched }
  const open = `bpy.ops.wm.open_mainfile(filepath=args[0])\n`

  const checked = await blender.script(open + example('check.py'), { args: [blend] })
  assert.equal(checked.exitCode, 0, checked.output)
  assert.match(checked.output, /^\d+ bytes to send$/m)

  const submitted = await blender.script(open + example('submit.py'), { args: [blend] })
  assert.equal(submitted.exitCode, 0, submitted.output)
  const { job, url } = JSON.parse(await readFile(env.SUBMITTED, 'utf8'))
  assert.ok(submitted.output.includes(`${job.id} ${url}`))
  const stored = await farm.api.fetchJob({ params: { job_id: job.id } })
  assert.deepEqual(
    [stored.name, stored.priority, stored.status, stored.settings?.frames],
    ['shot 010 lighting', 70, 'paused', '1-48'],
  )
  const metadata = stored.metadata ?? {}
  assert.equal(metadata.department, 'lighting')
  for (const key of ['user.name', 'host', 'project', 'scene', 'blender.version', 'blender.hash']) {
    assert.ok(metadata[key], key)
  }

  const early = await blender.script(example('fetch.py'), { env })
  assert.match(early.output, /made nothing yet/)

  const line = /```sh\n([\s\S]*?)```/.exec(page)![1]!.replace('farm submit', '$FARM submit')
  const { stdout } = await promisify(execFile)('sh', ['-c', line.replace('$FARM', farmCommand)], {
    cwd: film,
    env: { ...process.env, FARM_MANAGER: farm.url },
  })
  const last = JSON.parse(stdout.trim().split('\n').at(-1)!)
  assert.equal(last.event, 'submitted')

  function example(name: string): string {
    const found = new RegExp(
      `\`\`\`python\\n(# ${name.replace('.', '\\.')}:[\\s\\S]*?)\`\`\``,
    ).exec(page)
    assert.ok(found, `docs/pipelines.md has no ${name}`)
    return found[1]!.replace('http://farm.local:8080', farm.url)
  }
})
