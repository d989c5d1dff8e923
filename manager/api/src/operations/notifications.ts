import { Notifications, NotificationsQuery } from '../schemas/notifications.ts'
import { operation, refusals } from './operation.ts'

export const notificationOperations = {
  farmNotifications: operation({
    tag: 'farm',
    method: 'GET',
    path: '/farm/notifications',
    summary: 'What happened that people want to hear of, and whether the webhooks took it',
    query: NotificationsQuery,
    responses: { 200: Notifications, ...refusals(400) },
  }),
} as const
