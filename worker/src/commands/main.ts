import { blenderRender } from './blender-render.ts'
import { CommandError, type RunCommand } from './command.ts'
import { copyFileCommand, makeDirectory, moveDirectory } from './files.ts'
import { framesToVideo } from './frames-to-video.ts'
import { echo, exec, sleep } from './misc.ts'

const commands: Readonly<Record<string, RunCommand>> = {
  'blender-render': blenderRender,
  'frames-to-video': framesToVideo,
  'make-directory': makeDirectory,
  'move-directory': moveDirectory,
  'copy-file': copyFileCommand,
  exec,
  echo,
  sleep,
}

export function findCommand(name: string): RunCommand {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command) return command
  throw new CommandError('other', `This worker does not know the command "${name}"`)
}
