// The public face of the library: what `import … from 'mcpx'` gives. Everything else may change without notice.

export {
  createServer,
  type McpxServer,
  type Monitor,
  type Plugin,
  type PluginPanel,
  type PluginRequest,
  type PluginRoute,
  pluginRoute,
  type ServerDeps,
} from './app.ts'
export { type ErrorCode, errorKinds, exitCodes, McpxError } from './base/errors.ts'
export { createLogger, type Logger, silentLogger } from './base/logger.ts'
export { type LoadTestOptions, runLoadTest } from './load-test.ts'
export type { CustomMetrics } from './model/custom-metrics.ts'
export type { Decision } from './model/decision.ts'
export type { SampleFigures } from './model/figure-table.ts'
export type { MeasuredSnapshot } from './model/figures.ts'
export type { HistoryAnswer, HistoryRange, HistoryRow, HistoryTable, ReadHistory } from './model/history.ts'
export type { LifecycleEvent, MonitoredConnection, MonitorSummary, OperationRecord } from './model/monitor.ts'
export {
  type Quality,
  type QualityName,
  qualities,
  qualityLimits,
  qualityNames,
  type RungQuality,
} from './model/quality.ts'
export type { Score, ScoreCode, ScoreReason } from './model/score.ts'
export { type WordedReason, type WordedScore, wordScore } from './model/score-words.ts'
export { type ServeOptions, serveOptions } from './model/serve-options.ts'
export type { OutboundStats, StatsSnapshot } from './model/stats.ts'
export type { CloseReason, MediaInfo, Rung, SentTrack, StreamRecord, StreamState } from './model/stream.ts'
export type { Command } from './protocol/control.ts'
export type { LoadMoment, LoadResult, LoadScenario, LoadSession } from './protocol/load-result.ts'
export type { PanelData, PanelFigures, PanelSeries, PanelTable, PanelValue } from './protocol/panels.ts'
export { playerPath, routes, whepPath } from './protocol/routes.ts'
