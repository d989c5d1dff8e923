import type { Handlers } from '../http/route.ts'
import { notificationHandlers } from '../notifications/notification-routes.ts'
import { outputsHandlers } from '../outputs/outputs-routes.ts'
import type { Services } from '../services.ts'
import { answerHandlers } from './answer-routes.ts'
import { attemptHandlers } from './attempt-routes.ts'
import { careHandlers } from './care-routes.ts'
import { jobPageHandlers } from './job-page-routes.ts'
import { logHandlers } from './log-routes.ts'
import { workerPageHandlers } from './worker-page-routes.ts'

/** What is ours: pages, answers to "why", histories. */
export function farmHandlers(services: Services): Handlers {
  return {
    ...jobPageHandlers(services),
    ...attemptHandlers(services),
    ...logHandlers(services),
    ...answerHandlers(services),
    ...workerPageHandlers(services),
    ...careHandlers(services),
    ...outputsHandlers(services),
    ...notificationHandlers(services),
  }
}
