import { serveWorker } from '../process/helper-side.ts'
import { decodeAll, makePreview } from './decode.ts'
import type { DecoderQuestion } from './decoder.ts'

serveWorker((question: DecoderQuestion) =>
  question.kind === 'damage' ? decodeAll(question.file) : makePreview(question.file, question),
)
