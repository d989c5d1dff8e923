import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { promisify } from 'node:util'

/** A small project on disk: a shot with a texture inside it and another outside. */
export interface Project {
  root: string
  blend: string
  texture: string
  outside: string
}

const script = (root: string): string => `
import bpy, os
root = ${JSON.stringify(root)}
for folder in ('film/shots/sh010', 'film/tex', 'elsewhere'):
    os.makedirs(os.path.join(root, folder))
open(os.path.join(root, 'film', '.blender_project'), 'w').close()
def save(name, path, size):
    image = bpy.data.images.new(name, size, size)
    image.generated_color = (0.2, 0.4, 0.6, 1)
    image.filepath_raw = path
    image.file_format = 'PNG'
    image.save()
    image.source = 'FILE'
    return image
wood = save('wood', os.path.join(root, 'film/tex/wöod 1.png'), 64)
brick = save('brick', os.path.join(root, 'elsewhere/brick.png'), 32)
material = bpy.data.materials.new('m')
material.use_nodes = True
for image in (wood, brick):
    material.node_tree.nodes.new('ShaderNodeTexImage').image = image
bpy.data.objects['Cube'].data.materials.append(material)
scene = bpy.context.scene
scene.frame_start, scene.frame_end = 3, 12
scene.render.fps, scene.render.fps_base = 24, 1.001
bpy.context.preferences.filepaths.save_version = 0
blend = os.path.join(root, 'film/shots/sh010/sh 010.blend')
bpy.ops.wm.save_as_mainfile(filepath=blend)
wood.filepath = bpy.path.relpath(wood.filepath)
bpy.ops.wm.save_mainfile()
`

/** Makes the project with real Blender; undefined (and the test skipped) where there is none. */
export async function makeProject(t: TestContext): Promise<Project | undefined> {
  const root = await mkdtemp(join(tmpdir(), 'send-project-'))
  t.after(() => rm(root, { recursive: true, force: true }))
  const args = ['-b', '--factory-startup', '--python-exit-code', '42']
  try {
    await promisify(execFile)('blender', [...args, '--python-expr', script(root)], {
      timeout: 120_000,
    })
  } catch (error) {
    const isAbsent = (error as { code?: string }).code === 'ENOENT'
    if (!isAbsent || process.env.CI === 'true') throw error
    t.skip('Blender is not installed, so no scene can be made to submit')
    return undefined
  }
  return {
    root,
    blend: join(root, 'film/shots/sh010/sh 010.blend'),
    texture: join(root, 'film/tex/wöod 1.png'),
    outside: join(root, 'elsewhere/brick.png'),
  }
}
