import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mapPaths } from '../../src/mount-free/path-map.ts'
import { command } from '../manager-stand-in.ts'

const checkout = { farm: '/farm/jobs/shot', local: '/home/w/checkouts/1' }

test('inputs lead into the cache, outputs to a folder here, all else stays', () => {
  const map = mapPaths({
    checkout,
    outputDir: '/home/w/outputs/t',
    commands: [
      command('blender-render', {
        exe: '/opt/blender/blender',
        blendfile: '/farm/jobs/shot/a/b.blend',
        args: [
          '--python',
          '/farm/jobs/shot/x.py',
          '--render-output',
          '/farm/renders/s/######',
          '--render-frame',
          '1',
        ],
      }),
    ],
  })
  assert.deepEqual(map.commands[0]?.parameters, {
    exe: '/opt/blender/blender',
    blendfile: '/home/w/checkouts/1/a/b.blend',
    args: [
      '--python',
      '/home/w/checkouts/1/x.py',
      '--render-output',
      '/home/w/outputs/t/farm/renders/s/######',
      '--render-frame',
      '1',
    ],
  })
  assert.equal(
    map.toFarm('/home/w/outputs/t/farm/renders/s/sub/000001.png'),
    '/farm/renders/s/sub/000001.png',
  )
  assert.equal(map.toFarm('/tmp/000001.png'), undefined)
})

test('a job whose name begins with the name of another is not taken for it', () => {
  const map = mapPaths({
    checkout,
    outputDir: '/o',
    commands: [
      command('exec', { exe: 'x', args: ['/farm/jobs/shot-2/b.blend', '/farm/jobs/shot'] }),
    ],
  })
  assert.deepEqual(map.commands[0]?.parameters.args, ['/farm/jobs/shot-2/b.blend', checkout.local])
})

test('a video is made where its frames are', () => {
  const map = mapPaths({
    checkout,
    outputDir: '/o',
    commands: [
      command('frames-to-video', { fps: 24, inputGlob: '/r/s/*.png', outputFile: '/r/s/v.mp4' }),
    ],
  })
  assert.deepEqual(map.outputs, [{ farm: '/r/s', local: '/o/r/s' }])
  assert.equal(map.commands[0]?.parameters.inputGlob, '/o/r/s/*.png')
  assert.equal(map.commands[0]?.parameters.outputFile, '/o/r/s/v.mp4')
})

test('paths of a Windows farm are mapped and found back', () => {
  const map = mapPaths({
    checkout: { farm: 'F:\\jobs\\shot', local: '/c' },
    outputDir: '/o',
    commands: [
      command('blender-render', {
        blendfile: 'F:\\jobs\\shot\\b.blend',
        args: ['-o', 'F:\\renders\\s\\####'],
      }),
    ],
  })
  assert.equal(map.commands[0]?.parameters.blendfile, '/c/b.blend')
  assert.deepEqual(map.commands[0]?.parameters.args, ['-o', '/o/F/renders/s/####'])
})

test('a file that the manager of another platform names has its place here all the same', () => {
  const { placeOf } = mapPaths({
    checkout,
    outputDir: 'C:/w/outputs/t',
    commands: [
      command('frames-to-video', {
        inputGlob: 'R:\\renders\\shot 1\\*.png',
        outputFile: 'R:\\renders\\shot 1\\shot.mp4',
      }),
    ],
  })
  const here = 'C:/w/outputs/t/R/renders/shot 1'
  const directory = '/mnt/renders/shot 1'
  assert.equal(placeOf(`${directory}/000001.png`, directory), `${here}/000001.png`)
  assert.equal(placeOf('R:\\renders\\shot 1\\000001.png', undefined), `${here}/000001.png`)
  assert.equal(placeOf('/mnt/renders/other/000001.png', directory), undefined)
  assert.equal(placeOf('/mnt/elsewhere/000001.png', '/mnt/elsewhere'), undefined)
  assert.equal(placeOf(`${directory}/../../../x`, directory), undefined)
})
