// What a person should know although the server runs.
import { see } from '../base/troubleshooting.ts'
import type { EngineInfo } from '../engine/engine.ts'
import { isLoopback, isWeakToken } from '../model/bind.ts'
import type { ServeOptions } from '../model/serve-options.ts'
import type { MetricsAddress } from './start-doors.ts'
import { writesReports } from './start-watching.ts'

/** Below it, measuring costs more than it tells. */
const heavyPollS = 0.5

export function warningsOf(
  options: ServeOptions,
  { encoder }: Pick<EngineInfo, 'encoder'>,
  metrics: MetricsAddress | undefined,
): string[] {
  const warnings: string[] = []
  if (metrics && metrics.requested !== 0 && metrics.port !== metrics.requested)
    warnings.push(
      `port ${metrics.requested} is taken: the WebRTC metrics are on port ${metrics.port}. ${see('metrics-do-not-appear-in-prometheus')}`,
    )
  if (options.disableWebrtcMonitor && writesReports(options))
    warnings.push(
      `without the monitor (--disable-webrtc-monitor) no reports and dashboards are written. ${see('no-reports-or-dashboards-are-written')}`,
    )
  if (options.pollInterval < heavyPollS)
    warnings.push(
      `--poll-interval ${options.pollInterval}: every stream is measured ${Math.round(1 / options.pollInterval)} times a second. ${see('the-server-uses-much-cpu')}`,
    )
  if (encoder === 'none')
    warnings.push(
      'there is no encoder: only content that viewers can decode as it is plays (install node-av or ffmpeg)',
    )
  if (options.insecure && options.authToken === undefined && !isLoopback(options.host))
    warnings.push(`everybody who reaches ${options.host} can use this server: there is no token`)
  if (
    options.insecure &&
    options.authToken !== undefined &&
    isWeakToken(options.authToken) &&
    !isLoopback(options.host)
  )
    warnings.push(`the token of this server can be guessed: everybody who reaches ${options.host} may try`)
  return warnings
}
