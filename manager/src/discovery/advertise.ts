import type { EventEmitter } from 'node:events'
import { Bonjour } from 'bonjour-service'
import ssdp from 'node-ssdp'
import type { Logger } from 'pino'

/** Every Flamenco manager calls itself so, and its workers look for exactly this. */
export const deviceId = 'aa80bc5f-d0af-46b8-8630-23bd7e80ec4d'
export const serviceTypes = { ssdp: 'urn:flamenco:manager:0', mdns: 'shaman-farm' } as const

export interface AdvertiseOptions {
  urls: readonly string[]
  name: string
  log: Logger
  types?: { ssdp: string; mdns: string }
}

/**
 * Lets workers find the manager: by SSDP as Flamenco's do, and by mDNS. A network that allows neither costs nothing but
 * the comfort, so failures are only logged.
 */
export function advertise(options: AdvertiseOptions): () => Promise<void> {
  const stops = [advertiseSsdp, advertiseMdns].map((start) => {
    try {
      return start({ types: serviceTypes, ...options })
    } catch (error) {
      options.log.warn({ err: error }, 'not advertised')
      return async () => {}
    }
  })
  return async () => {
    await Promise.all(stops.map((stop) => stop()))
  }
}

type Starter = Required<AdvertiseOptions>

function advertiseSsdp({ urls, types, log }: Starter): () => Promise<void> {
  const servers = urls.map((url) => {
    const server = new ssdp.Server({
      location: `${url}/upnp/description.xml`,
      udn: `uuid:${deviceId}`,
      ttl: 3600,
      adInterval: 1_200_000,
    })
    const emitter: EventEmitter = server
    emitter.on('error', (error: unknown) => log.debug({ err: error }, 'ssdp failed'))
    server.addUSN(types.ssdp)
    Promise.resolve(server.start()).catch((error: unknown) =>
      log.warn({ err: error }, 'no ssdp on this network'),
    )
    return server
  })
  return async () => {
    for (const server of servers) server.stop()
  }
}

function advertiseMdns({ urls, types, name, log }: Starter): () => Promise<void> {
  const port = Number(URL.parse(urls[0] ?? '')?.port)
  if (!port) return async () => {}
  const bonjour = new Bonjour({}, (error: unknown) => log.warn({ err: error }, 'no mdns here'))
  const service = bonjour.publish({ name: `${name} ${port}`, type: types.mdns, port })
  service.on('error', (error: unknown) => log.debug({ err: error }, 'mdns failed'))
  return () =>
    new Promise((resolve) => {
      // Saying goodbye needs the network; stopping must not depend on it.
      const timer = setTimeout(resolve, 500)
      bonjour.unpublishAll(() => {
        clearTimeout(timer)
        bonjour.destroy()
        resolve()
      })
    })
}

/** What the advertisement points at. */
export function description(name: string, url: string): string {
  return `<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0">
  <specVersion><major>1</major><minor>1</minor></specVersion>
  <device>
    <deviceType>${serviceTypes.ssdp}</deviceType>
    <friendlyName>${escapeXml(name)}</friendlyName>
    <manufacturer>Shaman Farm</manufacturer>
    <modelName>Shaman Farm manager</modelName>
    <UDN>uuid:${deviceId}</UDN>
    <presentationURL>${escapeXml(url)}</presentationURL>
  </device>
</root>
`
}

function escapeXml(text: string): string {
  return text.replace(/[<>&"']/g, (char) => `&#${char.charCodeAt(0)};`)
}
