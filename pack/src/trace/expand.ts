import { basename, dirname, join } from 'node:path'
import { type Disk, spellingKey } from './disk.ts'
import { type FrameRange, type FrameUse, shownFrames, usableFrames } from './image-uses.ts'
import type { Expansion, PathReference } from './references.ts'

/** A file that a reference means; it need not exist. */
export interface ExpandedFile {
  readonly path: string
  /** For files that are missing in the middle of a sequence: the frames it stands for, `5-9`. */
  readonly frames?: string
}

const mostHoles = 1000
/** Also ends a symlink that leads back up. */
const deepestDirectory = 8

/** The files that a reference means, `path` being what its stored path resolves to. */
export function expand(reference: PathReference, path: string, disk: Disk): ExpandedFile[] {
  const { expansion } = reference
  switch (expansion.as) {
    case 'file':
      return [{ path }]
    case 'sequence':
      return expandSequence(path, expansion.uses, expansion.scene, disk)
    case 'tiles':
      return expandTiles(path, expansion.tiles, disk)
    case 'directory':
      return expandDirectory(path, expansion, disk)
  }
}

interface NumberedName {
  readonly head: string
  readonly tail: string
  readonly digits: number
  readonly frame: number
}

/** The last group of digits in a file's name is its frame. */
export function parseNumbered(name: string): NumberedName | undefined {
  const match = /^(.*?)(\d+)(\D*)$/s.exec(name)
  if (!match) return undefined
  const [, head, number, tail] = match as unknown as [string, string, string, string]
  return { head, tail, digits: number.length, frame: Number(number) }
}

/**
 * The frames that can be shown, or, if that is not known or none of them exists, all frames on disk. The file named is
 * always part of it.
 */
function expandSequence(
  path: string,
  uses: readonly FrameUse[] | undefined,
  scene: FrameRange | undefined,
  disk: Disk,
): ExpandedFile[] {
  const numbered = parseNumbered(basename(path))
  if (!numbered) return [{ path }]
  const onDisk = framesOnDisk(path, numbered, disk)
  const all = [...onDisk.keys()].sort((a, b) => a - b)
  const usable = uses && usableFrames(uses)
  const used = usable && all.filter((frame) => usable.some((r) => isWithin(frame, r)))
  const isKnown = used !== undefined && used.length > 0
  const files: ExpandedFile[] = (isKnown ? used : all).map((f) => ({ path: onDisk.get(f)! }))
  if (!files.some((file) => file.path === path) && (files.length === 0 || disk.find(path))) {
    files.unshift({ path })
  }
  if (!isKnown || !uses || !scene) return files
  const holes = shownFrames(uses, scene).flatMap((range) => holesIn(range, used))
  return [...files, ...holes.slice(0, mostHoles).map((hole) => gapEntry(path, numbered, hole))]
}

function isWithin(frame: number, { first, last }: FrameRange): boolean {
  return frame >= first && frame <= last
}

/** By number, each spelled like the file named, which need not be how the disk spells it. */
function framesOnDisk(path: string, numbered: NumberedName, disk: Disk): Map<number, string> {
  const dir = dirname(path)
  const frames = new Map<number, string>()
  for (const number of numbersIn(disk.names(dir)).get(aroundNumber(numbered)) ?? []) {
    if (!isFrameNumber(number, numbered.digits)) continue
    frames.set(Number(number), join(dir, `${numbered.head}${number}${numbered.tail}`))
  }
  return frames
}

/** By the listing of a folder, which is read once however many sequences are in it. */
const numbers = new WeakMap<readonly string[], Map<string, string[]>>()

/** The numbers of a folder's numbered names, by what is around them. */
function numbersIn(names: readonly string[]): Map<string, string[]> {
  const known = numbers.get(names)
  if (known) return known
  const found = new Map<string, string[]>()
  for (const name of names) {
    const numbered = parseNumbered(name)
    if (!numbered) continue
    const { head, digits } = numbered
    const number = name.slice(head.length, head.length + digits)
    const around = aroundNumber(numbered)
    const others = found.get(around)
    if (others) others.push(number)
    else found.set(around, [number])
  }
  numbers.set(names, found)
  return found
}

