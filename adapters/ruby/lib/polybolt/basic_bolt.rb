# frozen_string_literal: true

# Owns the basic bolt: what it emits is anchored to its input, which is acked when `process` returns and failed when it
# raises. Each input is settled exactly once, and the process lives on.

module Polybolt
  class BasicBolt < Bolt
    # As Bolt#emit. Without `anchors` the emit is anchored to the tuple being processed; `anchors: []` leaves it alone.
    def emit(values, stream: nil, anchors: @polybolt_input, direct_task: nil, need_task_ids: false)
      @polybolt_wire.emit(polybolt_anchors(anchors), values, stream, direct_task, need_task_ids)
    end

    private

    def polybolt_take(wire, tuple)
      @polybolt_input = tuple
      tuple.tick? ? process_tick(tuple) : process(tuple)
      wire.ack(tuple) unless tuple.settled
    rescue StandardError, ScriptError, SystemStackError => e
      wire.error(e)
      wire.fail(tuple) unless tuple.settled
    ensure
      @polybolt_input = nil
    end
  end
end
