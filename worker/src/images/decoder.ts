import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export type DecoderQuestion =
  | { kind: 'damage'; file: string }
  | { kind: 'preview'; file: string; size: { width: number; height: number } }

export interface DecoderRequest {
  id: number
  question: DecoderQuestion
}

export type DecoderAnswer = { id: number; value: unknown } | { id: number; error: string }

interface AnswerOf {
  damage: string | undefined
  preview: Uint8Array<ArrayBuffer>
}

const idleMs = 20_000
const slowMs = 120_000

/**
 * Images are decoded in a process of their own: a picture that crashes the decoder costs that picture, and the memory
 * of a large one goes back to the machine. It is started when needed and ends when nothing is asked for a while.
 */
export async function askDecoder<Q extends DecoderQuestion>(
  question: Q,
): Promise<AnswerOf[Q['kind']]> {
  try {
    return (await ask(question)) as AnswerOf[Q['kind']]
  } catch (error) {
    if (!(error instanceof DecoderGone)) throw error
  }
  // It may have been another one's picture; a second end is this one's.
  return (await ask(question)) as AnswerOf[Q['kind']]
}

class DecoderGone extends Error {
  override readonly name = 'DecoderGone'
}

interface Decoder {
  child: ChildProcess
  waiting: Map<number, PromiseWithResolvers<unknown>>
  idle: NodeJS.Timeout | undefined
}

let decoder: Decoder | undefined
let lastId = 0

async function ask(question: DecoderQuestion): Promise<unknown> {
  decoder ??= start()
  const { child, waiting } = decoder
  const id = ++lastId
  const answer = Promise.withResolvers<unknown>()
  waiting.set(id, answer)
  clearTimeout(decoder.idle)
  child.ref()
  child.channel?.ref()
  const tooSlow = setTimeout(() => child.kill('SIGKILL'), slowMs)
  child.send({ id, question } satisfies DecoderRequest, (error) => {
    if (error) answer.reject(new DecoderGone('the decoder is gone', { cause: error }))
  })
  try {
    return await answer.promise
  } finally {
    clearTimeout(tooSlow)
    waiting.delete(id)
  }
}

function start(): Decoder {
  const file = fileURLToPath(new URL('./decoder-process.ts', import.meta.url))
  const child = fork(file, {
    serialization: 'advanced',
    execArgv: ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=1'],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  const started: Decoder = { child, waiting: new Map(), idle: undefined }
  child.on('message', (message: DecoderAnswer) => {
    const answer = started.waiting.get(message.id)
    started.waiting.delete(message.id)
    if ('error' in message) answer?.reject(new Error(message.error))
    else answer?.resolve(message.value)
    if (started.waiting.size === 0) rest(started)
  })
  const gone = (): void => {
    if (decoder === started) decoder = undefined
    for (const answer of started.waiting.values()) {
      answer.reject(new DecoderGone('the decoder ended in the middle of a picture'))
    }
  }
  child.once('exit', gone)
  child.once('error', gone)
  return started
}

/** Nobody waits for a decoder that has nothing to do. */
function rest(resting: Decoder): void {
  resting.child.unref()
  resting.child.channel?.unref()
  resting.idle = setTimeout(() => {
    if (decoder === resting) decoder = undefined
    resting.child.disconnect()
  }, idleMs).unref()
}
