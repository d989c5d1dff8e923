import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os'

/** The URLs others can reach this manager by; those that only this machine understands come last. */
export function ownUrls(
  host: string,
  port: number,
  interfaces: NodeJS.Dict<NetworkInterfaceInfo[]> = networkInterfaces(),
): string[] {
  if (!['', '::', '0.0.0.0'].includes(host)) return [urlOf(host, port)]
  const all = Object.values(interfaces).flatMap((addresses) => addresses ?? [])
  const usable = all.filter((address) => !isLinkLocal(address))
  const distant = usable.filter(({ internal }) => !internal)
  const near = all.filter(({ internal, family }) => internal && family === 'IPv4')
  const chosen = distant.length > 0 ? distant : near
  return chosen
    .toSorted((a, b) => a.family.localeCompare(b.family))
    .map(({ address }) => urlOf(address, port))
}

function isLinkLocal({ address }: NetworkInterfaceInfo): boolean {
  return address.startsWith('fe80:') || address.startsWith('169.254.')
}

function urlOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}
