import { Bonjour } from 'bonjour-service'
import ssdp from 'node-ssdp'
import type { Logger } from 'pino'
import { pause } from '../backoff.ts'

/** What managers announce themselves as: Flamenco's way, and multicast DNS. */
export const serviceTypes = { ssdp: 'urn:flamenco:manager:0', mdns: 'shaman-farm' } as const

export interface FindOptions {
  log: Logger
  timeoutMs: number
  signal?: AbortSignal
  /** Between two calls into the network. */
  everyMs?: number
  types?: { ssdp: string; mdns: string }
}

/** Calls into the local network until a manager answers. Undefined when none did in time. */
export async function findManager(options: FindOptions): Promise<string | undefined> {
  const { log, everyMs = 1_000, types = serviceTypes } = options
  const over = AbortSignal.any([
    AbortSignal.timeout(options.timeoutMs),
    ...(options.signal ? [options.signal] : []),
  ])
  const heard = new Set<string>()
  const listeners = [listenSsdp(types.ssdp, heard, log), listenMdns(types.mdns, heard, log)]
  try {
    while (!over.aborted) {
      for (const listener of listeners) listener.call()
      await pause(everyMs, over)
      const alive = await Promise.all([...heard].map(isManager))
      const found = [...heard].find((_, i) => alive[i])
      if (found !== undefined) return found
      // Those that did not answer may only be starting: they are heard again.
      heard.clear()
    }
    return undefined
  } finally {
    for (const listener of listeners) listener.stop()
  }
}

interface Listener {
  call(): void
  stop(): void
}

function listenSsdp(type: string, heard: Set<string>, log: Logger): Listener {
  // Bound to each of the machine's addresses, a call goes out of each of its networks, and needs no default route.
  const client = new ssdp.Client({ explicitSocketBind: true })
  client.on('response', ({ LOCATION, ST }) => {
    if (ST === type && typeof LOCATION === 'string') addRoot(heard, LOCATION)
  })
  return {
    call() {
      // A machine without a network has nowhere to call into.
      Promise.resolve(client.search(type)).catch((error: unknown) => {
        log.debug({ err: error }, 'no ssdp here')
      })
    },
    stop: () => client.stop(),
  }
}

function listenMdns(type: string, heard: Set<string>, log: Logger): Listener {
  const bonjour = new Bonjour({}, (error: unknown) => log.debug({ err: error }, 'no mdns here'))
  const browser = bonjour.find({ type }, ({ port, addresses = [] }) => {
    for (const address of addresses.filter((one) => !one.includes(':'))) {
      addRoot(heard, `http://${address}:${port}`)
    }
  })
  return {
    call: () => browser.update(),
    stop() {
      browser.stop()
      bonjour.destroy()
    },
  }
}

function addRoot(heard: Set<string>, location: string): void {
  if (!URL.canParse(location)) return
  const { protocol, origin } = new URL(location)
  if (protocol === 'http:' || protocol === 'https:') heard.add(origin)
}

/** Anybody may announce anything: only what answers like a manager is one. */
async function isManager(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/api/v3/version`, { signal: AbortSignal.timeout(2_000) })
    const body = (await response.json()) as { shortversion?: unknown }
    return response.ok && typeof body.shortversion === 'string'
  } catch {
    return false
  }
}
