// The process that runs job type scripts. It holds no secret and is expendable: it ends itself rather than be in doubt.
import { createTaskGraph, readJobValues, readTask } from './authored.ts'
import { describeFailure, LimitReached } from './failures.ts'
import { patience } from './limits.ts'
import type { FromChild, ScriptFiles, ScriptMessage, ToChild } from './messages.ts'
import { type LoadedScript, withScript } from './sandbox.ts'
import { createWindow, inMessages, messagesUnderWay, type Window } from './task-messages.ts'

type Request = Exclude<ToChild, { kind: 'files' | 'taken' }>

const tasksAtOnce = 100
const watchIntervalMs = 10
let files: ScriptFiles = {}
let underWay: { id: number; window: Window } | undefined

// It has a session of its own, so that nothing else ends it with the manager.
process.on('disconnect', die)
process.on('message', (message: ToChild) => {
  if (message.kind === 'files') files = message.files
  else if (message.kind === 'taken') {
    if (underWay?.id === message.id) underWay.window.leave()
  } else void answer(message)
})
await send({ kind: 'ready' })

async function answer(request: Request): Promise<void> {
  const messages: ScriptMessage[] = []
  const watch = watchLimits(request, messages)
  try {
    const value = await run(request, messages)
    await send({ kind: 'done', id: request.id, value, messages, residentMib: residentMib() })
  } catch (error) {
    const failure = describeFailure(error, request)
    await send({ kind: 'failed', id: request.id, failure, messages })
  } finally {
    clearInterval(watch)
  }
}

function run(request: Request, messages: ScriptMessage[]): Promise<unknown> {
  const { script, limits } = request
  const deadline = Date.now() + allowedMs(request) * patience
  const options = { script, files, limits, deadline, messages }
  return withScript(options, async (loaded) => {
    const jobType: unknown = JSON.parse(await loaded.call('describe'))
    if (request.kind === 'describe') return jobType
    const job = JSON.parse(await loaded.call('compile', JSON.stringify(request.job))) as {
      settings: unknown
      metadata: unknown
      tasks: number
    }
    await passTasks(request, loaded, job.tasks, (waitedMs) => {
      options.deadline += waitedMs
    })
    return readJobValues(job)
  })
}

/** @param onWaited is told for how long the manager, not the script, was what took its time */
async function passTasks(
  request: Request,
  loaded: LoadedScript,
  count: number,
  onWaited: (ms: number) => void,
): Promise<void> {
  const { limits, id } = request
  if (count > limits.maxTasks) {
    throw new LimitReached('output', `${count} tasks of at most ${limits.maxTasks}`)
  }
  const graph = createTaskGraph()
  const window = createWindow(messagesUnderWay)
  underWay = { id, window }
  let bytes = 0
  for await (const text of takeInBatches(loaded, count)) {
    bytes += text.length
    if (bytes > limits.maxOutputBytes) {
      throw new LimitReached('output', `more than ${limits.maxOutputBytes} bytes of tasks`)
    }
    const batch = (JSON.parse(text) as unknown[]).map(readTask)
    for (const task of batch) graph.add(task)
    for (const tasks of inMessages(batch, text.length, limits)) {
      const waitsSince = Date.now()
      await window.enter()
      await send({ kind: 'tasks', id, tasks })
      onWaited(Date.now() - waitsSince)
    }
  }
  graph.check()
}

/** One batch ahead: the isolate's thread makes the next while this one checks and sends the last. */
async function* takeInBatches(loaded: LoadedScript, count: number): AsyncGenerator<string> {
  const take = (first: number): Promise<string> => {
    const taken = loaded.call('takeTasks', first, tasksAtOnce)
    taken.catch(() => undefined)
    return taken
  }
  let ahead = count > 0 ? take(0) : undefined
  for (let first = tasksAtOnce; ahead !== undefined; first += tasksAtOnce) {
    const text = await ahead
    ahead = first < count ? take(first) : undefined
    yield text
  }
}

/**
 * Native code can take memory faster than the isolate's limit notices, and the isolate knows only the clock, not how
 * much of the processor it got; in both cases the whole process goes.
 */
function watchLimits(request: Request, messages: ScriptMessage[]): NodeJS.Timeout {
  const before = process.cpuUsage()
  const reached = (): LimitReached | undefined => {
    if (residentMib() > request.limits.residentMib) return new LimitReached('memory')
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1e3 > allowedMs(request) ? new LimitReached('time') : undefined
  }
  const watch = setInterval(() => {
    const limit = reached()
    if (!limit) return
    clearInterval(watch)
    const failure = describeFailure(limit, request)
    process.send?.({ kind: 'failed', id: request.id, failure, messages }, die)
    setTimeout(die, watchIntervalMs)
  }, watchIntervalMs)
  return watch
}

function allowedMs({ kind, limits }: Request): number {
  return kind === 'describe' ? limits.describeMs : limits.compileMs
}

function residentMib(): number {
  return process.memoryUsage.rss() / 2 ** 20
}

function send(message: FromChild): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(message, (error: Error | null) => (error ? reject(error) : resolve()))
  })
}

/** Not process.exit: that waits for isolates, and one of them may never end. */
function die(): void {
  process.kill(process.pid, 'SIGKILL')
}
