import { rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseRenderArguments, type RenderRequest } from '../blender/arguments.ts'
import { existingFrames } from '../blender/output-path.ts'
import { trackRender } from '../blender/tracker.ts'
import { assertRendered, explainFailure, findFatal } from '../blender/verdict.ts'
import { findDamage } from '../images/check.ts'
import { splitShellWords } from '../process/command-line.ts'
import { type CommandContext, CommandError, type RunCommand } from './command.ts'
import { readParameters } from './parameters.ts'
import { assertEndedWell, runLogged } from './subprocess.ts'

/** Names missing textures, which Blender renders in pink without a word. */
const probe = fileURLToPath(new URL('../blender/probe.py', import.meta.url))

export const blenderRender: RunCommand = async (parameters, context) => {
  const read = readParameters('blender-render', parameters)
  const blendfile = read.optionalText('blendfile')
  const args = read.list('args')
  const argv = [
    read.text('exe'),
    ...splitShellWords(read.optionalText('exeArgs')),
    ...read.list('argsBefore'),
    ...(blendfile === '' ? [] : [blendfile, '--python', probe]),
    ...args,
  ]
  const request = parseRenderArguments(args)
  if (!usesPlaceholders(args)) await removeDamagedFrames(request, context)

  const checked = new Map<string, Promise<string | undefined>>()
  const tracker = trackRender(request, {
    step: () => context.step(),
    frameDone: (frame) => context.frameDone(frame),
    imageSaved(image) {
      checked.set(
        image.file,
        findDamage(image.file).catch((error: Error) => error.message),
      )
      context.imageSaved(image)
    },
  })
  const ignoreMissing = read.optionalText('missing') === 'ignore'
  // A render that is known to come out wrong is not worth its hours.
  const hopeless = new AbortController()
  const signal = AbortSignal.any([context.signal, hopeless.signal])
  const result = await runLogged(argv, { ...context, signal }, (line) => {
    tracker.line(line)
    if (findFatal(tracker, ignoreMissing)) hopeless.abort()
  })
  try {
    if (!hopeless.signal.aborted) assertEndedWell('Blender', argv, result)
  } catch (error) {
    throw error instanceof CommandError ? explainFailure(error, tracker) : error
  }
  await assertRendered({ request, tracker, ignoreMissing, checked })
}

/**
 * A Blender killed while writing leaves half a frame. With "do not overwrite" the next run would skip it and the
 * broken picture would stay for good.
 */
async function removeDamagedFrames(request: RenderRequest, context: CommandContext): Promise<void> {
  if (request.output === undefined || !request.frames || request.isMovie) return
  for (const { frame, files } of await existingFrames(request.output, request.frames)) {
    for (const file of files) {
      const damage = await findDamage(file)
      if (damage === undefined) continue
      context.log(`removing damaged frame ${frame} of an earlier run, "${file}": ${damage}`)
      await rm(file, { force: true })
    }
  }
}

/** Then an empty file means that another Blender is at work on that frame. */
function usesPlaceholders(args: readonly string[]): boolean {
  return args.some((arg) => /use_placeholder\s*=\s*True/.test(arg))
}
