import { createHmac } from 'node:crypto'
import { type Notification, notificationKinds } from '@shaman-farm/manager-api'
import { dateTime } from '../db/times.ts'
import type { Farm } from '../farm.ts'
import type { NotificationRecord } from './notifications-store.ts'

export interface WebhookSettings {
  url: string
  secret?: string
  kinds?: readonly string[]
}

export interface Webhooks {
  /** Sends what waits and is due; resolves when nothing is on its way any more. */
  send(): Promise<void>
  close(): Promise<void>
}

const answerMs = 10_000
const lookMs = 5_000
const firstRetryMs = 5_000
const longestRetryMs = 15 * 60_000
const giveUpMs = 24 * 3_600_000

/**
 * Tells each webhook every notification, in order, until it is taken: at least once, also across a restart. One that
 * was refused for a day is passed over, so that a service that changed its mind gets the later ones.
 */
export function sendWebhooks(farm: Farm): Webhooks {
  const closing = new AbortController()
  const running = new Map<string, Promise<void>>()
  const wanted = new Set<string>()

  const sendAll = async (name: string): Promise<void> => {
    while (!closing.signal.aborted) {
      const settings = settingsOf(farm)[name]
      const state = farm.notifications.hook(name)
      if (!settings || !state || state.next_at > farm.now()) return
      const notice = farm.notifications.next(state.last_id, kindsOf(settings))
      if (!notice) return
      const problem = await deliver(farm, settings, notice, closing.signal)
      if (closing.signal.aborted) return
      if (problem !== undefined && !isHopeless(state.failing_since, farm.now())) {
        noteFailure(farm, name, state.failures, problem)
        return
      }
      if (problem !== undefined) farm.log.warn({ webhook: name, id: notice.id }, 'webhook skipped')
      farm.transaction(() => farm.notifications.passed(name, notice.id))
    }
  }
  // What comes while the last look is being taken is looked for once more.
  const sendWhileWanted = async (name: string): Promise<void> => {
    while (wanted.delete(name)) await sendAll(name)
  }
  const start = (): void => {
    for (const name of Object.keys(settingsOf(farm))) {
      wanted.add(name)
      if (running.has(name)) continue
      const sending = sendWhileWanted(name)
        .catch((error: unknown) => farm.log.error({ err: error, webhook: name }, 'webhook failed'))
        .finally(() => running.delete(name))
      running.set(name, sending)
    }
  }
  const keep = (): void => {
    farm.transaction(() => farm.notifications.keepHooks(Object.keys(settingsOf(farm))))
    start()
  }
  keep()
  const timer = setInterval(start, lookMs)
  timer.unref()
  const stops = [farm.signals.on('notification', start), farm.config.onChange(keep)]
  return {
    async send() {
      start()
      while (running.size > 0) await Promise.all(running.values())
    },
    async close() {
      closing.abort()
      clearInterval(timer)
      for (const stop of stops) stop()
      await Promise.all(running.values())
    },
  }
}

export function settingsOf(farm: Farm): Readonly<Record<string, WebhookSettings>> {
  return farm.config.current.raw.webhooks
}

export function kindsOf({ kinds }: WebhookSettings): readonly string[] {
  return kinds && kinds.length > 0 ? kinds : notificationKinds
}

/** A notification as clients get it. */
export function notificationView(notice: NotificationRecord): Notification {
  const { id, at, kind, title, detail, job_uuid, worker_uuid } = notice
  return {
    id,
    at: dateTime(at),
    kind,
    title,
    detail,
    ...(job_uuid === null ? {} : { job_id: job_uuid }),
    ...(worker_uuid === null ? {} : { worker_id: worker_uuid }),
  }
}

/** `t` is when it was signed, in seconds, so that an old request cannot be sent again: `t=1767614400,v1=<hex>`. */
export function signatureOf(secret: string, body: string, now: number): string {
  const t = Math.floor(now / 1_000)
  return `t=${t},v1=${createHmac('sha256', secret).update(`${t}.${body}`).digest('hex')}`
}

/** What went wrong, or undefined when it was taken. */
async function deliver(
  farm: Farm,
  { url, secret }: WebhookSettings,
  notice: NotificationRecord,
  closing: AbortSignal,
): Promise<string | undefined> {
  const body = JSON.stringify({
    farm: farm.config.current.raw.manager_name,
    ...notificationView(notice),
  })
  try {
    const response = await fetch(url, {
      method: 'POST',
      redirect: 'error',
      headers: {
        'content-type': 'application/json',
        'x-farm-delivery': String(notice.id),
        ...(secret ? { 'x-farm-signature': signatureOf(secret, body, farm.now()) } : {}),
      },
      body,
      signal: AbortSignal.any([closing, AbortSignal.timeout(answerMs)]),
    })
    await response.body?.cancel()
    return response.ok ? undefined : `answered ${response.status}`
  } catch (error) {
    const { message, cause } = error as Error
    return cause instanceof Error ? cause.message || message : message
  }
}

function isHopeless(since: number | null, now: number): boolean {
  return since !== null && now - since >= giveUpMs
}

function noteFailure(farm: Farm, name: string, failures: number, problem: string): void {
  const now = farm.now()
  const waitMs = Math.min(firstRetryMs * 2 ** Math.min(failures, 20), longestRetryMs)
  farm.transaction(() => farm.notifications.missed(name, { problem, now, next: now + waitMs }))
  farm.log.warn({ webhook: name, problem, again: dateTime(now + waitMs) }, 'webhook not taken')
}
