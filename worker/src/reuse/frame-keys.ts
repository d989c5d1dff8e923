import { hash } from 'node:crypto'
import type { AssignedTask } from '@shaman-farm/manager-api'
import { type Digest, digestKey } from '@shaman-farm/shaman/digest'
import { parseRenderArguments } from '../blender/arguments.ts'
import { limitParameters } from '../commands/limits.ts'

type Command = AssignedTask['commands'][number]

/** All that decides what the frames of a render look like, but for their numbers. */
export interface RenderIdentity {
  command: Command
  /** The checkout as the command names it; where it lies changes no picture. */
  checkout: string
  manifest: readonly (Digest & { path: string })[]
  /** What this Blender says it is, with the hash of its build. */
  blender: string
  /** Of the worker, as `linux-x64`. */
  platform: string
}

/** SHA-256 in hex of all that decides what a frame looks like. */
export function frameKeys(identity: RenderIdentity): (frame: number) => string {
  const { command, checkout, manifest, blender, platform } = identity
  const inputs = hash('sha256', manifest.map(inputLine).sort().join('\n'))
  const asked = canonical(command).replaceAll(JSON.stringify(checkout).slice(1, -1), '{checkout}')
  const render = hash('sha256', JSON.stringify(['frame 1', inputs, asked, blender, platform]))
  return (frame) => hash('sha256', `${render} ${frame}`)
}

function inputLine(file: Digest & { path: string }): string {
  return `${digestKey(file)} ${file.path}`
}

/** The command without its program, which the version stands for, its limits, its frames and its output. */
function canonical({ name, parameters }: Command): string {
  const { exe: _, args, ...others } = parameters
  const rest = Object.entries(others)
    .filter(([name]) => !limitParameters.some((limit) => limit === name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify([name, rest, withoutValues(listOf(args), [...frameFlags, ...outputFlags])])
}

const frameFlags = ['-f', '--render-frame']
const outputFlags = ['-o', '--render-output']

function withoutValues(args: readonly string[], flags: readonly string[]): string[] {
  return args.filter((_, i) => !flags.includes(args[i - 1] ?? ''))
}

/** The frames that a command asks for in one list, each with a file of its own; undefined when it is no such command. */
export function listedFrames(command: Command): { frames: number[]; output: string } | undefined {
  if (command.name !== 'blender-render') return undefined
  const args = listOf(command.parameters.args)
  const lists = args.filter((arg) => frameFlags.includes(arg)).length
  const { frames, output, isMovie } = parseRenderArguments(args)
  if (lists !== 1 || args.includes('-a') || args.includes('--render-anim')) return undefined
  return frames && output !== undefined && !isMovie ? { frames: [...frames], output } : undefined
}

/** The same command for fewer frames. */
export function withFrames(command: Command, frames: readonly number[]): Command {
  const args = listOf(command.parameters.args)
  const shorter = args.map((arg, i) =>
    frameFlags.includes(args[i - 1] ?? '') ? list(frames) : arg,
  )
  return { ...command, parameters: { ...command.parameters, args: shorter } }
}

/** Ascending frames as Blender reads them: `1..3,7`. */
function list(frames: readonly number[]): string {
  const runs: [number, number][] = []
  for (const frame of frames) {
    const last = runs.at(-1)
    if (last && last[1] === frame - 1) last[1] = frame
    else runs.push([frame, frame])
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}..${to}`)).join(',')
}

function listOf(args: unknown): string[] {
  return Array.isArray(args) ? args.map(String) : []
}
