// The names of log levels and formats, apart from the logger so that reading options does not load it.

export const logLevels = ['debug', 'info', 'warning', 'error'] as const
export type LogLevel = (typeof logLevels)[number]

/** `auto`: text where stderr is a terminal, JSON elsewhere. */
export const logFormats = ['auto', 'text', 'json'] as const
export type LogFormat = (typeof logFormats)[number]
