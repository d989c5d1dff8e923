import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { startFarm } from '../../test/farm.ts'
import { startBlender } from './blender.ts'

const stage = `
preferences, submission = part('preferences'), part('submission')
use_farm(args[0])
ask_farm()
project, elsewhere = args[1], args[2]

def report():
    """The report as it is when the add-on has come to rest."""
    drive('the report', lambda: submission.current().is_ended or submission.current().is_waiting)
    current = submission.current()
    assert not current.problem, current.problem
    return current.report

def names(kind):
    return sorted(os.path.basename(item['path']) for item in report().get(kind) or [])
`

test('what the report complains about is mended in the scene, and the report made anew', async (t) => {
  const blender = await startBlender(t)
  if (!blender) return
  const farm = await startFarm(t)
  const project = join(blender.dir, 'film')
  // It marks where the project begins, so that what lies beside it is outside.
  await mkdir(join(project, '.git'), { recursive: true })
  const outcome = await blender.script(
    `${stage}
blend = os.path.join(project, 'shot.blend')
save_as(blend)
lost = image_at(os.path.join(project, 'tex', 'lost.png'), 'lost')
strange = image_at(os.path.join(elsewhere, 'strange.png'), 'strange')
inside = image_at(os.path.join(project, 'inside.png'), 'inside')
save_as(blend)
os.makedirs(os.path.join(project, 'moved'))
os.rename(os.path.join(project, 'tex', 'lost.png'), os.path.join(project, 'moved', 'lost.png'))

click_submit()
tell('waits', submission.current().is_waiting)
tell('missing', names('missing'))
tell('outside', names('outside'))
tell('panel', drawn(part('panel_submission').draw_submission, bpy.context))

# While it waits for an answer, what is mended takes the question back and asks anew.
bpy.ops.shaman_farm.find_missing(directory=project)
tell('found', bpy.path.abspath(lost.filepath))
drive('the new question', lambda: submission.current().is_repeated is False)
tell('missing after', names('missing'))
drive('the job', lambda: submission.current().is_ended)
tell('submitted', bool(submission.current().result))

click_submit(dry_run=True)
bpy.ops.shaman_farm.pack_files()
tell('packed', strange.packed_file is not None)
tell('left alone', inside.packed_file is None)
tell('outside after', names('outside'))
tell('nothing to pack', list(bpy.ops.shaman_farm.pack_files()))

tell('absolute', inside.filepath)
bpy.ops.shaman_farm.make_relative()
tell('relative', inside.filepath)
tell('checked', report()['new'])
bpy.ops.shaman_farm.check_again()
tell('again', report()['new'])
tell('dirty', bpy.data.is_dirty)
`,
    { args: [farm.url, project, join(blender.dir, 'elsewhere')] },
  )
  assert.equal(outcome.exitCode, 0, outcome.output)
  const { told } = outcome
  assert.equal(told.waits, true)
  assert.deepEqual(told.missing, ['lost.png'])
  assert.deepEqual(told.outside, ['strange.png'])
  const panel = (told.panel as string[]).join('\n')
  assert.match(panel, /Missing \(1\)\nlost\.png .*\nOutside the Project \(1\)\nstrange\.png/)
  for (const button of ['find_missing', 'pack_files', 'make_relative', 'Submit Without Them']) {
    assert.ok(panel.includes(button), `${button} in ${panel}`)
  }
  assert.equal(told.found, join(project, 'moved/lost.png'))
  assert.deepEqual(told['missing after'], [])
  assert.equal(told.submitted, true)
  assert.deepEqual([told.packed, told['left alone']], [true, true])
  assert.deepEqual(told['outside after'], [])
  assert.deepEqual(told['nothing to pack'], ['CANCELLED'])
  assert.equal(told.absolute, join(project, 'inside.png'))
  assert.equal(told.relative, '//inside.png')
  assert.ok(told.checked)
  // The scene is the artist's to save.
  assert.equal(told.dirty, true)
})

test('the report tells what is new, what is stored and how long it will take', async (t) => {
  const blender = await startBlender(t)
  if (!blender) return
  const farm = await startFarm(t)
  const outcome = await blender.script(
    `${stage}
image_at(os.path.join(project, 'big.png'), 'big', 16)
with open(os.path.join(project, 'big.png'), 'ab') as stream:
    stream.write(os.urandom(6_000_000))
image_at(os.path.join(project, 'small.png'), 'small', 32)
save_as(os.path.join(project, 'shot.blend'))
first = click_submit(dry_run=True).report
tell('before', first)
tell('no estimate', drawn(part('panel_submission').draw_submission, bpy.context))
bpy.context.scene.shaman_farm.review = True
waiting = click_submit()
tell('reviewed', waiting.is_waiting and not waiting.report['missing'])
bpy.ops.shaman_farm.decide(decision='send')
drive('the job', lambda: waiting.is_ended)
tell('rate', preferences.farm(preferences.manager().url).rate)
bpy.context.scene.shaman_farm.review = False
with open(os.path.join(project, 'big.png'), 'ab') as stream:
    stream.write(b'more')
after = click_submit(dry_run=True).report
tell('after', after)
tell('estimate', drawn(part('panel_submission').draw_submission, bpy.context))
`,
    { args: [farm.url, join(blender.dir, 'film'), join(blender.dir, 'elsewhere')] },
  )
  assert.equal(outcome.exitCode, 0, outcome.output)
  const { told } = outcome
  type Report = Record<'new' | 'stored', { files: number; bytes: number }>
  const before = told.before as Report
  assert.deepEqual([before.new.files, before.stored.files], [3, 0])
  assert.doesNotMatch((told['no estimate'] as string[]).join('\n'), /about/)
  assert.equal(told.reviewed, true)
  assert.ok((told.rate as number) > 0)
  const after = told.after as Report
  // The scene has changed too: its own remark that it is to be reviewed.
  assert.deepEqual([after.new.files, after.stored.files], [2, 1])
  const panel = (told.estimate as string[]).join('\n')
  assert.match(panel, /New: 2 files, [67]\.\d MB, about \d+ s\nAlready on the farm: 1 file, \d+ B/)
})
