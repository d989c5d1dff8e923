import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { UserError } from '@shaman-farm/terminal'

/**
 * What Blender lists for a scene, to be compared with what is traced: `{"paths": ["/show/tex/a.png", ...]}`, or the
 * array alone, absolute paths in a file or on standard input (`-`).
 */
export async function readListing(file: string): Promise<string[]> {
  const json = file === '-' ? await text(process.stdin) : await readFile(file, 'utf8')
  const paths = pathsOf(parse(json))
  if (paths) return paths.filter((path) => path !== '')
  const source = file === '-' ? 'Standard input' : file
  throw new UserError(`${source} holds no listing of paths`, {
    code: 'BAD_LISTING',
    hint: 'It looks like {"paths": ["/show/tex/a.png"]}.',
  })
}

function pathsOf(listing: unknown): string[] | undefined {
  const paths = Array.isArray(listing) ? listing : (listing as { paths?: unknown } | null)?.paths
  const isList = Array.isArray(paths) && paths.every((path) => typeof path === 'string')
  return isList ? (paths as string[]) : undefined
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}
