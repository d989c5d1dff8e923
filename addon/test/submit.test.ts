import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { startFarm } from '../../test/farm.ts'
import { startBlender } from './blender.ts'

const makeScene = `
def make_scene(path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    image = bpy.data.images.new('wood', 16, 16)
    image.filepath_raw = os.path.join(os.path.dirname(path), 'wöod.png')
    image.save()
    bpy.ops.wm.save_as_mainfile(filepath=path)
    image.source = 'FILE'
    image.filepath = '//wöod.png'
    material = bpy.data.materials.new('m')
    material.use_nodes = True
    material.node_tree.nodes.new('ShaderNodeTexImage').image = image
    bpy.data.objects['Cube'].data.materials.append(material)
    bpy.context.scene.frame_start, bpy.context.scene.frame_end = 5, 7
    bpy.ops.wm.save_mainfile()
`

test('scripts submit from Blender', async (t) => {
  const blender = await startBlender(t)
  if (!blender) return
  const farm = await startFarm(t)
  const blend = join(blender.dir, 'fílm', 'shot 1.blend')
  const args = [farm.url, blend]

  await t.test('with the scene as it is, unsaved changes and all', async () => {
    const outcome = await blender.script(
      `${makeScene}
use_farm(args[0])
make_scene(args[1])
digest = lambda: __import__('hashlib').sha256(open(args[1], 'rb').read()).hexdigest()
tell('before', digest())
bpy.context.scene.frame_end = 9
bpy.data.objects['Cube'].location.x = 4
tell('submit', submit(job_name='from Blender', settings='{"chunk_size": 4}', priority=70, paused=True,
    metadata='{"shot": "1"}', result_file=args[1] + '.json'))
tell('result', result())
tell('file', json.load(open(args[1] + '.json')))
tell('after', digest())
tell('dirty', bpy.data.is_dirty)
tell('path', bpy.data.filepath)
tell('temporary', os.listdir(bpy.app.tempdir))
`,
      { args },
    )
    assert.equal(outcome.exitCode, 0, outcome.output)
    const { told } = outcome
    assert.deepEqual(told.submit, ['FINISHED'], outcome.output)
    assert.deepEqual(told.file, told.result)
    // The artist's file is neither saved nor renamed, and nothing is left behind.
    assert.equal(told.before, told.after)
    assert.equal(told.dirty, true)
    assert.equal(told.path, blend)
    assert.deepEqual(told.temporary, [])

    const { job } = told.result as { job: { id: string } }
    const made = await farm.api.fetchJob({ params: { job_id: job.id } })
    assert.equal(made.name, 'from Blender')
    assert.equal(made.priority, 70)
    assert.equal(made.status, 'paused')
    assert.equal(made.settings?.frames, '5-9')
    assert.equal(made.settings?.chunk_size, 4)
    assert.equal(made.settings?.scene, 'Scene')
    assert.match(String(made.settings?.blendfile), /\/shot 1\.blend$/)
    assert.equal(made.metadata?.shot, '1')
    assert.match(made.metadata?.['blender.version'] ?? '', /^\d+\.\d+\.\d+/)
    assert.equal(made.metadata?.scene, 'Scene')

    const checkout = join(farm.dir, 'storage/jobs', made.storage?.shaman_checkout_id ?? '')
    assert.deepEqual((await readdir(checkout)).sort(), ['shot 1.blend', 'wöod.png'])
    const sent = await readFile(join(checkout, 'shot 1.blend'))
    assert.notEqual(createHash('sha256').update(sent).digest('hex'), told.before)
    const tasks = await farm.api.fetchJobTasks({ params: { job_id: job.id } })
    assert.equal(tasks.tasks?.length, 3, 'two chunks and the video')
  })

  await t.test('and are told in words what is wrong', async () => {
    const outcome = await blender.script(
      `${makeScene}
use_farm(args[0])
tell('unsaved', submit())
make_scene(args[1])
tell('type', submit(job_type='nope'))
tell('setting', submit(settings='{"chunk_size": "many"}'))
tell('chunk', submit(settings='{"chunk_size": 0}'))
tell('chunk_result', result())
tell('json', submit(settings='{', result_file='//told.json'))
tell('json_result', result())
tell('json_file', json.load(open(os.path.join(os.path.dirname(args[1]), 'told.json'))))
tell('misspelled', submit(settings='{"frame": "1-2"}'))
os.remove(os.path.join(os.path.dirname(args[1]), 'wöod.png'))
tell('missing', submit())
tell('missing_result', result())
tell('ignored', submit(missing='ignore', paused=True))
prefs().tool_command = '/no/such/farm'
tell('tool', submit())
prefs().tool_command = '/bin/false'
tell('broken_tool', submit())
prefs().manager_url = 'http://127.0.0.1:9'
tell('unreachable', submit())
prefs().manager_url = 'what is this'
tell('address', submit())
`,
      { args },
    )
    assert.equal(outcome.exitCode, 0, outcome.output)
    const { told } = outcome
    const expected: Record<string, RegExp> = {
      unsaved: /never been saved/,
      type: /no job type "nope"/,
      setting: /Chunk Size/,
      chunk: /chunk_size|Chunk Size/,
      json: /settings is no JSON object \(Expecting property name.*json\.dumps/,
      misspelled: /no setting "frame".*frames, chunk_size/,
      missing: /wöod\.png/,
      tool: /no command \/no\/such\/farm/,
      broken_tool: /pack tool ended with code 1/,
      unreachable: /Cannot reach the manager at http:\/\/127\.0\.0\.1:9/,
      address: /no address of a manager/,
    }
    for (const [name, message] of Object.entries(expected)) {
      assert.match(String(told[name]), message, name)
    }
    assert.equal((told.json_result as { code: string }).code, 'ARGUMENT_INVALID')
    assert.deepEqual(told.json_file, told.json_result)
    assert.equal((told.missing_result as { code: string }).code, 'FILES_MISSING')
    assert.deepEqual(told.ignored, ['FINISHED'])
  })

  await t.test('and what only Blender lists is sent too', async () => {
    const outcome = await blender.script(
      `${makeScene}
use_farm(args[0])
make_scene(args[1])
brush = bpy.data.brushes.new('b')
brush.use_custom_icon = brush.use_fake_user = True
brush.icon_filepath = os.path.join(os.path.dirname(args[1]), 'icon.png')
open(brush.icon_filepath, 'wb').write(b'an icon')
submit(dry_run=True)
tell('listing', result()['listing'])
tell('submit', submit(paused=True))
tell('checkout', result()['checkout'])
`,
      { args },
    )
    assert.equal(outcome.exitCode, 0, outcome.output)
    const { told } = outcome
    const listing = told.listing as { only_blender: string[] }
    assert.deepEqual(listing.only_blender, [join(blender.dir, 'fílm', 'icon.png')])
    const checkout = join(farm.dir, 'storage/jobs', told.checkout as string)
    assert.ok((await readdir(checkout)).includes('icon.png'))
  })

  await t.test('and a connection that breaks does not end Blender', async () => {
    const outcome = await blender.script(`
import socket
near, far = socket.socketpair()
far.close()
try:
    near.send(b'x')
except OSError as error:
    tell('told', type(error).__name__)
`)
    assert.equal(outcome.exitCode, 0, outcome.output)
    assert.equal(outcome.told.told, 'BrokenPipeError')
  })

  await t.test('but not while Blender is to stay offline', async () => {
    const outcome = await blender.script(
      `${makeScene}
use_farm(args[0])
make_scene(args[1])
tell('submit', submit())
`,
      { args, flags: ['--offline-mode'] },
    )
    assert.match(String(outcome.told.submit), /online access is off/)
  })
})
