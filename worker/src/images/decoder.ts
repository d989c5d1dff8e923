import { fileURLToPath } from 'node:url'
import { createHelper, isHelperGone } from '../process/helper.ts'
import type { PreviewOptions } from './decode.ts'

export type DecoderQuestion =
  | { kind: 'damage'; file: string }
  | ({ kind: 'preview'; file: string } & PreviewOptions)

interface AnswerOf {
  damage: string | undefined
  preview: Uint8Array<ArrayBuffer>
}

const limitMs = 120_000
const decoder = createHelper(fileURLToPath(new URL('./decoder-process.ts', import.meta.url)))

/**
 * Images are decoded in a process of their own: a picture that crashes the decoder costs that picture, and the memory
 * of a large one goes back to the machine.
 */
export async function askDecoder<Q extends DecoderQuestion>(
  question: Q,
): Promise<AnswerOf[Q['kind']]> {
  const ask = (): Promise<unknown> => decoder.ask(question, { limitMs })
  const answer = await ask().catch((error: unknown) => {
    // It may have been another one's picture; a second end is this one's.
    if (isHelperGone(error)) return ask()
    throw error
  })
  return answer as AnswerOf[Q['kind']]
}
