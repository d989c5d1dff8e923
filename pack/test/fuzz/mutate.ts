/** A small, fast, seeded generator (mulberry32), so that every input can be made again from its number. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

const interesting = [0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff]

/** Changes of single values, where lengths, counts, addresses and names are likely to lie. */
const mutations: readonly ((
  bytes: Buffer,
  random: () => number,
  marks: readonly number[],
) => Buffer)[] = [
  flipBit,
  setByte,
  setWord,
  setWord,
  setWord,
  copyWord,
  cut,
  removePart,
  repeatPart,
]

/**
 * A damaged copy of a file.
 *
 * @param marks offsets where structure lies: block headers, struct descriptions; half of all damage is done there
 */
export function mutate(bytes: Buffer, seed: number, marks: readonly number[]): Buffer {
  const random = randomFrom(seed)
  let damaged: Buffer = Buffer.from(bytes)
  const times = 1 + Math.floor(random() * 4)
  for (let i = 0; i < times && damaged.length > 0; i += 1) {
    const mutation = mutations[Math.floor(random() * mutations.length)]!
    damaged = mutation(damaged, random, marks)
  }
  return damaged
}

function place(bytes: Buffer, random: () => number, marks: readonly number[]): number {
  const isMarked = marks.length > 0 && random() < 0.5
  const mark = isMarked ? marks[Math.floor(random() * marks.length)]! : random() * bytes.length
  const at = Math.floor(mark + (isMarked ? random() * 32 : 0))
  return Math.max(0, Math.min(at, bytes.length - 1))
}

function flipBit(bytes: Buffer, random: () => number, marks: readonly number[]): Buffer {
  const at = place(bytes, random, marks)
  bytes[at]! ^= 1 << Math.floor(random() * 8)
  return bytes
}

function setByte(bytes: Buffer, random: () => number, marks: readonly number[]): Buffer {
  bytes[place(bytes, random, marks)] = Math.floor(random() * 256)
  return bytes
}

function setWord(bytes: Buffer, random: () => number, marks: readonly number[]): Buffer {
  const at = Math.min(place(bytes, random, marks) & ~3, bytes.length - 4)
  if (at < 0) return bytes
  const value = interesting[Math.floor(random() * interesting.length)]!
  if (random() < 0.5) bytes.writeUInt32LE(value, at)
  else bytes.writeUInt32BE(value, at)
  return bytes
}

/** Makes pointers meet other blocks, and lengths other lengths. */
function copyWord(bytes: Buffer, random: () => number, marks: readonly number[]): Buffer {
  const size = random() < 0.5 ? 4 : 8
  const from = place(bytes, random, marks) & ~3
  const to = place(bytes, random, marks) & ~3
  bytes.copy(bytes, to, from, Math.min(from + size, bytes.length))
  return bytes
}

function cut(bytes: Buffer, random: () => number): Buffer {
  return bytes.subarray(0, Math.floor(random() * bytes.length))
}

function removePart(bytes: Buffer, random: () => number, marks: readonly number[]): Buffer {
  const at = place(bytes, random, marks)
  return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + Math.floor(random() * 64))])
}

function repeatPart(bytes: Buffer, random: () => number, marks: readonly number[]): Buffer {
  const at = place(bytes, random, marks)
  const end = at + Math.floor(random() * 512)
  return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)])
}
