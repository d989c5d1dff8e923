import { hash } from 'node:crypto'
import {
  closeSync,
  createReadStream,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { layoutOf, newestLayout } from '@shaman-farm/shaman'
import type { UploadFile } from '@shaman-farm/shaman/client'
import { execa } from 'execa'
import { Agent, request } from 'undici'

/** Seconds of `action`. */
export async function seconds(action: () => unknown): Promise<number> {
  const started = performance.now()
  await action()
  return (performance.now() - started) / 1000
}

/** `cp -r`, then the file system told to keep it. */
export async function copyAndSync(from: string, to: string): Promise<void> {
  await execa('cp', ['-r', from, to])
  await execa('sync', ['-f', to])
}

export async function rsyncWithFsync(from: string, to: string): Promise<void> {
  await execa('rsync', ['-a', '--fsync', `${from}/`, to])
}

/** Flamenco's way of uploading: a POST a file, then the checkout. */
export async function postEach(
  url: string,
  files: readonly UploadFile[],
  options: { connections: number; checkout: string },
): Promise<void> {
  const agent = new Agent({ connections: options.connections })
  let next = 0
  const lane = async (): Promise<void> => {
    for (let file = files[next++]; file; file = files[next++]) await postOne(agent, url, file)
  }
  await Promise.all(Array.from({ length: options.connections }, lane))
  const spec = files.map(({ path, digest }) => ({ path, ...digest }))
  await request(`${url}/api/v3/shaman/checkout/create`, {
    dispatcher: agent,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ files: spec, checkoutPath: options.checkout }),
  }).then(({ body }) => body.dump())
  await agent.close()
}

async function postOne(agent: Agent, url: string, { digest, source }: UploadFile): Promise<void> {
  if (!('file' in source)) return
  const { statusCode, body } = await request(
    `${url}/api/v3/shaman/files/${digest.sha}/${digest.size}`,
    {
      dispatcher: agent,
      method: 'POST',
      headers: {
        'content-type': 'application/octet-stream',
        'content-length': String(digest.size),
      },
      body: createReadStream(source.file, { highWaterMark: 1 << 20 }),
    },
  )
  await body.dump()
  if (statusCode >= 300) throw new Error(`POST answered ${statusCode}`)
}

/** What any checkout must at least do: make the folders and the links. */
export function bareSymlinks(dir: string, root: string, files: readonly UploadFile[]): void {
  const { blob } = layoutOf(root, newestLayout)
  const made = new Set<string>()
  for (const { path, digest } of files) {
    const link = join(dir, path)
    const parent = dirname(link)
    if (!made.has(parent)) mkdirSync(parent, { recursive: true })
    made.add(parent)
    symlinkSync(relative(parent, blob(digest)), link)
  }
}

/** What any store of one file a blob must at least do for new files, without a network and one after another. */
export async function bareStore(root: string, files: readonly UploadFile[]): Promise<void> {
  const { blob } = layoutOf(root, newestLayout)
  const temp = join(root, 'unfinished')
  mkdirSync(root, { recursive: true })
  for (const { digest, source } of files) {
    if (!('file' in source)) continue
    const bytes = readFileSync(source.file)
    hash('sha256', bytes)
    writeFileSync(temp, bytes, { flag: 'wx' })
    mkdirSync(dirname(blob(digest)), { recursive: true })
    renameSync(temp, blob(digest))
  }
  bareSymlinks(join(root, 'jobs', 'bare'), root, files)
  await execa('sync', ['-f', root])
}

export function statEach(dir: string, paths: readonly string[]): void {
  for (const path of paths) lstatSync(join(dir, path))
}

/** Bytes a second of writing one file and waiting for the disk. */
export function diskSpeed(file: string, bytes: number): number {
  const piece = Buffer.alloc(8 << 20, 3)
  const started = performance.now()
  const fd = openSync(file, 'w')
  for (let at = 0; at < bytes; at += piece.length) writeSync(fd, piece)
  fsyncSync(fd)
  closeSync(fd)
  return (bytes * 1000) / (performance.now() - started)
}
