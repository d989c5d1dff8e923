import type { FarmEvent } from '@shaman-farm/manager-api'
import { connect, type MqttClient } from 'mqtt'
import type { Logger } from 'pino'
import type { RawConfig } from '../config/schema.ts'
import type { EventBus } from './bus.ts'

// What happens while the broker is away is soon stale; a few messages bridge a hiccup.
const maxWaiting = 10
const closeMs = 1_000

/** Publishes events with Flamenco's topics, below the configured prefix. Logs are never sent. */
export function publishToMqtt(
  bus: EventBus,
  settings: RawConfig['mqtt']['client'],
  log: Logger,
): () => Promise<void> {
  const client = connect(settings.broker.replace(/^tcp:/, 'mqtt:'), {
    // The older protocol is spoken by every broker, the newer one not yet by all.
    protocolVersion: 4,
    clientId: settings.clientID,
    keepalive: 30,
    reconnectPeriod: 10_000,
    connectTimeout: 10_000,
    ...(settings.username ? { username: settings.username, password: settings.password } : {}),
  })
  client.on('connect', () => log.info({ broker: settings.broker }, 'mqtt connected'))
  client.on('error', (error) => log.warn({ err: error, broker: settings.broker }, 'mqtt failed'))
  const send = sender(client, log)
  const unsubscribe = bus.subscribe(({ event }) => {
    for (const topic of topicsOf(event)) send(`${settings.topic_prefix}${topic}`, event.data)
  })
  return async () => {
    unsubscribe()
    // A broker that does not answer must not keep the manager from stopping.
    const timer = setTimeout(() => client.end(true), closeMs)
    await client.endAsync(!client.connected)
    clearTimeout(timer)
  }
}

export function topicsOf({ kind, data }: FarmEvent): string[] {
  switch (kind) {
    case 'job':
      return ['/jobs']
    case 'task':
      return [`/jobs/${data.job_id}`]
    case 'last-rendered':
      return [`/jobs/${data.job_id}/last-rendered`, '/last-rendered']
    case 'worker':
      return ['/workers']
    case 'tag':
      return ['/workertags']
    case 'status':
      return ['/status']
    case 'lifecycle':
      return ['/lifecycle']
    case 'tasklog':
    case 'reset':
      return []
  }
}

function sender(client: MqttClient, log: Logger): (topic: string, data: unknown) => void {
  let waiting = 0
  return (topic, data) => {
    if (!client.connected && waiting >= maxWaiting) return
    waiting += 1
    client.publish(topic, JSON.stringify(data), { qos: 1 }, (error) => {
      waiting -= 1
      if (error) log.debug({ err: error, topic }, 'mqtt message lost')
    })
  }
}
