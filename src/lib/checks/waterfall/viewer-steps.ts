// What a viewer met on its way, as the later steps of a waterfall.
import type { ErrorCode } from '../../base/errors.ts'
import type { SentTrack } from '../../model/stream.ts'
import type { WaterfallStep, WaterfallStepName } from '../../protocol/waterfall.ts'
import { explainPath } from '../webrtc/explain-path.ts'
import type { PathOptions, PathRun, PathStepName } from '../webrtc/path-run.ts'
import { pathTroubles } from '../webrtc/path-troubles.ts'

interface ViewerStepsOptions extends PathOptions {
  readonly url: string
  /** When the viewer began, since the waterfall did. */
  readonly startMs: number
  /** The server has told the steps up to the tracks. */
  readonly isTold: boolean
}

/** Where the server refuses an offer because of the content: of one that does not tell its steps. */
const contentSteps: Partial<Record<ErrorCode, WaterfallStepName>> = {
  INVALID_CID: 'parsed',
  CONTENT_NOT_FOUND: 'found',
  CONTENT_TIMEOUT: 'found',
  KUBO_UNREACHABLE: 'dial',
  CONTENT_CORRUPT: 'verified',
  NOT_MEDIA: 'demux',
  MEDIA_CORRUPT: 'demux',
  AMBIGUOUS_CONTENT: 'demux',
}
const codecCodes: readonly ErrorCode[] = ['ENCODER_MISSING', 'CODEC_UNSUPPORTED']

export async function viewerSteps(run: PathRun, options: ViewerStepsOptions): Promise<WaterfallStep[]> {
  const { startMs } = options
  const done = run.steps.flatMap((step): WaterfallStep[] => {
    if (step.step === 'offer') return offerSteps(run, step.ms, options)
    const { detail, ms } = step
    const more = detail === undefined ? {} : { detail }
    return [
      { step: waterfallName(step.step), where: 'here', status: 'done', startMs: startMs + step.startMs, ms, ...more },
    ]
  })
  return run.failure ? [...done, await failedStep(run, options)] : done
}

/** `control` is none of them. */
const waterfallName = (step: PathStepName): WaterfallStepName => (step === 'control' ? 'steady' : step)

/** One request: the server says what of it went into opening the content and into the decision what to send. */
function offerSteps({ session, sent }: PathRun, ms: number, { startMs, isTold }: ViewerStepsOptions): WaterfallStep[] {
  const { openMs = 0, choiceMs } = session?.times ?? {}
  const at = (step: WaterfallStepName, from: number, took: number, where: 'here' | 'server', detail?: string) =>
    ({ step, where, status: 'done', startMs: startMs + from, ms: took, ...(detail && { detail }) }) as const
  const openedMs = isTold ? 0 : openMs
  const chosenMs = openedMs + (choiceMs ?? 0)
  return [
    ...(isTold || !session?.times
      ? []
      : [at('demux', 0, openMs, 'server', 'found and opened: the server tells no more')]),
    ...(choiceMs === undefined ? [] : [at('codec', openedMs, choiceMs, 'server', decision(sent))]),
    at('offer', chosenMs, Math.max(0, ms - chosenMs), 'here'),
  ]
}

/** `video vp9 as it is, audio aac transcoded to opus`. */
const decision = (sent: readonly SentTrack[]): string =>
  sent
    .map(({ kind, codec, sourceCodec, transcoded }) =>
      transcoded ? `${kind} ${sourceCodec} transcoded to ${codec}` : `${kind} ${codec} as it is`,
    )
    .join(', ')

async function failedStep(run: PathRun, options: ViewerStepsOptions): Promise<WaterfallStep> {
  const { step, error, startMs, ms } = run.failure!
  const failed = { where: 'here', status: 'failed', startMs: options.startMs + startMs, ms, code: error.code } as const
  if (step === 'offer' || error.code !== 'PEER_FAILED') {
    const isCodec = codecCodes.includes(error.code)
    const ofContent = step === 'offer' && !options.isTold ? contentSteps[error.code] : undefined
    const name = isCodec ? 'codec' : (ofContent ?? waterfallName(step))
    const fix = error.hint === '' ? {} : { fix: error.hint }
    return { ...failed, step: name, where: isCodec || ofContent ? 'server' : 'here', cause: error.message, ...fix }
  }
  const { trouble, detail, fix } = await explainPath(run, options)
  const known = pathTroubles[trouble]
  return { ...failed, step: waterfallName(step), detail, cause: known.cause, fix: fix ?? known.fix }
}
