# frozen_string_literal: true

# Owns the bytes that wait to go to the host, and when they go. Only whole frames are ever appended, each by one call
# that cannot be interrupted, so that the flusher's thread may flush at any time.

module Polybolt
  class Outbox
    FLUSH_BYTES = 65_536
    FLUSH_AFTER_S = 0.002

    # How often something was written to the host: the flusher sees by it whether user code is stuck.
    attr_reader :flushes

    # @param output [IO] where to write
    # @param clock [#call] the monotonic time in seconds
    def initialize(output, clock: -> { Process.clock_gettime(Process::CLOCK_MONOTONIC) })
      @output = output
      @output.sync = true
      @clock = clock
      @bytes = String.new(encoding: Encoding::UTF_8, capacity: FLUSH_BYTES)
      @lock = Mutex.new
      @flushes = 0
      @since_s = clock.call
      @flusher = Flusher.new(self)
    end

    # Starts the thread that flushes while user code blocks.
    def start_flusher
      @flusher.start
    end

    # Hot path: 0.2 µs.
    def write(frame)
      @bytes << frame
      @flusher.wake if @flusher.asleep
      flush if @bytes.bytesize >= FLUSH_BYTES
    end

    def empty?
      @bytes.empty?
    end

    # A tuple or command has been dealt with: what has waited long enough goes.
    def boundary
      flush if !@bytes.empty? && @clock.call - @since_s >= FLUSH_AFTER_S
    end

    # Input has arrived after a wait in which nothing was there to be flushed: waiting counts from now.
    def restart_clock
      @since_s = @clock.call
    end

    def flush
      return if @bytes.empty?

      # An author's Timeout must not cut a frame in two, and one thread at a time takes bytes and writes them, or a
      # later piece could overtake an earlier one.
      Thread.handle_interrupt(Exception => :never) do
        @lock.synchronize { write_out(@bytes.slice!(0, @bytes.bytesize)) }
      end
      restart_clock
    rescue Errno::EPIPE, Errno::ECONNRESET
      # The host is gone; there is nobody left to tell.
      @gone = true
      exit 1
    end

    private

    def write_out(bytes)
      @output.write(bytes) unless @gone
      @flushes += 1
    end
  end
end