function aroundNumber({ head, tail }: NumberedName): string {
  return spellingKey(`${head}0${tail}`)
}

/** Padded to the same width; a number too large for it has no padding. */
function isFrameNumber(text: string, digits: number): boolean {
  if (!/^\d+$/.test(text)) return false
  return text.length === digits || (text.length > digits && !text.startsWith('0'))
}

/** The runs of frames in a range that are not among the sorted ones. */
function holesIn(range: FrameRange, sorted: readonly number[]): FrameRange[] {
  const holes: FrameRange[] = []
  let next = Math.max(range.first, 0)
  for (const frame of sorted) {
    if (!isWithin(frame, range)) continue
    if (frame > next) holes.push({ first: next, last: frame - 1 })
    next = frame + 1
  }
  if (next <= range.last) holes.push({ first: next, last: range.last })
  return holes
}

/** One entry for a run of frames that are not there, under the name of the first. */
function gapEntry(path: string, numbered: NumberedName, { first, last }: FrameRange): ExpandedFile {
  const name = `${numbered.head}${String(first).padStart(numbered.digits, '0')}${numbered.tail}`
  const frames = first === last ? `${first}` : `${first}-${last}`
  return { path: join(dirname(path), name), frames }
}

const tokens = /<UDIM>|<UVTILE>/

/** The tiles in the image's list; without a list, all that match. */
function expandTiles(path: string, tiles: readonly number[], disk: Disk): ExpandedFile[] {
  const name = basename(path)
  const pattern = tokens.test(name) ? name : legacyTilePattern(name)
  const listed = tiles.map((tile) => ({ path: join(dirname(path), tileName(pattern, tile)) }))
  if (listed.some((file) => disk.find(file.path))) return listed
  const found = tilesOnDisk(dirname(path), pattern, disk)
  return found.length > 0 ? found : listed.length > 0 ? listed : [{ path }]
}

/** Before 2.93 a tiled image named its first tile. */
function legacyTilePattern(name: string): string {
  return name.replace(/1001(?!.*1001)/s, '<UDIM>')
}

/** 1001 is u1_v1, 1002 u2_v1, 1011 u1_v2. */
function tileName(pattern: string, tile: number): string {
  const [u, v] = [(tile - 1001) % 10, Math.floor((tile - 1001) / 10)]
  return pattern.replace('<UDIM>', String(tile)).replace('<UVTILE>', `u${u + 1}_v${v + 1}`)
}

function tilesOnDisk(dir: string, pattern: string, disk: Disk): ExpandedFile[] {
  const token = tokens.exec(pattern)?.[0]
  if (token === undefined) return []
  const [head = '', tail = ''] = pattern
    .split(token, 2)
    .map((part) => RegExp.escape(spellingKey(part)))
  const tile = token === '<UDIM>' ? '[12]\\d{3}' : 'u\\d+_v\\d+'
  const matching = new RegExp(`^${head}(${tile})${tail}$`)
  return disk.names(dir).flatMap((name) => {
    const [, found] = matching.exec(spellingKey(name)) ?? []
    return found === undefined ? [] : [{ path: join(dir, pattern.replace(token, found)) }]
  })
}

function expandDirectory(
  root: string,
  { matching, descend }: Extract<Expansion, { as: 'directory' }>,
  disk: Disk,
): ExpandedFile[] {
  if (!disk.find(root)?.isDirectory) return [{ path: root }]
  const files: ExpandedFile[] = []
  const visit = (dir: string, inside: string, depth: number): void => {
    for (const name of disk.names(dir)) {
      const path = join(dir, name)
      const relative = inside === '' ? name : `${inside}/${name}`
      if (matching.test(relative) && disk.find(path)?.isFile) files.push({ path })
      else if (
        depth < deepestDirectory &&
        descend?.test(relative) &&
        disk.find(path)?.isDirectory
      ) {
        visit(path, relative, depth + 1)
      }
    }
  }
  visit(root, '', 0)
  return files
}
