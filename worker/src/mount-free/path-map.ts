import type { AssignedTask } from '@shaman-farm/manager-api'

type Command = AssignedTask['commands'][number]

/** Stands in for storage that this machine does not see: paths of the farm and the local ones in their place. */
export interface PathMap {
  commands: Command[]
  /** The farm's folders that the task writes to, and where they are here. */
  outputs: readonly { farm: string; local: string }[]
  /** The farm's path of a local output; undefined for a file of somewhere else. */
  toFarm(local: string): string | undefined
  /**
   * Where a file of the job belongs here, by its path and the job's output folder as the manager names them: on another
   * platform than this worker's these are not the task's.
   */
  placeOf(path: string, directory: string | undefined): string | undefined
}

export interface PathMapOptions {
  commands: readonly Command[]
  /** The checkout as the task names it, and where it is here. */
  checkout: { farm: string; local: string }
  outputDir: string
}

export function mapPaths({ commands, checkout, outputDir }: PathMapOptions): PathMap {
  const outputs = outputFolders(commands).map((farm) => ({
    farm,
    local: `${outputDir}/${farm.replaceAll('\\', '/').replace(/^\/+/, '').replaceAll(':', '')}`,
  }))
  // Longest first: a folder inside another one must not be taken for it.
  const pairs = [checkout, ...outputs].sort((a, b) => b.farm.length - a.farm.length)
  const toLocal = (text: string): string => {
    for (const { farm, local } of pairs) {
      if (text === farm) return local
      const found = text.includes(`${farm}/`) ? '/' : text.includes(`${farm}\\`) ? '\\' : undefined
      if (found) return text.replaceAll(`${farm}${found}`, `${local}/`)
    }
    return text
  }
  return {
    outputs,
    commands: commands.map((command) => ({
      ...command,
      parameters: Object.fromEntries(
        Object.entries(command.parameters).map(([name, value]) => [name, mapValue(value, toLocal)]),
      ),
    })),
    toFarm(local) {
      const path = local.replaceAll('\\', '/')
      const output = outputs.find((folder) => path.startsWith(`${folder.local}/`))
      return output ? `${output.farm}/${path.slice(output.local.length + 1)}` : undefined
    },
    placeOf(path, directory) {
      if (slashed(path).split('/').includes('..')) return undefined
      const own = outputs.find(({ farm }) => isInside(path, farm))
      if (own) return own.local + restOf(path, own.farm)
      if (directory === undefined || !isInside(path, directory)) return undefined
      const same = outputs.find(({ farm }) => lastPart(farm) === lastPart(directory))
      return same && same.local + restOf(path, directory)
    },
  }
}

function isInside(path: string, folder: string): boolean {
  return slashed(path).startsWith(`${slashed(folder)}/`)
}

function restOf(path: string, folder: string): string {
  return slashed(path).slice(folder.length)
}

function lastPart(path: string): string | undefined {
  return slashed(path).split('/').at(-1)
}

function slashed(path: string): string {
  return path.replaceAll('\\', '/')
}

function mapValue(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === 'string') return map(value)
  return Array.isArray(value) ? value.map((item) => mapValue(item, map)) : value
}

/** The folders that the known commands read frames from and write to. */
function outputFolders(commands: readonly Command[]): string[] {
  const folders = commands.flatMap(({ name, parameters }) => {
    if (name === 'blender-render') return renderOutputs(parameters.args)
    if (name === 'frames-to-video') return [parameters.inputGlob, parameters.outputFile]
    return []
  })
  const names = folders.filter((path) => typeof path === 'string').map(folderOf)
  return [...new Set(names)].filter((name) => name !== '')
}

function renderOutputs(args: unknown): unknown[] {
  if (!Array.isArray(args)) return []
  return args.filter((_, i) => args[i - 1] === '--render-output' || args[i - 1] === '-o')
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\'), 0))
}
