#!/usr/bin/env ruby
# frozen_string_literal: true

# A spout over the lines of a file, named on the command line. It emits without ids: a line that fails is lost.

require "polybolt"

class Lines < Polybolt::Spout
  def initialize(path)
    super()
    @path = path
  end

  def open(_conf, _context)
    @lines = File.foreach(@path, encoding: "UTF-8", chomp: true)
  end

  def next_tuple
    emit([@lines.next.scrub])
  rescue StopIteration
    # The file is at its end: next has nothing to emit.
  end
end

Lines.run(ARGV.fetch(0) { abort "usage: lines.rb FILE" })
