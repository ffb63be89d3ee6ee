// aiortc in a virtual environment of its own (.cache/aiortc), made with pip the first time: a WHEP client that is not ours.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, renameSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { findProgram, run } from './e2e.ts'

const folder = resolve(import.meta.dirname, 'whep-aiortc')
const requirements = join(folder, 'requirements.txt')
const cache = resolve(import.meta.dirname, '../../.cache/aiortc')

export interface AiortcTrack {
  readonly frames: number
  /** Frames that did not come after the one before. */
  readonly backwards: number
  readonly width?: number
  readonly height?: number
  /** Of 16-bit samples. */
  readonly loudest?: number
}

export interface AiortcResult {
  readonly video?: AiortcTrack
  readonly audio?: AiortcTrack
  readonly timeout?: boolean
  /** Status of the DELETE of the session. */
  readonly deleted: number
}

/** The Python that has aiortc; undefined where there is no Python 3 or its packages cannot be had. */
export async function prepareAiortc(): Promise<string | undefined> {
  const edition = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12)
  const ready = join(cache, edition)
  const python = join(ready, 'bin/python')
  if (existsSync(python)) return python
  const system = findProgram('python3')
  if (!system) return undefined
  const draft = join(cache, `.${process.pid}`)
  try {
    await mkdir(cache, { recursive: true })
    // Copies, because a virtual environment knows its folder: only its interpreter is used after it has been moved.
    await run(system, ['-m', 'venv', draft], { timeout: 60_000 })
    const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--only-binary', ':all:']
    await run(join(draft, 'bin/python'), [...install, '-r', requirements], { timeout: 150_000 })
    if (!existsSync(ready)) renameSync(draft, ready)
    return python
  } catch (error) {
    console.warn(`aiortc cannot be installed: ${(error as Error).message.slice(0, 2000)}`)
    return undefined
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}

/** Plays until so many frames are decoded, and leaves. */
export async function playWithAiortc(
  python: string,
  address: string,
  frames: { video: number; audio: number },
): Promise<AiortcResult> {
  const script = join(folder, 'play.py')
  const args = [script, address, String(frames.video), String(frames.audio)]
  const { stdout } = await run(python, args, { timeout: 60_000 })
  return JSON.parse(stdout) as AiortcResult
}
