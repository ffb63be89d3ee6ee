import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { detectEncoder } from '../../../../src/lib/media/transcode/detect-encoder.ts'
import { isFfmpegUsable } from '../../../../src/lib/media/transcode/ffmpeg-cli.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

/** A folder in which these files of packages are installed; gives a file beside them. */
function installed(...files: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'mcpx-detect-'))
  folders.push(folder)
  for (const file of files) {
    const path = join(folder, 'node_modules', file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, '')
  }
  return join(folder, 'index.js')
}

const library = 'node-av/lib/index.js'
const end = process.platform === 'win32' ? '-msvc' : ''
const binary = `@seydx/node-av-${process.platform}-${process.arch}${end}/node-av.node`
const ffmpegPath = '/nowhere/ffmpeg'

describe('the encoder of this machine', () => {
  it('is node-av where it and its binary are installed', async () => {
    expect(await detectEncoder({ from: installed(library, binary), ffmpegPath })).toBe('node-av')
  })

  it('is none without the binary of this platform, and without ffmpeg', async () => {
    expect(await detectEncoder({ from: installed(library), ffmpegPath })).toBe('none')
    expect(await detectEncoder({ from: installed(binary), ffmpegPath })).toBe('none')
  })

  it('is the ffmpeg on the PATH without node-av', async ({ skip }) => {
    if (!(await isFfmpegUsable())) skip('no ffmpeg on the PATH')
    expect(await detectEncoder({ from: installed() })).toBe('ffmpeg')
  })

  it('is found without loading it', () => {
    const module = new URL('../../../../src/lib/media/transcode/detect-encoder.ts', import.meta.url).href
    const script = `const { detectEncoder } = await import(${JSON.stringify(module)}); await detectEncoder()
      console.log(process.report.getReport().sharedObjects.filter((path) => path.includes('node-av')).length)`
    expect(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }).trim()).toBe('0')
  })
})
