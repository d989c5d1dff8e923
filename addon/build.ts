// Builds what a manager hands to Blender: the extension's zip, and the listing of an extension repository around it.
// The same sources give the same bytes, so that an unchanged add-on is no update.
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32, deflateRawSync } from 'node:zlib'
import { writeTool } from './pack-tool.ts'

const source = join(import.meta.dirname, 'shaman_farm')

/** Files for a static extension repository, by name. */
export interface AddonRelease {
  'shaman_farm.zip': Uint8Array
  'index.json': Uint8Array
}

/** The extension as Blender installs and updates it; `version` instead of the manifest's own. */
export function buildAddon({ version }: { version?: string } = {}): AddonRelease {
  const names = readdirSync(source).filter((name) => /\.(py|toml)$/.test(name))
  const files = names.sort().map((name) => ({ name, bytes: readFileSync(join(source, name)) }))
  const entry = files.find(({ name }) => name === 'blender_manifest.toml')!
  if (version) {
    const text = entry.bytes.toString().replace(/^version = .*$/m, `version = "${version}"`)
    entry.bytes = Buffer.from(text)
  }
  const manifest = parseManifest(entry.bytes.toString())
  const zip = makeZip(files)
  const listing = {
    version: 'v1',
    blocklist: [],
    data: [
      {
        ...manifest,
        archive_url: './shaman_farm.zip',
        archive_size: zip.length,
        archive_hash: `sha256:${createHash('sha256').update(zip).digest('hex')}`,
      },
    ],
  }
  return {
    'shaman_farm.zip': zip,
    'index.json': Buffer.from(`${JSON.stringify(listing, undefined, 2)}\n`),
  }
}

type ManifestValue = string | string[] | Record<string, string>

/** The part of TOML that an extension's manifest uses: texts, lists of texts, and tables of these. */
function parseManifest(text: string): Record<string, ManifestValue> {
  const manifest: Record<string, ManifestValue> = {}
  let table: string | undefined
  for (const line of text.split('\n')) {
    const head = /^\[(\w+)\]$/.exec(line.trim())
    const pair = /^(\w+)\s*=\s*(.+)$/.exec(line.trim())
    if (head) table = head[1]
    if (!pair) continue
    const value = JSON.parse(pair[2]!) as string | string[]
    if (table === undefined) manifest[pair[1]!] = value
    else if (table === 'permissions') {
      manifest.permissions = { ...(manifest.permissions as object), [pair[1]!]: String(value) }
    }
  }
  return manifest
}

interface ZipFile {
  name: string
  bytes: Uint8Array
}

// 1980-01-01 00:00, the earliest that a zip can say.
const dosTime = 0x0021_0000

function makeZip(files: readonly ZipFile[]): Uint8Array {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const { name, bytes } of files) {
    const packed = deflateRawSync(bytes, { level: 9 })
    const facts = zipFacts(name, bytes, packed.length)
    const head = Buffer.concat([uint32(0x04034b50), facts, uint16(0), Buffer.from(name)])
    directory.push(
      Buffer.concat([
        ...[uint32(0x02014b50), uint16(20), facts, uint16(0), uint16(0), uint16(0), uint16(0)],
        ...[uint32(0), uint32(offset), Buffer.from(name)],
      ]),
    )
    parts.push(head, packed)
    offset += head.length + packed.length
  }
  const index = Buffer.concat(directory)
  const count = uint16(files.length)
  return Buffer.concat([
    ...parts,
    index,
    ...[uint32(0x06054b50), uint16(0), uint16(0), count, count],
    ...[uint32(index.length), uint32(offset), uint16(0)],
  ])
}

/** What the head of a file and its entry in the directory share; names are UTF-8. */
function zipFacts(name: string, bytes: Uint8Array, packedLength: number): Buffer {
  return Buffer.concat([
    ...[uint16(20), uint16(0x0800), uint16(8), uint32(dosTime)],
    ...[uint32(crc32(bytes)), uint32(packedLength), uint32(bytes.length)],
    uint16(Buffer.byteLength(name)),
  ])
}

function uint16(value: number): Buffer {
  const buffer = Buffer.alloc(2)
  buffer.writeUInt16LE(value)
  return buffer
}

function uint32(value: number): Buffer {
  const buffer = Buffer.alloc(4)
  buffer.writeUInt32LE(value >>> 0)
  return buffer
}

/** Where the manager looks for what it hands out. */
export const distDir = join(import.meta.dirname, 'dist')

/** Writes the repository for a manager of this checkout. One that is running may read it meanwhile. */
export function writeAddon(): void {
  mkdirSync(distDir, { recursive: true })
  for (const [name, bytes] of Object.entries(buildAddon())) {
    const draft = join(distDir, `${name}.${process.pid}`)
    writeFileSync(draft, bytes)
    renameSync(draft, join(distDir, name))
  }
}

if (import.meta.main) {
  writeAddon()
  // This machine's own Node serves artists who have the same kind; a release brings the others.
  const system = process.platform === 'win32' ? 'win' : process.platform
  const { version } = JSON.parse(readFileSync(join(source, '../../package.json'), 'utf8'))
  await writeTool(join(distDir, 'pack-tool'), {
    version,
    nodes: { [`${system}-${process.arch}`]: process.execPath },
  })
}
