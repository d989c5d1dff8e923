import { type BlockTable, blockCode, isDataBlockCode } from './blocks.ts'

/** Finds blocks by the address they had in Blender's memory. */
export interface AddressIndex {
  /**
   * The block a pointer means, or -1. An address of a DATA block is unique only among the blocks of its own
   * data-block, so these are looked at first, then the data-blocks of the file.
   */
  find(owner: number, low: number, high: number): number
}

const DATA = blockCode('DATA')
const anyOwner = -1

/** An open-addressing table over the block columns: half a million blocks take 30 ms and 8 MB. */
export function indexAddresses(blocks: BlockTable): AddressIndex {
  let bits = 4
  while (1 << bits < blocks.length * 2) bits += 1
  const slots = new Int32Array(1 << bits).fill(-1)
  const mask = slots.length - 1

  const scopeOf = (block: number): number =>
    blocks.code[block] === DATA ? blocks.owner[block]! : anyOwner
  const locate = (scope: number, low: number, high: number): number => {
    let slot = mix(scope, low, high) & mask
    for (;;) {
      const block = slots[slot]!
      if (block < 0) return slot
      if (
        blocks.addressLow[block] === low &&
        blocks.addressHigh[block] === high &&
        scopeOf(block) === scope
      ) {
        return slot
      }
      slot = (slot + 1) & mask
    }
  }

  for (let block = 0; block < blocks.length; block += 1) {
    const code = blocks.code[block]!
    if (code !== DATA && !isDataBlockCode(code)) continue
    if (blocks.addressLow[block] === 0 && blocks.addressHigh[block] === 0) continue
    const slot = locate(scopeOf(block), blocks.addressLow[block]!, blocks.addressHigh[block]!)
    if (slots[slot]! < 0) slots[slot] = block
  }

  return {
    find(owner, low, high) {
      if (low === 0 && high === 0) return -1
      if (owner >= 0) {
        const own = slots[locate(owner, low, high)]!
        if (own >= 0) return own
      }
      return slots[locate(anyOwner, low, high)]!
    },
  }
}

function mix(scope: number, low: number, high: number): number {
  let h = Math.imul(low ^ (low >>> 15), 0x2c1b3c6d)
  h = Math.imul(h ^ high ^ (h >>> 12), 0x297a2d39)
  h = Math.imul(h ^ (scope + 0x9e37), 0x85ebca6b)
  return h ^ (h >>> 15)
}
