import { dateTime } from '../db/times.ts'
import type { Farm } from '../farm.ts'
import { type Handlers, ok } from '../http/route.ts'
import type { Services } from '../services.ts'
import { kindsOf, notificationView, settingsOf } from './webhooks.ts'

export function notificationHandlers({ farm }: Services): Handlers {
  return {
    farmNotifications({ query: { after, limit } }) {
      const { notifications } = farm
      const found =
        after === undefined ? notifications.latest(limit) : notifications.after(after, limit)
      return ok({
        notifications: found.map(notificationView),
        last_id: notifications.lastId(),
        webhooks: webhookStates(farm),
      })
    },
  }
}

function webhookStates(farm: Farm) {
  return Object.entries(settingsOf(farm)).flatMap(([name, settings]) => {
    const state = farm.notifications.hook(name)
    if (!state) return []
    return [
      {
        name,
        waiting: farm.notifications.countAfter(state.last_id, kindsOf(settings)),
        failures: state.failures,
        ...(state.problem === null
          ? {}
          : { problem: state.problem, next_attempt: dateTime(state.next_at) }),
      },
    ]
  })
}
