// The process that decodes images. It ends with the worker, whose end of the channel closes.
import { decodeAll, makePreview } from './decode.ts'
import type { DecoderAnswer, DecoderRequest } from './decoder.ts'

process.on('disconnect', () => process.exit())
process.on('message', (request: DecoderRequest) => void answer(request))

async function answer({ id, question }: DecoderRequest): Promise<void> {
  let reply: DecoderAnswer
  try {
    const value =
      question.kind === 'damage'
        ? await decodeAll(question.file)
        : await makePreview(question.file, question.size)
    reply = { id, value }
  } catch (error) {
    reply = { id, error: (error as Error).message }
  }
  // The worker may be gone by now.
  if (process.connected) process.send?.(reply, () => {})
}
