// What a viewer itself measured of its stream: nobody else can know it.

/**
 * Names after W3C webrtc-stats; counters since the stream began. Absent is not known, never zero: a viewer without a screen
 * decodes nothing, one without video freezes nowhere.
 */
export interface ViewerReport {
  /** From the request to the first frame that was shown, or, without a screen, received whole. */
  readonly firstFrameMs?: number
  readonly framesReceived?: number
  readonly framesDecoded?: number
  readonly framesDropped?: number
  /** Over the time since the report before. */
  readonly framesPerSecond?: number
  readonly frameWidth?: number
  readonly frameHeight?: number
  /** Freezes as W3C defines them, with the one that lasts, without the time in which the viewer asked for a still picture. */
  readonly freezeCount?: number
  readonly totalFreezesDurationS?: number
  /** Mean time that media waited in the jitter buffer, since the report before. */
  readonly jitterBufferDelayMs?: number
  /** Samples of sound that had to be made up, and all of them. */
  readonly concealedSamples?: number
  readonly totalSamplesReceived?: number
  readonly bytesReceived?: number
  readonly packetsReceived?: number
  readonly packetsLost?: number
  readonly roundTripTimeMs?: number
}

/** The fields, and the most that is believed of each. */
export const viewerReportLimits: Readonly<Record<keyof ViewerReport, number>> = {
  firstFrameMs: 3_600_000,
  framesReceived: Number.MAX_SAFE_INTEGER,
  framesDecoded: Number.MAX_SAFE_INTEGER,
  framesDropped: Number.MAX_SAFE_INTEGER,
  framesPerSecond: 1000,
  frameWidth: 65_535,
  frameHeight: 65_535,
  freezeCount: Number.MAX_SAFE_INTEGER,
  totalFreezesDurationS: 1e9,
  jitterBufferDelayMs: 3_600_000,
  concealedSamples: Number.MAX_SAFE_INTEGER,
  totalSamplesReceived: Number.MAX_SAFE_INTEGER,
  bytesReceived: Number.MAX_SAFE_INTEGER,
  packetsReceived: Number.MAX_SAFE_INTEGER,
  packetsLost: Number.MAX_SAFE_INTEGER,
  roundTripTimeMs: 3_600_000,
}

/**
 * Counters, and the most that each can grow in a second: what says more is a lie, and sums over all viewers would never get over it.
 * All but the duration are whole numbers.
 */
export const viewerCounterRates: Partial<Record<keyof ViewerReport, number>> = {
  framesReceived: 1000,
  framesDecoded: 1000,
  framesDropped: 1000,
  freezeCount: 100,
  totalFreezesDurationS: 1,
  concealedSamples: 400_000,
  totalSamplesReceived: 400_000,
  bytesReceived: 1.25e9,
  packetsReceived: 1e6,
  packetsLost: 1e6,
}
/** The viewer may have begun to count before the stream was open here. */
const countedBeforeS = 60

/** The counters that cannot be as large as they are in a stream of this age. */
export const impossibleCounters = (report: ViewerReport, ageS: number): (keyof ViewerReport)[] =>
  (Object.keys(viewerCounterRates) as (keyof ViewerReport)[]).filter(
    (field) => (report[field] ?? 0) > viewerCounterRates[field]! * (ageS + countedBeforeS),
  )

/** A viewer that was silent for so long does not report: what it said last says nothing about now. */
export const viewerReportStaleMs = 10_000
