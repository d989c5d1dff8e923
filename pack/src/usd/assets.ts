import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { fsPath } from '../trace/stored-path.ts'
import { crateMagic, tokensOfCrate } from './crate.ts'
import { createAssetScanner } from './text.ts'

/** A path that a USD layer holds. Expressions (between backquotes) have no meaning outside USD and are left out. */
export interface UsdAsset {
  readonly path: string
  /** False where it is a guess: a crate does not tell paths from other words without being decoded. */
  readonly isCertain: boolean
}

const chunkBytes = 1024 * 1024
/** Layers larger than this hold geometry, which is looked into no further. */
const mostText = 512 * 1024 * 1024
const layer = /\.usd[acz]?$/i
const media = /\.(png|jpe?g|exr|tiff?|tga|hdr|bmp|webp|tx|vdb|abc|mtlx|wav|mp3|mp4|mov|avi)$/i

/** True for files that may name others in the way of USD. A `.usdz` holds all that it needs. */
export function mayNameAssets(path: string): boolean {
  return /\.usd[ac]?$/i.test(path)
}

/**
 * The files that a USD layer names: sublayers, references, payloads, textures. Text is read as it is; of a crate, its
 * table of words. Nothing for what can't be read.
 */
export function assetsIn(file: string): UsdAsset[] {
  let fd: number
  try {
    fd = openSync(fsPath(file), 'r')
  } catch {
    return []
  }
  try {
    const start = readAt(fd, 0, crateMagic.length)
    if (start.equals(crateMagic)) return tokensOfCrate(fd).filter(looksLikePath).map(guess)
    return start.toString('latin1').startsWith('#usda') ? textAssets(fd) : []
  } catch {
    return []
  } finally {
    closeSync(fd)
  }
}

function textAssets(fd: number): UsdAsset[] {
  const scanner = createAssetScanner()
  const { size } = fstatSync(fd)
  const end = Math.min(size, mostText)
  for (let at = 0; at < end; at += chunkBytes) {
    scanner.scan(readAt(fd, at, Math.min(chunkBytes, end - at)))
  }
  return [...scanner.found]
    .filter((path) => !path.startsWith('`'))
    .map((path) => ({ path, isCertain: looksLikePath(path) }))
}

function guess(path: string): UsdAsset {
  return { path, isCertain: false }
}

function looksLikePath(text: string): boolean {
  return layer.test(text) || media.test(text)
}

function readAt(fd: number, offset: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  return bytes.subarray(0, readSync(fd, bytes, 0, length, offset))
}
