import { createReadStream, createWriteStream, existsSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { bundleTool, type ToolFile, type ToolOffer } from '../../../addon/pack-tool.ts'
import { runtimePath } from './launchers.ts'
import { nodeBinary, type Platform } from './platforms.ts'
import type { Runtime } from './runtime.ts'
import { type Entry, sha256Of, sizeOf, text } from './tree.ts'

const toolDir = 'app/node_modules/@shaman-farm/addon/dist/pack-tool'

export interface ToolParts {
  version: string
  licences: string
  runtimes: readonly { platform: Platform; runtime: Runtime }[]
  /** The platform of the release around it: its Node is there already. */
  home: Platform
  scratch: string
}

/**
 * The pack tool of several platforms, to lie in one release: an index of offers, and files by digest. Node binaries
 * are compressed, being most of the weight; that of the release's own platform is not stored twice.
 */
export async function packToolEntries(parts: ToolParts): Promise<Entry[]> {
  const scripts = [...(await bundleTool())].map(
    ([path, bytes]): Entry => ({ path, from: { bytes } }),
  )
  scripts.push({ path: 'LICENSES.txt', from: text(parts.licences) })
  const files = await Promise.all(scripts.map(describe))
  const entries = scripts.map(
    ({ from }, i): Entry => ({ path: `${toolDir}/files/${files[i]!.sha}`, from }),
  )
  // An artist's machine keeps each tool in a folder of its version: other bytes, other folder.
  const mark = await sha256Of({ from: text(JSON.stringify(files)) })
  const version = `${parts.version}-${mark.slice(0, 12)}`
  const index: Record<string, ToolOffer & { own?: string }> = {}
  for (const { platform, runtime } of parts.runtimes) {
    const name = nodeBinary(platform)
    const node = await describe({ path: name, from: { file: runtime.binary } })
    const isHome = platform === parts.home
    index[platform.toolName] = {
      version,
      files: [{ ...node, executable: true }, ...files],
      command: [name, 'pack.mjs'],
      ...(isHome ? { own: `${toolDir.replace(/[^/]+/g, '..')}/${runtimePath(platform)}` } : {}),
    }
    if (isHome) continue
    const packed = await gzipped(runtime.binary, join(parts.scratch, `${platform.name}.node.gz`))
    entries.push({ path: `${toolDir}/files/${node.sha}.gz`, from: { file: packed } })
  }
  const listing = `${JSON.stringify(index, undefined, 2)}\n`
  return [...entries, { path: `${toolDir}/index.json`, from: text(listing) }]
}

async function describe(entry: Entry): Promise<ToolFile> {
  return { name: entry.path, sha: await sha256Of(entry), size: sizeOf(entry) }
}

async function gzipped(file: string, target: string): Promise<string> {
  if (existsSync(target)) return target
  const temporary = `${target}.part`
  await pipeline(createReadStream(file), createGzip({ level: 9 }), createWriteStream(temporary))
  await rename(temporary, target)
  return target
}
