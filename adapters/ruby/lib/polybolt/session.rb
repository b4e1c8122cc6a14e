# frozen_string_literal: true

# Owns one component's run, from the handshake to the exit status. Whatever way it ends, what was written is flushed:
# 0 when the host closed the input, 1 after a crash.

module Polybolt
  class Session
    class << self
      # Answers the host's first message with the process id.
      #
      # @return [Array(Hash, Hash)] configuration and context
      def handshake(wire)
        wire.outbox.start_flusher
        setup = wire.next_command
        send_pid(wire, setup["pidDir"])
        [setup["conf"] || {}, setup["context"] || {}]
      end

      def send_pid(wire, pid_dir)
        wire.send_message({ "pid" => Process.pid })
        wire.outbox.flush
        touch_pid_file(pid_dir) unless [nil, ""].include?(pid_dir)
      end

      private

      def touch_pid_file(pid_dir)
        File.write(File.join(pid_dir, Process.pid.to_s), "")
      rescue SystemCallError, TypeError, ArgumentError => e
        $stderr.puts "polybolt: cannot create the file #{Process.pid} in pidDir #{pid_dir.inspect}: #{e.message}. " \
                     "The component runs on; without the file the host may not find it to end it."
      end
    end

    # @param component [Component, Object] whose hooks are called
    # @param wire [Wire] the conversation, not yet begun
    def initialize(component, wire)
      @component = component
      @wire = wire
    end

    # @param start [Symbol] the component's hook that takes conf and context
    # @yieldparam message [Hash] each command after the handshake
    def run(start)
      conf, context = Session.handshake(@wire)
      @component.public_send(start, conf, context)
      # Not `loop`, which takes an author's StopIteration for its own.
      while true
        yield @wire.next_command
        @wire.outbox.boundary
      end
    rescue EndOfInput
      close
    rescue UnreadableMessageError => e
      $stderr.puts "polybolt: #{e.message}"
      leave
    rescue SystemExit, SignalException
      @wire.outbox.flush
      raise
    rescue Exception => e # rubocop:disable Lint/RescueException
      crash(e)
    end

    private

    def close
      @wire.outbox.flush
      @component.close if @component.is_a?(Component)
      @wire.outbox.flush
    rescue StandardError => e
      crash(e)
    end

    def crash(error)
      @wire.error(error)
      leave
    end

    def leave
      @wire.outbox.flush
      exit 1
    end
  end
end
