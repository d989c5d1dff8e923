import { Type } from 'typebox'
import { DateTime, Uuid } from './common.ts'

/** What people may want to be told when they are not looking. */
export const notificationKinds = ['job-completed', 'job-failed', 'worker-gone'] as const
export type NotificationKind = (typeof notificationKinds)[number]

export const Notification = Type.Object({
  id: Type.Integer({ description: 'grows; what to ask for the next ones with' }),
  at: DateTime,
  kind: Type.Enum(notificationKinds),
  title: Type.String({ description: 'one line for a person' }),
  detail: Type.String(),
  job_id: Type.Optional(Uuid),
  worker_id: Type.Optional(Uuid),
})
export type Notification = Type.Static<typeof Notification>

export const NotificationsQuery = Type.Object({
  after: Type.Optional(
    Type.Integer({ minimum: 0, description: 'only later ones, oldest first; else the latest' }),
  ),
  limit: Type.Integer({ minimum: 1, maximum: 1000, default: 100 }),
})

export const WebhookState = Type.Object({
  name: Type.String(),
  waiting: Type.Integer({ description: 'notifications that it has not taken yet' }),
  failures: Type.Integer({ description: 'in a row' }),
  problem: Type.Optional(Type.String()),
  next_attempt: Type.Optional(DateTime),
})
export type WebhookState = Type.Static<typeof WebhookState>

export const Notifications = Type.Object({
  notifications: Type.Array(Notification),
  last_id: Type.Integer({ description: 'of the newest there is' }),
  webhooks: Type.Array(WebhookState),
})
export type Notifications = Type.Static<typeof Notifications>
