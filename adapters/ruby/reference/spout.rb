#!/usr/bin/env ruby
# frozen_string_literal: true

# The conformance kit's reliable spout: numbered tuples, emitted again when they fail.

require_relative "../lib/polybolt"

class ReferenceSpout < Polybolt::ReliableSpout
  def open(conf, _context)
    @count = conf.fetch("reference.count", 10)
    @batch = conf.fetch("reference.batch", 1)
    @unreliable = conf["reference.unreliable"]
    @throw = conf["reference.throw"]
    @next = 0
  end

  def next_tuple
    raise "reference.throw is set" if @throw

    @batch.times do
      break if @next >= @count

      emit(["spout", @next], id: @unreliable ? nil : @next)
      @next += 1
    end
  end

  def ack(id)
    super
    log_debug("acked #{id}")
  end

  def fail(id)
    super
    log_debug("failed #{id}")
  end
end

ReferenceSpout.run
