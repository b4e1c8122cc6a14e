# frozen_string_literal: true

# Owns the spout that remembers: what it emitted under an id stays known until it is acked, and is emitted again under
# the same id when it failed. A `next` that emits again asks for nothing new, so that no more is pending than before.

module Polybolt
  class ReliableSpout < Spout
    # As Spout#emit; with an id the emit is remembered, as it was at this moment.
    def emit(values, id: nil, stream: nil, direct_task: nil, need_task_ids: false)
      return super if id.nil?

      frame = Frames.emit(Frames.id(id), values, stream, direct_task, false)
      polybolt_pending[JsonText.generate(id)] = frame
      return super if need_task_ids

      @polybolt_wire.outbox.write(frame)
      nil
    end

    # Forgets the tuple. An override calls super.
    def ack(id)
      polybolt_pending.delete(JsonText.generate(id))
    end

    # Has the tuple emitted again at the following `next`. An override calls super.
    def fail(id)
      key = JsonText.generate(id)
      polybolt_failed << key if polybolt_pending.key?(key)
    end

    # How many tuples have been emitted and not been acked.
    def pending_count
      polybolt_pending.size
    end

    private

    # Keyed by the id's JSON, because that is how an id comes back: a symbol as a string, say.
    def polybolt_pending
      @polybolt_pending ||= {}
    end

    def polybolt_failed
      @polybolt_failed ||= []
    end

    def polybolt_obey(message)
      message["command"] == "next" && polybolt_replay ? nil : super
    end

    # @return [Boolean] whether anything was emitted again
    def polybolt_replay
      return false if polybolt_failed.empty?

      frames = polybolt_failed.uniq.filter_map { |key| polybolt_pending[key] }
      polybolt_failed.clear
      frames.each { |frame| @polybolt_wire.outbox.write(frame) }
      frames.any?
    end
  end
end
