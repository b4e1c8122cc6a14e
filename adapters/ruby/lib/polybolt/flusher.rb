# frozen_string_literal: true

# Owns the thread that flushes the outbox while user code blocks, so that a slow bolt does not look dead.
# It sleeps without a timer while nothing is written at all, and costs the hot path one look at a flag.

module Polybolt
  class Flusher
    WAIT_S = 0.010

    # True when the thread has lain down and must be woken after a write.
    attr_reader :asleep

    def initialize(outbox)
      @outbox = outbox
      @bell = Queue.new
      @asleep = false
    end

    def start
      @thread = Thread.new { watch }
      @thread.report_on_exception = false
      @thread.abort_on_exception = true
      self
    end

    def wake
      @asleep = false
      @bell << true
    end

    private

    def watch
      seen = nil
      loop do
        rest if @outbox.flushes == seen
        seen = @outbox.flushes
        sleep WAIT_S
        @outbox.flush if @outbox.flushes == seen
      end
    end

    # The flag goes up before the look into the outbox: a write between the two rings the bell, which remembers it.
    def rest
      @asleep = true
      @bell.pop if @outbox.empty?
      @asleep = false
    end
  end
end
