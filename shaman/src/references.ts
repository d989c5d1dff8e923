import { type Digest, digestBytes, readSize, writeDigest } from './digest.ts'

/**
 * How many checkouts reference each blob, for every blob that any does; in memory, rebuilt from the manifests at start.
 *
 * An open-addressing table of 64-bit fingerprints in typed arrays: 24 bytes a slot, 48 MiB for a million blobs whatever the
 * number of references, a question in ~100 ns. Two blobs with the same fingerprint are counted together, which can only keep a
 * blob that could go. Beside the count stands the XOR of the referencing checkouts' numbers: when one is left, it is that one.
 */
export interface ReferenceTable {
  /** Adds a checkout's reference to distinct digests. */
  add(seq: number, digests: Iterable<Digest>): void
  /** Takes back what {@link add} added. */
  remove(seq: number, digests: Iterable<Digest>): void
  /** The same from a manifest's 40-byte records, which may repeat a digest. */
  addRecords(seq: number, records: Buffer): void
  has(digest: Digest): boolean
  count(digest: Digest): number
  /** The same for a 40-byte record that lies in `records` at an offset: nothing has to be decoded. */
  countAt(records: Buffer, at: number): number
  /** Bytes only this checkout references; kept up as checkouts come and go. */
  exclusiveBytes(seq: number): number
  exclusiveBlobs(seq: number): number
  /** Blobs referenced by any checkout. */
  readonly blobs: number
  readonly bytes: number
}

interface Exclusive {
  blobs: number
  bytes: number
}

/** Creates an empty table. */
export function createReferenceTable(): ReferenceTable {
  let capacity = 1 << 12
  let keysHigh = new Uint32Array(capacity)
  let keysLow = new Uint32Array(capacity)
  let counts = new Uint32Array(capacity)
  let holders = new Float64Array(capacity)
  // Who added last: a checkout may name a blob under several paths, and references it once.
  let marks = new Uint32Array(capacity)
  let used = 0
  let blobs = 0
  let bytes = 0
  const exclusive = new Map<number, Exclusive>()
  const scratch = Buffer.alloc(digestBytes)

  const table: ReferenceTable = {
    add(seq, digests) {
      for (const digest of digests) {
        writeDigest(scratch, 0, digest)
        addOne(seq, scratch, 0)
      }
    },
    remove(seq, digests) {
      for (const digest of digests) {
        writeDigest(scratch, 0, digest)
        removeOne(seq, scratch, 0)
      }
      if (exclusive.get(seq)?.blobs === 0) exclusive.delete(seq)
    },
    addRecords(seq, records) {
      for (let at = 0; at < records.length; at += digestBytes) addOne(seq, records, at)
    },
    has: (digest) => table.count(digest) > 0,
    count(digest) {
      writeDigest(scratch, 0, digest)
      return counts[slotOf(scratch, 0)]!
    },
    countAt: (records, at) => counts[slotOf(records, at)]!,
    exclusiveBytes: (seq) => exclusive.get(seq)?.bytes ?? 0,
    exclusiveBlobs: (seq) => exclusive.get(seq)?.blobs ?? 0,
    get blobs() {
      return blobs
    },
    get bytes() {
      return bytes
    },
  }
  return table

  function addOne(seq: number, record: Buffer, at: number): void {
    if (used * 2 >= capacity) grow()
    const slot = slotOf(record, at)
    const size = readSize(record, at)
    if (keysHigh[slot] === 0 && keysLow[slot] === 0) {
      keysHigh[slot] = highAt(record, at)
      keysLow[slot] = lowAt(record, at)
      used += 1
    }
    const count = counts[slot]!
    if (count > 0 && marks[slot] === seq >>> 0) return
    marks[slot] = seq
    counts[slot] = count + 1
    if (count === 0) {
      blobs += 1
      bytes += size
      credit(seq, size)
    } else if (count === 1) {
      debit(holders[slot]!, size)
    }
    holders[slot] = xor(holders[slot]!, seq)
  }

  function removeOne(seq: number, record: Buffer, at: number): void {
    const slot = slotOf(record, at)
    const count = counts[slot]!
    if (count === 0) return
    const size = readSize(record, at)
    counts[slot] = count - 1
    marks[slot] = 0
    holders[slot] = xor(holders[slot]!, seq)
    if (count === 1) {
      blobs -= 1
      bytes -= size
      debit(seq, size)
    } else if (count === 2) {
      credit(holders[slot]!, size)
    }
  }

  function credit(seq: number, size: number): void {
    const entry = exclusive.get(seq) ?? { blobs: 0, bytes: 0 }
    entry.blobs += 1
    entry.bytes += size
    exclusive.set(seq, entry)
  }

  function debit(seq: number, size: number): void {
    const entry = exclusive.get(seq)
    if (!entry) return
    entry.blobs -= 1
    entry.bytes -= size
  }

  // A slot once used keeps its fingerprint at count 0: removing it would break the chains of others.
  function slotOf(record: Buffer, at: number): number {
    const high = highAt(record, at)
    const low = lowAt(record, at)
    const mask = capacity - 1
    let slot = (low ^ (high >>> 7)) & mask
    for (;;) {
      const h = keysHigh[slot]!
      const l = keysLow[slot]!
      if ((h === high && l === low) || (h === 0 && l === 0)) return slot
      slot = (slot + 1) & mask
    }
  }

  function grow(): void {
    const old = { keysHigh, keysLow, counts, holders, marks, capacity }
    capacity *= 2
    keysHigh = new Uint32Array(capacity)
    keysLow = new Uint32Array(capacity)
    counts = new Uint32Array(capacity)
    holders = new Float64Array(capacity)
    marks = new Uint32Array(capacity)
    used = 0
    for (let i = 0; i < old.capacity; i += 1) {
      if (old.counts[i] === 0) continue
      const high = old.keysHigh[i]!
      const low = old.keysLow[i]!
      let slot = (low ^ (high >>> 7)) & (capacity - 1)
      while (keysHigh[slot] !== 0 || keysLow[slot] !== 0) slot = (slot + 1) & (capacity - 1)
      keysHigh[slot] = high
      keysLow[slot] = low
      counts[slot] = old.counts[i]!
      holders[slot] = old.holders[i]!
      marks[slot] = old.marks[i]!
      used += 1
    }
  }
}

function highAt(record: Buffer, at: number): number {
  return record.readUInt32BE(at)
}

// Never zero: a fingerprint of two zeros is an empty slot. The size is mixed in, as it is part of the identity.
function lowAt(record: Buffer, at: number): number {
  return (
    ((record.readUInt32BE(at + 4) ^ Math.imul(record.readUInt32BE(at + 36), 0x9e3779b1)) | 1) >>> 0
  )
}

/** XOR of whole numbers below 2^48. */
function xor(a: number, b: number): number {
  const split = 2 ** 24
  const high = (Math.floor(a / split) ^ Math.floor(b / split)) * split
  return high + ((a % split) ^ (b % split))
}
