# frozen_string_literal: true

# Owns the spout: one command at a time, each answered by one `sync` after everything that was emitted for it.

module Polybolt
  class Spout < Component
    # Called once, before the first command.
    def open(conf, context); end

    # Called again and again: emit what there is, or return.
    def next_tuple
      raise NotImplementedError, "#{self.class} needs a method next_tuple."
    end

    # The tuple emitted with this id has been processed by the whole topology.
    def ack(id); end

    # The tuple emitted with this id was failed, or took too long.
    def fail(id); end

    def activate; end

    def deactivate; end

    # @param values [Array] the values
    # @param id anything JSON can hold; it comes back in ack or fail. Without one neither is called
    # @param stream [String, nil] nil for the default stream
    # @param direct_task [Integer, nil] the one task it is for
    # @param need_task_ids [Boolean] whether to ask which tasks it went to
    # @return [TaskIds, nil] a lazy list when asked for
    # @raise [UnencodableError] when JSON cannot hold a value; nothing has been written
    def emit(values, id: nil, stream: nil, direct_task: nil, need_task_ids: false)
      @polybolt_wire.emit(Frames.id(id), values, stream, direct_task, need_task_ids)
    end

    private

    def polybolt_serve(wire)
      Session.new(self, wire).run(:open) do |message|
        begin
          polybolt_obey(message)
        rescue UnencodableError => e
          wire.error(e)
        end
        wire.sync
      end
    end

    def polybolt_obey(message)
      case message["command"]
      when "next" then next_tuple
      when "ack" then ack(message["id"])
      when "fail" then self.fail(message["id"])
      when "activate" then activate
      when "deactivate" then deactivate
      end
    end
  end
end
