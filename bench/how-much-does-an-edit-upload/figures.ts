import { formatBytes } from '@shaman-farm/terminal'
import type { Figure } from '../harness/question.ts'
import type { Cost } from './other-tools.ts'
import type { Pace } from './pace.ts'
import type { Edit, Scene } from './scenes.ts'

/** One edit of a scene, sent by everything that can. */
export interface Measured {
  scene: Scene
  edit: Edit
  fileBytes: number
  /** Of SHA-256 over the edited file, in turns with ours. */
  passMs: number
  /** By the way of sending; undefined where that is not installed. */
  costs: Map<string, Cost | undefined>
}

/** Our name among the ways of sending. */
export const ours = 'Shaman Farm'
/** The same where bytes count more than time, as over a slow link. */
export const fewestBytes = 'Shaman Farm, fewest bytes'

/** What a scene's measurements say of the targets. */
export function figuresOf(scene: Scene, measured: Measured[], pace: Pace): Figure[] {
  const of = (edit: Edit): Measured => measured.find((each) => each.edit === edit)!
  const speeds = [
    ...(isCutAsItLies(scene) ? [speedOf(scene, pace, 'by blocks', pace.hashAndChunkMs)] : []),
    speedOf(scene, pace, 'FastCDC', pace.hashAndFastCdcMs),
  ]
  if (pace.hashAndUnpackMs) speeds.push(unpackedSpeedOf(scene, pace, pace.hashAndUnpackMs))
  const wall = wallOf(of('move-object'), pace)
  if (scene.isCompressed) return [shareOf(of('move-object'), 5), wall, ...speeds]
  const changed = percent(changedBytes(scene), of('sculpt').fileBytes)
  return [
    shareOf(of('open-and-save'), 0.15),
    shareOf(of('move-object'), 0.2),
    shareOf(of('sculpt'), 0.5 + changed),
    againstXdelta(of('add-mesh')),
    wall,
    ...speeds,
  ]
}

function shareOf({ scene, edit, fileBytes, costs }: Measured, most: number): Figure {
  const value = percent(costs.get(ours)!.bytes, fileBytes)
  return {
    name: `${scene.name}: ${edit}`,
    value,
    unit: '% of the file',
    target: `<= ${Number(most.toPrecision(3))}`,
    met: value <= most,
  }
}

/** Of a small file the times of starting and syncing are most, so only large ones have a target. */
function wallOf({ scene, costs, passMs }: Measured, { durableWriteMs }: Pace): Figure {
  const { wallMs } = costs.get(ours)!
  const value = wallMs / passMs
  const rewrite = `Writing and syncing a file of that size alone takes ${Math.round(durableWriteMs)} ms here, ${(durableWriteMs / passMs).toFixed(1)} passes`
  return {
    name: `${scene.name}: client and server for one edit`,
    value,
    unit: 'x one SHA-256 pass',
    ...(scene.sizeMiB >= 200 && { target: '<= 3', met: value <= 3 }),
    baseline: `${Math.round(passMs)} ms; written and synced ${Math.round(durableWriteMs)} ms`,
    cause: `${rewrite}; before that the client reads and hashes all of it.`,
  }
}

/** As the product does it: small compressed files are cut by what they hold. */
function isCutAsItLies({ isCompressed, fileBytes }: Scene): boolean {
  return !isCompressed || fileBytes >= 64 * 2 ** 20
}

function speedOf(scene: Scene, { shaMs }: Pace, cut: string, ms: number): Figure {
  const value = percent(shaMs, ms)
  return {
    name: `${scene.name}: hashing and chunking (${cut}) in one pass`,
    value,
    unit: '% of SHA-256 speed on one core',
    target: '>= 60',
    met: value >= 60,
    baseline: `SHA-256 ${Math.round(shaMs)} ms for ${formatBytes(scene.fileBytes)}`,
  }
}

/** Of small compressed files, and for slow links, what they hold is cut: by those bytes. */
function unpackedSpeedOf(
  { name, contentBytes, fileBytes }: Scene,
  { shaMs, unpackMs }: Pace,
  ms: number,
): Figure {
  const value = percent(contentBytes / ms, fileBytes / shaMs)
  return {
    name: `${name}: hashing, unpacking and chunking in one pass`,
    value,
    unit: '% of SHA-256 speed on one core, by bytes cut',
    target: '>= 60',
    met: value >= 60,
    baseline: [
      `SHA-256 ${Math.round(shaMs)} ms for ${formatBytes(fileBytes)}`,
      `cut ${formatBytes(contentBytes)}`,
      ...(unpackMs ? [`unpacking alone ${Math.round(unpackMs)} ms`] : []),
    ].join('; '),
    cause: `A frame that lies within one large payload is hashed as it is; all others are unpacked to be cut, which alone takes ${Math.round(unpackMs ?? Number.NaN)} ms for all of them.`,
  }
}

/** Positions of every hundredth vertex, 12 bytes each; see scene.py for a vertex's share of the file. */
function changedBytes({ sizeMiB }: Scene): number {
  return ((sizeMiB * 2 ** 20 * 0.9) / 97 / 100) * 12
}

function againstXdelta({ scene, costs }: Measured): Figure {
  const base: Figure = { name: `${scene.name}: add-mesh`, value: Number.NaN, unit: 'x xdelta3 -1' }
  const xdelta = costs.get('xdelta3 -1')
  if (xdelta === undefined) return base
  const value = costs.get(ours)!.bytes / xdelta.bytes
  const baseline = formatBytes(xdelta.bytes)
  return { ...base, value, target: '<= 1.3', met: value <= 1.3, baseline }
}

/** A part of a whole, in percent. */
export function percent(part: number, all: number): number {
  return (100 * part) / all
}
