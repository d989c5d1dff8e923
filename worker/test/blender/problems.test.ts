import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findProblem, mainProblem } from '../../src/blender/problems.ts'

const lines: readonly [line: string, reason: string][] = [
  ['Error: Out of memory in CUDA queue enqueue (render_test)', 'out-of-memory'],
  ['System is out of GPU memory', 'out-of-memory'],
  ['terminate called after throwing an instance of std::bad_alloc', 'out-of-memory'],
  ['Malloc returns null: len=1073741824 in imb_addrectImBuf, total 1', 'out-of-memory'],
  ['CUDA error: Launch failed in cuCtxSynchronize()', 'gpu'],
  ['OptiX error OPTIX_ERROR_INVALID_VALUE in optixInit, line 12', 'gpu'],
  ['HIP error: Unknown error in hipModuleLoadData', 'gpu'],
  ['Error: Cannot read file "/x/y.blend": No such file or directory', 'missing-file'],
  ["Failed to read blend file '/x/y.blend': Missing DNA block", 'missing-file'],
  ['Warning: 2 libraries and 5 linked data-blocks are missing', 'missing-file'],
  ["Warning: Unable to open '/x/lib.blend': No such file or directory", 'missing-file'],
  ["Error: Render error (No space left on device) cannot save: '/o/0001.png'", 'output'],
  ['Failed to denoise, build has no OpenImageDenoise support', 'other'],
  ['Traceback (most recent call last):', 'python-error'],
  ['Writing: /tmp/scene.crash.txt', 'crash'],
]

for (const [line, reason] of lines) {
  test(`"${line}" is ${reason}`, () => assert.equal(findProblem(line)?.reason, reason))
}

test('ordinary output is no problem', () => {
  for (const line of [
    'Fra:1 Mem:81.24M (Peak 81.24M) | Time:00:00.77 | Remaining:52:53.98',
    'Read blend: "/x/CUDA error.blend/ok"',
    'EGL Error (0x3009): EGL_BAD_MATCH',
    'Loading render kernels (may take a few minutes the first time)',
    "Saved: '/out/0001.png'",
  ]) {
    assert.equal(findProblem(line)?.isFatal ?? false, false, line)
  }
})

test('the gravest problem is the one that is told', () => {
  const problems = [
    'Traceback (most recent call last):',
    "Can't find scene: 'X' in file: 'y'",
    'Out of memory',
  ]
    .map((line) => findProblem(line))
    .filter((problem) => problem !== undefined)
  assert.match(mainProblem(problems)?.message ?? '', /no scene "X"/)
})
