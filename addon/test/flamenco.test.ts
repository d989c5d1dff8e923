import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { startFarm } from '../../test/farm.ts'
import { startBlender } from './blender.ts'
import { startGateway } from './gateway.ts'

test('a manager that speaks no more than Flamenco’s takes jobs, and the panel says what is missing', async (t) => {
  const blender = await startBlender(t)
  if (!blender) return
  const farm = await startFarm(t)
  const asked = new Set<string>()
  const url = await startGateway(t, farm.url, {
    intercept({ pathname }, { method }) {
      if (pathname === '/api/v3/version') {
        return { body: { name: 'Flamenco', version: '3.9', shortversion: '3.9', git: 'abc' } }
      }
      if (/^\/api\/v3\/(farm|shaman\/x)\//.test(pathname)) {
        return { status: 404, body: { code: 404, message: 'Not Found' } }
      }
      asked.add(`${method} ${pathname.replaceAll(/[0-9a-f]{64}\/\d+|[0-9a-f-]{36}/g, '…')}`)
      return undefined
    },
  })
  const outcome = await blender.script(
    `
use_farm(args[0])
image_at(os.path.join(args[1], 'wood.png'), 'wood', 16)
save_as(os.path.join(args[1], 'shot.blend'))
ask_farm()
tell('panel', ' '.join(drawn(part('panel_farm').draw_farm, part('farm_info').current())))
tell('no root', submit())
bpy.context.scene.shaman_farm_settings.render_output_root = args[2]
bpy.context.scene.shaman_farm.start_paused = True
ended = click_submit()
tell('submitted', ended.result or ended.problem)
my_jobs = part('my_jobs')
my_jobs.ask_now()
job = my_jobs.jobs()[0]
tell('job', [job.status, job.eta, my_jobs.problem()])
bpy.ops.shaman_farm.job_action(job_id=job.id, action='CANCEL')
drive('the cancel', lambda: job.status == 'canceled')
try:
    bpy.ops.shaman_farm.download(job_id=job.id, directory=args[1])
except RuntimeError as error:
    tell('download', str(error))
bpy.ops.shaman_farm.load_image(job_id=job.id)
drive('the refusal', lambda: job.note)
tell('image', job.note)
`,
    { args: [url, join(blender.dir, 'film'), join(blender.dir, 'renders')] },
  )
  assert.equal(outcome.exitCode, 0, outcome.output)
  const { told } = outcome
  assert.match(String(told.panel), /A Flamenco manager: submitting and job states work/)
  assert.match(String(told['no root']), /render_output_root|Render Output Root/)
  const { job } = told.submitted as { job?: { id: string } }
  assert.ok(job, JSON.stringify(told.submitted))
  assert.deepEqual(told.job, ['paused', '', ''])
  assert.match(String(told.download), /made nothing yet/)
  assert.match(String(told.image), /made no image yet/)
  for (const operation of [
    'POST /api/v3/shaman/checkout/requirements',
    'POST /api/v3/shaman/files/…',
    'POST /api/v3/shaman/checkout/create',
    'POST /api/v3/jobs/check',
    'POST /api/v3/jobs',
  ]) {
    assert.ok(asked.has(operation), `${operation} of ${[...asked].join(', ')}`)
  }
})
