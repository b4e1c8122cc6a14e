# frozen_string_literal: true

# Owns the plain bolt: its author names anchors, acks and fails. Ticks and heartbeats are answered by the library.

module Polybolt
  class Bolt < Component
    # Called once, before the first tuple.
    def prepare(conf, context); end

    # Called for every tuple that is no tick. An exception that leaves it ends the process, except UnencodableError,
    # which fails the tuple.
    def process(tuple)
      raise NotImplementedError, "#{self.class} needs a method process(tuple)."
    end

    # Called for every tick, which the library acks afterwards.
    def process_tick(tuple); end

    # @param values [Array] the values
    # @param stream [String, nil] nil for the default stream
    # @param anchors [Tuple, Array<Tuple>, nil] the inputs it comes from
    # @param direct_task [Integer, nil] the one task it is for
    # @param need_task_ids [Boolean] whether to ask which tasks it went to
    # @return [TaskIds, nil] a lazy list when asked for
    # @raise [UnencodableError] when JSON cannot hold a value; nothing has been written
    def emit(values, stream: nil, anchors: nil, direct_task: nil, need_task_ids: false)
      @polybolt_wire.emit(polybolt_anchors(anchors), values, stream, direct_task, need_task_ids)
    end

    def ack(tuple)
      @polybolt_wire.ack(polybolt_tuple(tuple))
    end

    def fail(tuple)
      @polybolt_wire.fail(polybolt_tuple(tuple))
    end

    private

    def polybolt_serve(wire)
      Session.new(self, wire).run(:prepare) do |message|
        stream = message["stream"]
        values = message["tuple"]
        if stream == "__heartbeat" && message["task"] == -1
          wire.sync
        elsif values.is_a?(Array)
          polybolt_take(wire, Tuple.new(message["id"], message["comp"], stream, message["task"], values))
        end
      end
    end

    def polybolt_take(wire, tuple)
      if tuple.tick?
        process_tick(tuple)
        wire.ack(tuple) unless tuple.settled
      else
        process(tuple)
      end
    rescue UnencodableError => e
      wire.error(e)
      wire.fail(tuple) unless tuple.settled
    end

    def polybolt_anchors(anchors)
      case anchors
      when Tuple then anchors.wire_anchors
      when nil then nil
      when Array then Frames.anchors(anchors.map { |anchor| polybolt_tuple(anchor).wire_id })
      else polybolt_tuple(anchors)
      end
    end

    def polybolt_tuple(tuple)
      return tuple if tuple.is_a?(Tuple)

      raise ArgumentError, "anchors, ack and fail take the Tuple that process was given; this is #{tuple.inspect[0, 80]} " \
                           "(to raise an exception in a bolt, say raise: fail belongs to the tuple)."
    end
  end
end
