import type { AuthoredCommand, AuthoredJob, AuthoredTask } from './messages.ts'

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const maxNameLength = 1000
const maxDepth = 20

/** A task as a script authored it, checked field by field; throws a TypeError that names what is wrong. */
export function readTask(value: unknown): AuthoredTask {
  const task = readObject(value, 'a task')
  const name = readName(task.name, "a task's name")
  const where = `task "${name}"`
  const uuid = String(task.uuid)
  if (!uuidPattern.test(uuid)) throw new TypeError(`${where} has an id author.Task never gave`)
  const commands = readArray(task.commands, `the commands of ${where}`)
  return {
    uuid,
    name,
    type: readName(task.type, `the task type of ${where}`),
    priority: readInteger(task.priority, `the priority of ${where}`, -1_000_000),
    commands: commands.map((command) => readCommand(command, where)),
    dependencies: readArray(task.dependencies, `the dependencies of ${where}`).map(String),
    ...readFrames(task, where),
  }
}

/** What a script left in job.settings and job.metadata. */
export function readJobValues(value: unknown): Pick<AuthoredJob, 'settings' | 'metadata'> {
  const job = readObject(value, 'the job')
  const metadata = readObject(job.metadata, 'job.metadata')
  return {
    settings: readParameters(job.settings, 'job.settings'),
    metadata: Object.fromEntries(
      Object.entries(metadata).map(([key, item]) => [
        key,
        typeof item === 'string' ? item : JSON.stringify(item),
      ]),
    ),
  }
}

function readCommand(value: unknown, where: string): AuthoredCommand {
  const command = readObject(value, `a command of ${where}`)
  const name = readName(command.name, `the name of a command of ${where}`)
  const parameters = readParameters(command.parameters, `the parameters of "${name}" of ${where}`)
  for (const limit of ['timeLimitMinutes', 'stallMinutes']) {
    checkMinutes(parameters[limit], `"${limit}" of "${name}" of ${where}`)
  }
  return {
    name,
    parameters,
    total_step_count: readInteger(command.total_step_count, `the steps of "${name}" of ${where}`),
  }
}

/** Said when the job is submitted, not when the first worker stumbles over it. */
function checkMinutes(value: unknown, what: string): void {
  if (value === undefined || value === null) return
  if (typeof value === 'number' && value >= 0) return
  throw new TypeError(`${what} is no number of minutes`)
}

/** As the script states them, else as a Blender command line asks for them. */
function readFrames(task: Record<string, unknown>, where: string): { frames?: string } {
  const { frames } = task
  if (frames === undefined) return framesOfCommands(task.commands as unknown[])
  if (typeof frames !== 'string' || !/^[\d,.\s-]{1,100000}$/.test(frames)) {
    throw new TypeError(`the frames of ${where} are no frame range`)
  }
  return { frames: frames.replace(/\s+/g, '').replaceAll('..', '-') }
}

/** Scripts written for Flamenco state no frames; their render tasks still have some. */
function framesOfCommands(commands: readonly unknown[]): { frames?: string } {
  const renders = commands.filter(
    (command) => (command as AuthoredCommand).name === 'blender-render',
  )
  if (renders.length !== 1) return {}
  const { args } = (renders[0] as AuthoredCommand).parameters
  if (!Array.isArray(args)) return {}
  const asked = args[args.findIndex((arg) => arg === '--render-frame' || arg === '-f') + 1]
  const frames = String(asked).replaceAll('..', '-')
  return /^\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*$/.test(frames) ? { frames } : {}
}

/** A script can get round the depth limit of its own world, and deep values overflow the stack of who handles them. */
function readParameters(value: unknown, what: string): Record<string, unknown> {
  const parameters = readObject(value, what)
  checkDepth(parameters, what, maxDepth)
  return parameters
}

function checkDepth(value: unknown, what: string, left: number): void {
  if (typeof value !== 'object' || value === null) return
  if (left === 0) throw new TypeError(`${what} are nested deeper than ${maxDepth}`)
  for (const item of Object.values(value)) checkDepth(item, what, left - 1)
}

function readObject(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>
  }
  throw new TypeError(`${what} is no object`)
}

function readArray(value: unknown, what: string): unknown[] {
  if (Array.isArray(value)) return value
  throw new TypeError(`${what} are no list`)
}

function readName(value: unknown, what: string): string {
  if (typeof value !== 'string' || value === '') throw new TypeError(`${what} is missing`)
  if (value.length > maxNameLength) throw new TypeError(`${what} is longer than ${maxNameLength}`)
  return value
}

function readInteger(value: unknown, what: string, min = 0): number {
  if (Number.isInteger(value) && (value as number) >= min && (value as number) <= 2 ** 31 - 1) {
    return value as number
  }
  throw new TypeError(`${what} is no whole number`)
}

interface Node {
  name: string
  dependencies: readonly string[]
}

/** The tasks' dependencies seen as a graph, batch by batch: unique ids, nothing outside the job, no circle. */
export function createTaskGraph(): { add(task: AuthoredTask): void; check(): void } {
  const nodes = new Map<string, Node>()
  return {
    add(task) {
      if (nodes.has(task.uuid)) throw new TypeError(`task "${task.name}" was added twice`)
      nodes.set(task.uuid, { name: task.name, dependencies: task.dependencies })
    },
    check() {
      for (const { name, dependencies } of nodes.values()) {
        if (dependencies.some((uuid) => !nodes.has(uuid))) {
          throw new TypeError(`task "${name}" depends on a task that was not added to the job`)
        }
      }
      const circle = findCircle(nodes)
      if (circle) throw new TypeError(`tasks wait for one another: ${circle.join(' → ')}`)
    },
  }
}

/** Kahn's algorithm: what is left when everything startable has run lies on a circle or behind one. */
function findCircle(nodes: ReadonlyMap<string, Node>): string[] | undefined {
  const waiting = new Map<string, number>()
  const dependants = new Map<string, string[]>()
  for (const [uuid, node] of nodes) {
    const dependencies = new Set(node.dependencies)
    waiting.set(uuid, dependencies.size)
    for (const dependency of dependencies) {
      const list = dependants.get(dependency)
      if (list) list.push(uuid)
      else dependants.set(dependency, [uuid])
    }
  }
  const startable = [...waiting].filter(([, count]) => count === 0).map(([uuid]) => uuid)
  for (let done = startable.pop(); done !== undefined; done = startable.pop()) {
    waiting.delete(done)
    for (const dependant of dependants.get(done) ?? []) {
      const left = waiting.get(dependant)! - 1
      waiting.set(dependant, left)
      if (left === 0) startable.push(dependant)
    }
  }
  return waiting.size === 0 ? undefined : walkCircle(nodes, waiting)
}

function walkCircle(nodes: ReadonlyMap<string, Node>, left: ReadonlyMap<string, number>): string[] {
  const path: string[] = []
  let uuid = left.keys().next().value!
  while (!path.includes(uuid) && path.length < 100) {
    path.push(uuid)
    uuid = nodes.get(uuid)!.dependencies.find((dependency) => left.has(dependency))!
  }
  const start = path.indexOf(uuid)
  return [...path.slice(Math.max(start, 0)), uuid].map((id) => nodes.get(id)!.name)
}
