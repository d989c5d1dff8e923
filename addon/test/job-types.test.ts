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
tell('approved', part('preferences').get().approved_types == job_type.expressions_digest)
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
  assert.deepEqual([told.unlinked, told.computed, told.approved], [5, 77, true])
})

test('what was chosen stays chosen when the farm gets more of it, and a field that Blender cannot hold harms no other', async (t) => {
  const blender = await startBlender(t)
  if (!blender) return
  const farm = await startFarm(t)
  const outcome = await blender.script(
    `
import dataclasses
use_farm(args[0])
ask_farm()
farm_info, settings, parse = part('farm_info'), part('settings'), part('job_types').parse_job_type
known = farm_info.current()
chosen = bpy.context.scene.shaman_farm

def farm_has(types, tags=(), fields=()):
    made = tuple(parse({'name': name, 'etag': str(len(fields)), 'settings': list(fields)}) for name in types)
    farm_info._state.info = dataclasses.replace(known, job_types=made, tags=tuple((tag, tag) for tag in tags))
    part('scene').farm_changed()

farm_has(['b', 'c'], ['t', 'u'])
tell('at first', [chosen.job_type, chosen.tag])
chosen.job_type, chosen.tag = 'c', 'u'
farm_has(['a', 'b', 'c'], ['s', 't', 'u'])
tell('with more', [chosen.job_type, chosen.tag])
save_as(args[1])
farm_has(['b'], ['s'])
bpy.ops.wm.open_mainfile(filepath=args[1])
tell('with less', [chosen.job_type for chosen in [bpy.context.scene.shaman_farm]] + [bpy.context.scene.shaman_farm.tag])
tell('submit', submit(tag=''))

chosen = bpy.context.scene.shaman_farm
kind = lambda *choices: {'key': 'kind', 'type': 'string', 'choices': choices, 'default': 'png'}
farm_has(['c'], [], [kind('png', 'exr')])
bpy.context.scene.shaman_farm_settings.kind = 'exr'
farm_has(['c'], [], [kind('jpg', 'png', 'exr'), {'key': 'huge', 'type': 'int32', 'default': 2 ** 40}])
job_type = farm_info.current().job_type('c')
values = lambda: settings.values(bpy.context, job_type, 'job', '')
tell('more choices', values())
tell('fields', sorted(set(bpy.context.scene.shaman_farm_settings.bl_rna.properties.keys()) - {'rna_type', 'name'}))
farm_has(['c'], [], [kind('jpg', 'png'), {'key': 'x', 'type': 'bool'}, {'key': 'y', 'type': 'bool'}])
job_type = farm_info.current().job_type('c')
tell('fewer choices', values())
tell('disabled', list(bpy.ops.preferences.addon_disable(module='bl_ext.user_default.shaman_farm')))
`,
    { args: [farm.url, join(blender.dir, 'film', 'shot.blend')] },
  )
  assert.equal(outcome.exitCode, 0, outcome.output)
  const { told } = outcome
  assert.deepEqual(told['at first'], ['b', '-'])
  assert.deepEqual(told['with more'], ['c', 'u'])
  assert.deepEqual(told['with less'], ['c', 'u'])
  assert.match(String(told.submit), /The farm has no job type "c"/)
  assert.deepEqual(told['more choices'], { kind: 'exr', huge: 2 ** 40 })
  assert.deepEqual(told.fields, ['kind'])
  assert.deepEqual(told['fewer choices'], { kind: 'png', x: false, y: false })
  assert.ok(!/Exception in module unregister/.test(outcome.output), outcome.output)
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
