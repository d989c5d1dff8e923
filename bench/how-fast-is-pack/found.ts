import { readFile, stat } from 'node:fs/promises'
import { join, normalize } from 'node:path'
import { tracePack } from '@shaman-farm/pack'
import { execa } from 'execa'
import type { Figure } from '../harness/question.ts'
import type { Bat } from './corpus.ts'

/** What others find in a file, and which of it pack does not. */
interface Compared {
  listed: number
  lost: string[]
}

// Of the test set: BAT takes what its pattern of a tiled image matches, also where Blender knows no such tile.
const neverRead = /\/udim\/t\/col\.(0999|preview)\.png$/

/** Against what Blender says of the files that it wrote itself for the corpus in this folder. */
export async function foundOfBlender(workDir: string): Promise<Figure> {
  const oracle = JSON.parse(
    await readFile(join(workDir, 'generated', 'oracle.json'), 'utf8'),
  ) as Record<string, string[]>
  const compared = await Promise.all(
    Object.entries(oracle).map(([blend, paths]) => compare(blend, paths)),
  )
  return figureOf('dependencies found of those that Blender itself lists', compared)
}

/** Against what Blender Asset Tracer says of every file. */
export async function foundOfBat(bat: Bat, files: readonly string[]): Promise<Figure> {
  const compared: Compared[] = []
  for (const file of files) {
    const { stdout } = await execa(bat.command, [...bat.args, file], { reject: false })
    const paths = stdout.split('\n').filter((line) => line.startsWith('    '))
    compared.push(
      await compare(
        file,
        paths.map((line) => line.trim()),
      ),
    )
  }
  return figureOf('dependencies found of those that BAT finds', compared)
}

async function compare(blend: string, paths: readonly string[]): Promise<Compared> {
  const trace = await tracePack({ blend, all: true })
  const found = new Set(trace.files.map(({ path }) => path))
  for (const { references } of trace.blends) {
    for (const { target } of references) found.add(target ?? '')
  }
  const real: string[] = []
  for (const path of paths.map((each) => normalize(each))) {
    if ((await isFile(path)) && !neverRead.test(path)) real.push(path)
  }
  return { listed: real.length, lost: real.filter((path) => !found.has(path)) }
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false
}

function figureOf(name: string, compared: readonly Compared[]): Figure {
  const listed = compared.reduce((sum, one) => sum + one.listed, 0)
  const lost = compared.flatMap((one) => one.lost)
  return {
    name,
    value: (100 * (listed - lost.length)) / listed,
    unit: '%',
    target: '100',
    met: lost.length === 0,
    baseline: `${listed} files`,
    cause: `Not found: ${lost.slice(0, 5).join(', ')}`,
  }
}
