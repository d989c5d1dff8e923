import { blockCode, isDataBlockCode } from '../blend/blocks.ts'
import { pointerReader } from '../blend/numbers.ts'
import { type BlendFile, BlendStruct, followPointer } from '../blend/reader.ts'
import type { WalkPlan } from './walk-plan.ts'

/** Finds what a data-block reaches within its file. Remembers what it has seen from call to call. */
export interface Walker {
  /** Visits these data-blocks and everything they lead to. */
  walk(file: BlendFile, dataBlocks: Iterable<number>): void
}

export interface WalkVisitor {
  /** A struct of one of the types asked for, with the data-block it belongs to. */
  onStruct(struct: BlendStruct, owner: number): void
  /** The placeholder of a data-block in a library. */
  onPlaceholder(block: number): void
}

export interface WalkOptions {
  readonly plan: WalkPlan
  readonly wants: (structName: string) => boolean
  /** Also data-blocks that only the user interface uses. */
  readonly all: boolean
}

const PLACEHOLDER = blockCode('ID')
const LIBRARY = blockCode('LI')

/** Data-blocks that no render looks at: windows, screens, workspaces, brushes and their palettes. */
const userInterface = new Set(['WM', 'SN', 'SR', 'WS', 'BR', 'PL', 'PC'].map(blockCode))

/** True for data-blocks that only the user interface uses. */
export function isUserInterface(code: number): boolean {
  return userInterface.has(code)
}

const chunkBytes = 4 * 1024 * 1024

export function createWalker(
  blockCount: number,
  options: WalkOptions,
  visitor: WalkVisitor,
): Walker {
  const seen = new Uint8Array(blockCount)
  const wanted = new Map<number, boolean>()

  const isWanted = (file: BlendFile, struct: number): boolean => {
    let answer = wanted.get(struct)
    if (answer === undefined) {
      answer = options.wants(file.dna.struct(struct)?.name ?? '')
      wanted.set(struct, answer)
    }
    return answer
  }

  const walk = (file: BlendFile, dataBlocks: Iterable<number>): void => {
    const { blocks } = file
    const pending: number[] = []
    /** Blocks that a `**` points to: to be read as pointers. */
    const pointerArrays: number[] = []

    const enter = (block: number, asPointers: boolean): void => {
      if (block < 0) return
      // A block may be met as bytes of any kind before a `**` says that it holds pointers.
      const bit = asPointers ? 2 : 1
      if ((seen[block]! & bit) !== 0) return
      const code = blocks.code[block]!
      if (code === LIBRARY) return
      if (!options.all && isUserInterface(code)) return
      seen[block]! |= bit
      if (code === PLACEHOLDER) visitor.onPlaceholder(block)
      else if (asPointers && !isDataBlockCode(code)) pointerArrays.push(block)
      else pending.push(block)
    }

    for (const block of dataBlocks) enter(block, false)
    for (;;) {
      const block = pending.pop()
      if (block !== undefined) {
        visitStructs(file, block, enter)
        continue
      }
      const array = pointerArrays.pop()
      if (array === undefined) break
      visitPointers(file, array, enter)
    }
  }

  const visitStructs = (
    file: BlendFile,
    block: number,
    enter: (block: number, asPointers: boolean) => void,
  ): void => {
    const { blocks } = file
    const struct = blocks.struct[block]!
    const plan = struct > 0 ? options.plan(struct) : undefined
    if (!plan || plan.size === 0) return
    const wantsThis = isWanted(file, struct)
    if (plan.offsets.length === 0 && !wantsThis) return
    const owner = blocks.owner[block]!
    const pointer = pointerReader(file.header)
    forEachElement(file, block, plan.size, (bytes, start, offset) => {
      if (wantsThis) {
        const type = file.dna.struct(struct)!
        const own = bytes.subarray(start, start + plan.size)
        visitor.onStruct(new BlendStruct(file, block, type, offset, own), owner)
      }
      for (let i = 0; i < plan.offsets.length; i += 1) {
        const at = start + plan.offsets[i]!
        const low = pointer.low(bytes, at)
        const high = pointer.high(bytes, at)
        if (low === 0 && high === 0) continue
        enter(file.addresses.find(owner, low, high), plan.toPointers[i]!)
      }
    })
  }

  const visitPointers = (
    file: BlendFile,
    block: number,
    enter: (block: number, asPointers: boolean) => void,
  ): void => {
    const owner = file.blocks.owner[block]!
    forEachElement(file, block, file.header.pointerSize, (bytes, start) => {
      enter(followPointer(file, bytes, start, owner), false)
    })
  }

  return { walk }
}

/** Reads a block in parts: the elements of a big array need not fit in memory at once. */
function forEachElement(
  file: BlendFile,
  block: number,
  elementSize: number,
  visit: (bytes: Buffer, start: number, offset: number) => void,
): void {
  const perChunk = Math.max(1, Math.floor(chunkBytes / elementSize))
  const count = Math.floor(file.blocks.size[block]! / elementSize)
  for (let first = 0; first < count; first += perChunk) {
    const offset = file.blocks.offset[block]! + first * elementSize
    const here = Math.min(perChunk, count - first)
    const bytes = file.source.read(offset, here * elementSize)
    for (let i = 0; i < here; i += 1) visit(bytes, i * elementSize, offset + i * elementSize)
  }
}
