import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { UserError } from '@shaman-farm/terminal'

// Named so that our own type check leaves it alone: it declares a world without Node.
const declarations = fileURLToPath(new URL('./job-types.d.ts.txt', import.meta.url))

// Every script is a world of its own; without "force", an editor sees all their JOB_TYPEs in one.
const editorConfig = {
  compilerOptions: {
    checkJs: true,
    noImplicitAny: false,
    target: 'es2024',
    lib: ['es2024'],
    types: [],
    moduleDetection: 'force',
  },
}

const template = `/** @type {JobType} */
const JOB_TYPE = {
  label: 'LABEL',
  description: 'Render a range of frames.',
  settings: [
    { key: 'frames', type: 'string', required: true, eval: "f'{C.scene.frame_start}-{C.scene.frame_end}'" },
    { key: 'chunk_size', type: 'int32', default: 1, propargs: { min: 1 }, visible: 'submission' },
    { key: 'render_output_path', type: 'string', subtype: 'hashed_file_path', required: true },
    { key: 'blendfile', type: 'string', required: true, visible: 'web' },
  ],
}

/** @param {Job} job */
function compileJob(job) {
  const { frames, chunk_size, render_output_path, blendfile } = job.settings
  for (const chunk of frameChunker(frames, chunk_size)) {
    const task = author.Task(\`render-\${chunk}\`, 'blender')
    task.frames = chunk
    const args = ['--render-output', render_output_path, '--render-frame', chunk.replace(/-/g, '..')]
    task.addCommand(
      author.Command(
        'blender-render',
        { exe: '{blender}', exeArgs: '{blenderArgs}', blendfile, args },
        frameCount(chunk),
      ),
    )
    job.addTask(task)
  }
}
`

/** Writes a script to start from, and beside it what an editor needs to know; nothing that is there is overwritten. */
export async function createScript(name: string, dir: string): Promise<string> {
  if (!/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(name)) {
    throw new UserError(`"${name}" is no name for a job type`, {
      code: 'BAD_USAGE',
      hint: 'Use small letters and digits, with dashes between words: my-render.',
    })
  }
  await mkdir(dir, { recursive: true })
  const script = join(dir, `${name.replaceAll('-', '_')}.js`)
  const label = name.replace(/(?:^|-)(\w)/g, (_, first: string) => ` ${first.toUpperCase()}`).trim()
  try {
    await writeFile(script, template.replace('LABEL', label), { flag: 'wx' })
  } catch (cause) {
    throw new UserError(`${script} could not be written: ${(cause as Error).message}`, {
      code: 'NOT_WRITTEN',
      cause,
    })
  }
  await copyFile(declarations, join(dir, 'job-types.d.ts'))
  await writeFile(join(dir, 'jsconfig.json'), `${JSON.stringify(editorConfig, undefined, 2)}\n`, {
    flag: 'wx',
  }).catch(() => undefined)
  return script
}
