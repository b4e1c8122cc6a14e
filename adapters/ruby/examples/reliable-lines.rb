#!/usr/bin/env ruby
# frozen_string_literal: true

# A spout over the lines of a file that loses none: each is emitted under its number, and again when it fails.

require "polybolt"

class ReliableLines < Polybolt::ReliableSpout
  def initialize(path)
    super()
    @path = path
  end

  def open(_conf, _context)
    @lines = File.foreach(@path, encoding: "UTF-8", chomp: true).with_index(1)
  end

  def next_tuple
    line, number = @lines.next
    emit([line.scrub], id: number)
  rescue StopIteration
    # The file is at its end: next emits only what has failed.
  end

  def fail(number)
    super
    log_warn("line #{number} failed and will be sent again")
  end
end

ReliableLines.run(ARGV.fetch(0) { abort "usage: reliable-lines.rb FILE" })
