import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ThirdParty } from './third-party.ts'

const rule = `\n${'='.repeat(100)}\n`

/** Every licence that ships, with its text, in one file. */
export function licencesText(packages: readonly ThirdParty[], nodeLicence: string): string {
  const unique = new Map(packages.map((one) => [`${one.name} ${one.version}`, one]))
  const parts = [...unique]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, one]) => `${name}\nLicence: ${one.license || 'see below'}\n\n${textsIn(one.dir)}`)
  return [
    'Shaman Farm is free software under the GNU General Public License, version 3 or later: see LICENSE.\n' +
      'It ships with Node.js and with these packages, each under the licence below its name.\n',
    ...parts,
    `Node.js\n\n${nodeLicence}`,
  ].join(rule)
}

function textsIn(dir: string): string {
  const names = readdirSync(dir)
    .filter((name) => /^(licen[cs]e|copying|notice|copyright)/i.test(name))
    .sort()
  const texts = names.map((name) => readText(join(dir, name)))
  return texts.join('\n').trim() || 'The package brings no text of its licence.\n'
}

function readText(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8').replaceAll('\r\n', '\n') : ''
}
