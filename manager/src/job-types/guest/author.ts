import { plainValue } from './plain.ts'

export class Command {
  name: string
  parameters: Record<string, unknown>
  totalStepCount: number

  constructor(name: string, parameters: Record<string, unknown>, totalStepCount: number) {
    this.name = name
    this.parameters = parameters
    this.totalStepCount = totalStepCount
  }
}

export class Task {
  uUID: string
  name: string
  type: string
  priority = 50
  frames: unknown = undefined
  commands: Command[] = []
  dependencies: Task[] = []

  constructor(uuid: string, name: string, type: string) {
    this.uUID = uuid
    this.name = name
    this.type = type
  }

  addCommand(command: Command): void {
    if (!(command instanceof Command)) {
      throw new TypeError(`task "${this.name}": addCommand takes what author.Command() returned`)
    }
    this.commands.push(command)
  }

  addDependency(task: Task): void {
    if (!(task instanceof Task)) {
      throw new TypeError(`task "${this.name}": addDependency takes what author.Task() returned`)
    }
    this.dependencies.push(task)
  }
}

/** The `author` object of the scripts; both members may be called with or without `new`. */
export function createAuthor(nextUuid: () => string): Record<string, unknown> {
  return {
    Task: function newTask(name: unknown, type: unknown): Task {
      const [taskName, taskType] = [trimmed(name), trimmed(type)]
      if (taskName === '') throw new Error('author.Task needs a name')
      if (taskType === '') throw new Error(`author.Task "${taskName}" needs a task type`)
      return new Task(nextUuid(), taskName, taskType)
    },
    Command: function newCommand(name: unknown, parameters: unknown, steps: unknown): Command {
      const commandName = trimmed(name)
      if (commandName === '') throw new Error('author.Command needs a name')
      const given = (parameters ?? {}) as Record<string, unknown>
      if (typeof given !== 'object' || Array.isArray(given)) {
        throw new TypeError(`author.Command "${commandName}" needs an object of parameters`)
      }
      return new Command(commandName, given, Math.trunc(Number(steps ?? 0)))
    },
  }
}

/** What crosses to the host, as plain JSON values; it is checked there once more. */
export function plainTask(task: Task): Record<string, unknown> {
  const where = `task "${task.name}"`
  return {
    uuid: task.uUID,
    name: String(task.name).trim(),
    type: String(task.type).trim(),
    priority: task.priority,
    ...(task.frames === undefined ? {} : { frames: String(task.frames) }),
    commands: task.commands.map((command) => ({
      name: command.name,
      parameters: plainValue(command.parameters, `${where}, command "${command.name}"`),
      total_step_count: command.totalStepCount,
    })),
    dependencies: task.dependencies.map((dependency) => dependency.uUID),
  }
}

function trimmed(value: unknown): string {
  return value === undefined || value === null ? '' : String(value).trim()
}
