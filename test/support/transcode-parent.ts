// A server that has one transcode process, which holds its main thread from the moment it is there; says its pid. It is to be killed.
import { spawnProcess } from '../../src/lib/base/spawn-process.ts'
import type { TranscodeProcessSettings } from '../../src/lib/protocol/transcode-plane.ts'

const settings: TranscodeProcessSettings = {
  blocksPath: '/nowhere',
  memoryCacheBytes: 0,
  encoder: 'ffmpeg',
  maxRssBytes: 2 ** 31,
}
const spin = "data:text/javascript,process.on('SIGUSR2',()=>{for(;;);})"
const base = new URL('../../src/lib/engine/transcode-plane.ts', import.meta.url).href
const child = spawnProcess('../worker/transcode-process', base, { settings, execArgv: ['--import', spin] })
child.once('message', () => {
  child.kill('SIGUSR2')
  console.log(child.pid)
})
