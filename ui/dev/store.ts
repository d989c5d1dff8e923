import { createHash } from 'node:crypto'

interface StoredFile {
  path: string
  sha: string
  size: number
  bytes: Uint8Array<ArrayBuffer>
}

/** Stores a made-up project through Shaman's API and makes its checkout; answers the checkout's path. */
export async function storeProject(
  url: string,
  name: string,
  project: { folder: string; shared: number; ownKb: number },
): Promise<string> {
  const files = [
    fileOf(`${name}.blend`, madeUp(name, project.ownKb * 1000)),
    ...Array.from({ length: project.shared }, (_, index) =>
      fileOf(`textures/wood_${index}.png`, madeUp(`wood ${index}`, 120_000 + index * 40_000)),
    ),
  ]
  for (const file of files) {
    await expectOk(
      await fetch(`${url}/api/v3/shaman/files/${file.sha}/${file.size}`, {
        method: 'POST',
        body: file.bytes,
        headers: { 'Content-Type': 'application/octet-stream' },
        signal: AbortSignal.timeout(30_000),
      }),
    )
  }
  const specs = files.map(({ path, sha, size }) => ({ path, sha, size }))
  const answer = await expectOk(
    await fetch(`${url}/api/v3/shaman/checkout/create`, {
      method: 'POST',
      body: JSON.stringify({ files: specs, checkoutPath: `${project.folder}/${name}` }),
      headers: { 'Content-Type': 'application/json' },
      signal: AbortSignal.timeout(30_000),
    }),
  )
  return ((await answer.json()) as { checkoutPath: string }).checkoutPath
}

async function expectOk(response: Response): Promise<Response> {
  if (!response.ok) throw new Error(`${response.url}: ${response.status} ${await response.text()}`)
  return response
}

function fileOf(path: string, bytes: Uint8Array<ArrayBuffer>): StoredFile {
  const sha = createHash('sha256').update(bytes).digest('hex')
  return { path, sha, size: bytes.length, bytes }
}

/** Bytes that look like nothing, but are the same for the same name. */
function madeUp(name: string, size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size)
  let state = createHash('sha256').update(name).digest().readUInt32LE(0)
  for (let at = 0; at < size; at += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    bytes[at] = state >>> 24
  }
  return bytes
}
