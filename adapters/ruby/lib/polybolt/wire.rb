# frozen_string_literal: true

# Owns one conversation with the host: messages in, in order, and frames out. Nothing is ever waited for except the
# next input, and before that wait everything written so far is flushed.

module Polybolt
  class Wire
    CHUNK_BYTES = 65_536
    QUOTED_BYTES = 200

    attr_reader :outbox
    # Commands that have been read and not yet taken.
    attr_accessor :commands

    def initialize(input, output)
      @input = input
      @outbox = Outbox.new(output)
      @frames = FrameReader.new
      @chunk = String.new(capacity: CHUNK_BYTES)
      @commands = []
      @awaited = []
    end

    # @return [Hash] the next message that is no list of task ids
    # @raise [EndOfInput] when the host has closed the input
    # @raise [UnreadableMessageError] when the next message is no JSON object
    def next_command
      read_more while @commands.empty?
      message = @commands.shift
      message.is_a?(Hash) ? message : refuse(message)
    end

    # Reads on until the block says that it has come; commands that come meanwhile keep their order.
    def read_until
      until yield
        # Nothing follows a message that cannot be read.
        refuse(@commands.last) unless @commands.empty? || @commands.last.is_a?(Hash)
        read_more
      end
    end

    # Notes that the next list of task ids not yet promised belongs to the receiver.
    #
    # @param receiver [#fulfil]
    def await(receiver)
      @awaited << receiver
      receiver
    end

    # Reads once; takes in whatever whole messages that brings.
    def read_more
      @outbox.flush
      begin
        messages = @frames.feed(@input.readpartial(CHUNK_BYTES, @chunk))
      rescue EOFError, Errno::ECONNRESET
        messages = @finished ? [] : @frames.finish
        @finished = true
        raise EndOfInput if messages.empty?
      end
      @outbox.restart_clock
      sort(messages)
    end

    # Hot path: 0.3 µs besides the frame.
    #
    # @return [TaskIds, nil] the ids to come when they are wanted
    def emit(head, values, stream, direct_task, need_task_ids)
      # The host never answers a direct emit.
      wanted = need_task_ids && !direct_task
      @outbox.write(Frames.emit(head, values, stream, direct_task, wanted))
      if wanted
        await(TaskIds.new(self))
      elsif need_task_ids
        []
      end
    end

    def ack(tuple)
      @outbox.write(Frames.ack(tuple.wire_id))
      tuple.settled = true
    end

    def fail(tuple)
      @outbox.write(Frames.fail(tuple.wire_id))
      tuple.settled = true
    end

    def sync
      @outbox.write(Frames::SYNC)
    end

    def log(message, level)
      send_message({ "command" => "log", "msg" => ErrorText.utf8(message), "level" => level })
      @outbox.flush
    end

    def error(error)
      send_message({ "command" => "error", "msg" => ErrorText.of(error) })
      @outbox.flush
    end

    def metric(name, params)
      send_message({ "command" => "metrics", "name" => name, "params" => params })
    end

    # Writes any message.
    def send_message(message)
      @outbox.write(Frames.message(message))
    end

    private

    def sort(messages)
      messages.each do |message|
        if message.is_a?(Array)
          # A list that nobody asked for is the host's mistake and harmless.
          @awaited.shift&.fulfil(message)
        else
          @commands << message
        end
      end
    end

    def refuse(unreadable)
      quoted = unreadable.bytes.byteslice(0, QUOTED_BYTES)
      raise UnreadableMessageError,
            "cannot read a message from the host: it is no JSON object and no list of task ids. It has " \
            "#{unreadable.bytes.bytesize} bytes and begins #{quoted.dump}. Is something besides the host writing to " \
            "this component's stdin?"
    end
  end
end
