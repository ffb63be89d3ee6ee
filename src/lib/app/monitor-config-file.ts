// The monitor's configuration while a server runs: read at the start, and again when somebody asks.
import { resolve } from 'node:path'
import { readConfigFile } from '../base/config-file.ts'
import { toMcpxError } from '../base/errors.ts'
import { Events } from '../base/events.ts'
import type { Logger } from '../base/logger.ts'
import type { MetricGroup } from '../protocol/metrics.ts'
import {
  defaultMonitorConfig,
  type MonitorConfig,
  monitorConfigHint,
  parseMonitorConfig,
} from '../protocol/monitor-config.ts'

export interface MonitorConfigFile {
  readonly current: MonitorConfig
  /** `change`: another configuration holds from now on. */
  readonly events: Events<{ change: [MonitorConfig] }>
  /** Whether the file was taken; one that is not valid is logged, and what was goes on. */
  reload(): Promise<boolean>
}

/** The defaults without a file. Throws INVALID_CONFIG. */
export async function openMonitorConfig(path: string | undefined, logger: Logger): Promise<MonitorConfigFile> {
  const file = path === undefined ? undefined : resolve(path)
  const read = async () =>
    file === undefined ? defaultMonitorConfig : parseMonitorConfig(await readConfigFile(file, monitorConfigHint), file)
  const events = new Events<{ change: [MonitorConfig] }>((error) =>
    logger.error({ error: String(error) }, 'a part did not take the configuration'),
  )
  let current = await read()
  // One after the other: the file that was written last shall be the one that holds.
  let reloading: Promise<unknown> = Promise.resolve()

  async function reload(): Promise<boolean> {
    if (file === undefined) {
      logger.warn({}, 'there is no configuration file to read again (--webrtc-config-path)')
      return false
    }
    try {
      current = await read()
    } catch (thrown) {
      const { code, message, hint } = toMcpxError(thrown)
      logger.error({ code, error: message, hint }, 'the configuration was refused; the one before goes on')
      return false
    }
    events.emit('change', current)
    logger.info({ file }, 'the configuration was read again')
    return true
  }

  return {
    get current() {
      return current
    },
    events,
    reload() {
      const result = reloading.then(reload)
      reloading = result
      return result
    },
  }
}

/** Which metrics each switch of the file leaves out. */
export const metricSwitches = {
  collect_detailed_stats: 'detailed',
  collect_frame_stats: 'frame',
  collect_resource_stats: 'resource',
  collect_quality_metrics: 'quality',
} as const satisfies Record<keyof MonitorConfig['metrics'], MetricGroup>

export const disabledGroups = ({ metrics }: MonitorConfig): MetricGroup[] =>
  Object.entries(metricSwitches).flatMap(([name, group]) =>
    metrics[name as keyof typeof metricSwitches] ? [] : [group],
  )
