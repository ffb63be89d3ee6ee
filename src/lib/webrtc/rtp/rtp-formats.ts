// What a payload type means on one connection, as the SDP of the sender said.
import type { MediaKind, RtpCodec } from '../../model/track.ts'
import { codecsOf, type SdpSection, transportSequenceUri } from '../sdp/sdp.ts'

export interface RtpFormat {
  readonly kind: MediaKind
  readonly codec: RtpCodec
  readonly isRtx: boolean
  /** Of the media the RTX belongs to. */
  readonly payloadType: number
}

export class RtpFormats {
  readonly #formats = new Map<number, RtpFormat>()
  /** Id of the transport-wide sequence extension; undefined when there is none. */
  transportSequenceId: number | undefined

  learn(sections: readonly SdpSection[]): void {
    for (const section of sections) {
      if (section.kind === 'application') continue
      this.transportSequenceId ??= section.extensions.get(transportSequenceUri)
      for (const { codec, payloadType, rtxPayloadType } of codecsOf(section)) {
        const format = { kind: section.kind as MediaKind, codec, payloadType }
        this.#formats.set(payloadType, { ...format, isRtx: false })
        if (rtxPayloadType !== undefined) this.#formats.set(rtxPayloadType, { ...format, isRtx: true })
      }
    }
  }

  of(payloadType: number): RtpFormat | undefined {
    return this.#formats.get(payloadType)
  }
}
