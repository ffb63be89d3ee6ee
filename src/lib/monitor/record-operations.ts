// The engine with every operation on the record, so that no door has to think of it.
import { correlationId } from '../base/correlation.ts'
import type { Engine } from '../engine/engine.ts'
import type { OperationRecord } from '../model/monitor.ts'
import type { OperationLog } from './operation-log.ts'

/** The same engine to whoever calls it; names of operations are the origin's where it had one. */
export function recordOperations(engine: Engine, operations: OperationLog): Engine {
  const about = (connectionId?: string, details: OperationRecord['details'] = {}) => {
    const correlation = correlationId()
    return {
      ...(connectionId !== undefined && { connectionId }),
      ...(correlation !== undefined && { correlationId: correlation }),
      details,
    }
  }

  const recorded: Partial<Engine> = {
    open(request) {
      const { content, quality = 'auto', purpose } = request
      const type = purpose === 'test' ? 'stream_test_content' : 'stream_content'
      return operations.run(type, about(undefined, { content: content.slice(0, 300), quality }), async (note) => {
        const record = await engine.open(request)
        note({ connectionId: record.id })
        return record
      })
    },
    probe: (content, signal) =>
      operations.run('probe_content', about(undefined, { content: content.slice(0, 300) }), () =>
        engine.probe(content, signal),
      ),
    acceptOffer: (id, sdp) => operations.run('accept_offer', about(id), () => engine.acceptOffer(id, sdp)),
    createOffer: (id, options = {}) =>
      operations.run('create_offer', about(id, { ice_restart: options.iceRestart ?? false }), () =>
        engine.createOffer(id, options),
      ),
    acceptAnswer: (id, sdp) => operations.run('accept_answer', about(id), () => engine.acceptAnswer(id, sdp)),
    command(id, command) {
      if (command.type !== 'quality') return engine.command(id, command)
      return operations.run('set_quality', about(id, { quality: command.quality }), () => engine.command(id, command))
    },
    close: (id, reason = 'requested') =>
      operations.run('close_connection', about(id, { reason }), () => engine.close(id, reason)),
    closeAll: (reason = 'requested') =>
      operations.run('close_all_connections', about(undefined, { reason }), async (note) => {
        const closed = await engine.closeAll(reason)
        note({ details: { connections_closed: closed } })
        return closed
      }),
    testConnection: () =>
      operations.run('test_connection', about(), async (note) => {
        const measured = await engine.testConnection()
        note({ connectionId: measured.streamId })
        return measured
      }),
  }
  // Not a copy: `info` is worked out anew each time it is read.
  return Object.assign(Object.create(engine) as Engine, recorded)
}
