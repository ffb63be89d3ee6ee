// The names of log levels, apart from the logger so that reading options does not load it.

export const logLevels = ['debug', 'info', 'warning', 'error'] as const
export type LogLevel = (typeof logLevels)[number]
