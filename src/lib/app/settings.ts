// From the options people give to the settings the parts take. Everything that can be wrong in a value is found here.
import { isIP } from 'node:net'
import { availableParallelism, homedir, tmpdir } from 'node:os'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { McpxError } from '../base/errors.ts'
import { isLoopback } from '../model/bind.ts'
import { parsePortRange, type ServeOptions } from '../model/serve-options.ts'
import { parseIceServer } from '../protocol/ice-server.ts'
import type { PeerSettings, WorkerSettings } from '../protocol/media-plane.ts'
import type { TranscodeSettings } from '../protocol/transcode-plane.ts'

/** Memory for packetized media, shared out among the media workers. */
const renditionCacheBytes = 256 * 2 ** 20
/** Of one transcode: it reads its source once, from front to back. */
const transcodeBlockCacheBytes = 4 * 2 ** 20
const transcodesPerCore = 8
/** A picture of 8K at 10 bits takes 0.8 GB of reference pictures. */
const maxTranscodeRssBytes = 1.5 * 2 ** 30
const transcodeSilentS = 15
const transcodeIdleMs = 60_000

function parseAddress(text: string): string {
  if (isIP(text) === 0) throw new McpxError('INVALID_OPTION', `--announce-address: "${text}" is not an IP address`)
  return text
}

/** On loopback only when the server itself listens there only: media shall reach no further than the pages do. */
function bindAddresses(host: string): string[] {
  if (!isLoopback(host)) return []
  return [host === 'localhost' ? '127.0.0.1' : host]
}

export function peerSettings(options: ServeOptions, worker: number): PeerSettings {
  const { udpPort, udpPortRange } = options
  if (udpPort > 0 && udpPort + worker > 65535)
    throw new McpxError('INVALID_OPTION', `--udp-port: ${udpPort} leaves no port for media worker ${worker}`)
  return {
    iceServers: options.iceServer.map(parseIceServer),
    announceAddresses: options.announceAddress.map(parseAddress),
    bindAddresses: bindAddresses(options.host),
    ...(udpPortRange === undefined
      ? { udpPort: udpPort === 0 ? 0 : udpPort + worker }
      : { udpPortRange: parsePortRange(udpPortRange) }),
  }
}

export function loggerOptions({ debug, logLevel, logFormat, logDir }: ServeOptions) {
  return {
    level: debug ? ('debug' as const) : logLevel,
    format: logFormat,
    ...(logDir !== undefined && { folder: resolve(logDir) }),
  }
}

/** What lies where on this machine, by what it is for. */
export function foldersOf(options: ServeOptions, repo: string): Record<string, string> {
  const { reportPath = './webrtc_reports', logDir, parquetCachePath, tlsCert, tlsKey, webrtcConfigPath } = options
  const given = { reports: reportPath, logs: logDir, parquet: parquetCachePath, 'tls-cert': tlsCert, 'tls-key': tlsKey }
  const named = Object.entries({ ...given, config: webrtcConfigPath }).flatMap(([name, path]) =>
    path === undefined ? [] : [[name, resolve(path)] as const],
  )
  const program = fileURLToPath(new URL('../../../', import.meta.url)).replace(/[/\\]$/, '')
  return { ...Object.fromEntries(named), repo, home: homedir(), cwd: process.cwd(), tmp: tmpdir(), program }
}

export function workerSettings(
  options: ServeOptions,
  blocksPath: string,
  encoder: WorkerSettings['encoder'],
): WorkerSettings[] {
  const log = loggerOptions(options)
  const count = options.mediaWorkers ?? Math.max(1, availableParallelism() - 1)
  return Array.from({ length: count }, (_, index) => ({
    index,
    blocksPath,
    memoryCacheBytes: Math.ceil(options.memoryCacheSize / count),
    renditionCacheBytes: Math.ceil(renditionCacheBytes / count),
    peer: peerSettings(options, index),
    snapshotIntervalMs: Math.round(options.pollInterval * 1000),
    logLevel: log.level,
    logFormat: log.format,
    ...(log.folder !== undefined && { logFolder: log.folder }),
    encoder,
  }))
}

export function transcodeSettings(blocksPath: string, encoder: 'node-av' | 'ffmpeg'): TranscodeSettings {
  return {
    maxProcesses: transcodesPerCore * Math.max(1, availableParallelism() - 1),
    maxRssBytes: maxTranscodeRssBytes,
    silentS: transcodeSilentS,
    idleMs: transcodeIdleMs,
    blocksPath,
    memoryCacheBytes: transcodeBlockCacheBytes,
    encoder,
  }
}
