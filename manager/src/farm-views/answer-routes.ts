import { acknowledge, attentionItems } from '../attention/attention.ts'
import { needJob } from '../http/lookup.ts'
import { type Handlers, noContent, ok } from '../http/route.ts'
import { FarmError } from '../problems.ts'
import type { Services } from '../services.ts'
import { jobFrames } from './frames.ts'
import { healthOf } from './health.ts'
import { jobOutputs } from './outputs.ts'
import { whyOf } from './why.ts'

export function answerHandlers(services: Services): Handlers {
  const { farm, variables, lastRendered } = services
  return {
    farmJobFrames({ params }) {
      const job = needJob(farm, params.job_id)
      return ok({ ...jobFrames(farm, job), thumbnails: lastRendered.frameThumbnails(job) })
    },
    farmJobWhy: ({ params }) => ok(whyOf(farm, needJob(farm, params.job_id))),
    farmJobOutputs: ({ params }) => ok(jobOutputs(farm, needJob(farm, params.job_id), variables)),
    farmAttention: async () => ok({ items: await attentionItems(services) }),
    async farmAcknowledgeAttention({ params }) {
      const items = await attentionItems(services)
      if (!items.some(({ id }) => id === params.item_id)) {
        throw new FarmError('ATTENTION_UNKNOWN', 'That is no longer the case')
      }
      acknowledge(farm, params.item_id)
      return noContent
    },
    async farmHealth() {
      const body = await healthOf(services)
      return body.status === 'ok' ? ok(body) : { status: 503, body }
    },
  }
}
