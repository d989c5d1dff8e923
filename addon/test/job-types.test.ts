import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { startFarm } from '../../test/farm.ts'
import { startBlender } from './blender.ts'
import { startGateway } from './gateway.ts'

const settings = [
  { key: 'frames', type: 'string', required: true, default: '1-10' },
  { key: 'size', type: 'int32', default: 4, propargs: { min: 2, max: 8, soft_max: 6 } },
  { key: 'scale', type: 'float', default: 0.5, description: 'How large' },
  { key: 'fast', type: 'bool', default: true, label: 'Go Fast' },
  { key: 'kind', type: 'string', choices: ['a', 'b'], default: 'b' },
  { key: 'file', type: 'string', subtype: 'file_path' },
  { key: 'folder', type: 'string', subtype: 'dir_path' },
  { key: 'linked', type: 'int32', eval: 'C.scene.frame_end', evalInfo: { showLinkButton: true } },
  { key: 'shown', type: 'string', editable: false, eval: "f'{jobname}!'" },
  { key: 'code', type: 'string', eval: "__import__('os').environ['SAID']" },
  { key: 'unseen', type: 'string', visible: 'web', default: 'x' },
  { key: 'no good', type: 'string' },
  { key: 'odd', type: 'matrix' },
]

test('a job type’s settings become fields, and its Python runs only once it is approved', async (t) => {
  const blender = await startBlender(t)
  if (!blender) return
  const farm = await startFarm(t)
  const jobType = { name: 'odd-job', label: 'Odd Job', etag: 'e1', settings }
  const url = await startGateway(t, farm.url, {
    intercept: ({ pathname }) =>
      pathname === '/api/v3/jobs/types' ? { body: { job_types: [jobType] } } : undefined,
  })
  const outcome = await blender.script(
    `
use_farm(args[0])
save_as(args[1])
ask_farm()
info = part('farm_info').current()
job_type = info.job_type('odd-job')
settings = part('settings')
values = bpy.context.scene.shaman_farm_settings
fields = values.bl_rna.properties
tell('fields', {p.identifier: [p.type, p.subtype, p.name] for p in fields if p.identifier not in ('rna_type', 'name')})
tell('range', [fields['size'].hard_min, fields['size'].hard_max, fields['size'].soft_max])
tell('choices', [item.identifier for item in fields['kind'].enum_items])
panel = lambda: drawn(part('panel_job').draw_job, bpy.context, info, job_type)
def all_values():
    try:
        return settings.values(bpy.context, job_type, 'the job', '', {})
    except settings.SettingProblem as problem:
        return [str(problem), problem.needs_approval]

bpy.context.scene.frame_end = 77
tell('before', all_values())
tell('panel before', panel())
bpy.ops.shaman_farm.approve()
tell('after', all_values())
tell('panel after', panel())
values.is_linked_linked = False
values.linked = 5
tell('unlinked', all_values()['linked'])
bpy.ops.shaman_farm.compute(key='linked')
tell('computed', values.linked)
tell('another version', part('preferences').is_approved('e2'))
`,
    { args: [url, join(blender.dir, 'film', 'shot.blend')], env: { SAID: 'ran' } },
  )
  assert.equal(outcome.exitCode, 0, outcome.output)
  const { told } = outcome
  assert.deepEqual(told.fields, {
    frames: ['STRING', 'NONE', 'Frames'],
    size: ['INT', 'NONE', 'Size'],
    scale: ['FLOAT', 'NONE', 'Scale'],
    fast: ['BOOLEAN', 'NONE', 'Go Fast'],
    kind: ['ENUM', 'NONE', 'Kind'],
    file: ['STRING', 'FILE_PATH', 'File'],
    folder: ['STRING', 'DIR_PATH', 'Folder'],
    linked: ['INT', 'NONE', 'Linked'],
    is_linked_linked: ['BOOLEAN', 'NONE', 'Follow the Scene: Linked'],
    shown: ['STRING', 'NONE', 'Shown'],
    code: ['STRING', 'NONE', 'Code'],
    unseen: ['STRING', 'NONE', 'Unseen'],
  })
  assert.deepEqual(told.range, [2, 8, 6])
  assert.deepEqual(told.choices, ['a', 'b'])
  const [problem, needsApproval] = told.before as [string, boolean]
  assert.match(problem, /Code: .*approve/)
  assert.equal(needsApproval, true)
  assert.ok((told['panel before'] as string[]).includes('[shaman_farm.approve]'))
  assert.ok(!(told['panel after'] as string[]).includes('[shaman_farm.approve]'))
  const after = told.after as Record<string, unknown>
  assert.deepEqual(
    [after.frames, after.size, after.kind, after.linked, after.shown, after.code, after.unseen],
    ['1-10', 4, 'b', 77, 'the job!', 'ran', 'x'],
  )
  assert.deepEqual([told.unlinked, told.computed, told['another version']], [5, 77, false])
})

test('what the farm finds wrong with a setting stands beside its field', async (t) => {
  const blender = await startBlender(t)
  if (!blender) return
  const farm = await startFarm(t)
  // A farm that does not tell its limits: Blender's own fields would keep to them.
  const types = JSON.stringify(await farm.api.getJobTypes({}))
  const url = await startGateway(t, farm.url, {
    intercept: ({ pathname }) =>
      pathname === '/api/v3/jobs/types'
        ? { body: JSON.parse(types, (key, value) => (key === 'propargs' ? undefined : value)) }
        : undefined,
  })
  const outcome = await blender.script(
    `
use_farm(args[0])
save_as(args[1])
ask_farm()
values = bpy.context.scene.shaman_farm_settings
values.chunk_size = -3
ended = click_submit()
tell('problem', ended.problem)
info = part('farm_info').current()
tell('panel', drawn(part('panel_job').draw_job, bpy.context, info, info.job_type('simple-blender-render')))
`,
    { args: [url, join(blender.dir, 'film', 'shot.blend')] },
  )
  assert.equal(outcome.exitCode, 0, outcome.output)
  const { message } = outcome.told.problem as { message: string }
  assert.match(message, /chunk_size/)
  const panel = (outcome.told.panel as string[]).join(' ')
  assert.ok(panel.includes(message), `${message} in ${panel}`)
})
