import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openLogFile, rotateLogFile } from '../../../src/lib/base/log-file.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcpx-logfile-'))
  path = join(folder, 'x.log')
})
afterEach(() => rmSync(folder, { recursive: true }))

const linesOf = (name: string) => readFileSync(join(folder, name), 'utf8').split('\n').filter(Boolean)
const all = () => readdirSync(folder).flatMap(linesOf)

describe('a log file', () => {
  it('is turned over when it is large, and the oldest goes', () => {
    for (const text of ['one', 'two', 'three', 'four']) {
      writeFileSync(path, `${text}\n`)
      rotateLogFile(path, { maxBytes: 2, kept: 2 })
    }
    expect(readdirSync(folder).sort()).toEqual(['x.log.1', 'x.log.2'])
    expect(linesOf('x.log.1')).toEqual(['four'])
    expect(linesOf('x.log.2')).toEqual(['three'])
    writeFileSync(path, 'a\n')
    rotateLogFile(path, { maxBytes: 2, kept: 2 })
    expect(linesOf('x.log')).toEqual(['a'])
  })

  it('is followed by who writes, and no line is lost on the way', () => {
    let nowMs = 0
    const write = openLogFile(path, () => nowMs)
    const other = openLogFile(path, () => nowMs)
    write('1\n')
    rotateLogFile(path, { maxBytes: 0, kept: 3 })
    write('2\n')
    nowMs = 2000
    write('3\n')
    other('4\n')
    rmSync(path)
    nowMs = 4000
    write('5\n')
    expect(linesOf('x.log.1')).toEqual(['1', '2'])
    expect(linesOf('x.log')).toEqual(['5'])
  })

  it('takes whole lines of several threads while it is turned over', async () => {
    const module = new URL('../../../src/lib/base/log-file.ts', import.meta.url).href
    // Each writes until it is told to stop and says then how many lines it wrote.
    const source = `
      const { workerData } = require('node:worker_threads')
      import(workerData.module).then(({ openLogFile }) => {
        let now = 0
        const write = openLogFile(workerData.path, () => (now += 50))
        let hundreds = 0
        for (; Atomics.load(workerData.stop, 0) === 0; hundreds++)
          for (let n = 0; n < 100; n++) write(workerData.name + ' ' + (hundreds * 100 + n) + ' ' + 'x'.repeat(100) + '\\n')
        require('node:worker_threads').parentPort.postMessage(hundreds * 100)
      })`
    const stop = new Int32Array(new SharedArrayBuffer(4))
    const threads = ['a', 'b', 'c'].map(
      (name) => new Worker(source, { eval: true, workerData: { module, path, name, stop } }),
    )
    const written = Promise.all(threads.map((thread) => once(thread, 'message').then(([lines]) => lines as number)))
    while (readdirSync(folder).length < 5) {
      rotateLogFile(path, { maxBytes: 20_000, kept: 1000 })
      await new Promise((resolve) => setImmediate(resolve))
    }
    Atomics.store(stop, 0, 1)
    const lines = (await written).reduce((sum, part) => sum + part, 0)
    await Promise.all(threads.map((thread) => thread.terminate()))
    expect(all()).toHaveLength(lines)
    expect(all().every((line) => /^[abc] \d+ x{100}$/.test(line))).toBe(true)
    expect(new Set(all().map((line) => line.replace(/ x+$/, ''))).size).toBe(lines)
  })

  it('that cannot be written ends nobody', () => {
    const write = openLogFile('/dev/full', () => 0)
    expect(() => write('lost\n')).not.toThrow()
  })
})
