// The descriptions that one peer gives of itself.

import { type LocalSection, writeSdp } from './sdp/sdp-write.ts'
import type { Transport } from './transport.ts'

/** One session, whose version grows with each description (RFC 3264 8). */
export class Descriptions {
  readonly #sessionId: number
  #version = 1

  constructor(sessionId: number) {
    this.#sessionId = sessionId
  }

  write(
    transport: Pick<Transport, 'local' | 'candidates' | 'isGathered'>,
    setup: 'actpass' | 'active' | 'passive',
    sections: readonly LocalSection[],
  ): string {
    return writeSdp(
      { sessionId: this.#sessionId, version: this.#version++ },
      { ...transport.local, setup, candidates: transport.candidates, isComplete: transport.isGathered },
      sections,
    )
  }
}
