# frozen_string_literal: true

# Emits the words of a file, one a line, and again each that failed. Usage: words.rb FILE

require "polybolt"

class Words < Polybolt::ReliableSpout
  def initialize(path)
    super()
    @path = path
  end

  def open(_conf, _context)
    @words = File.foreach(@path, encoding: "UTF-8", chomp: true).with_index(1)
  end

  def next_tuple
    word, number = @words.next
    emit([word.scrub], id: number)
  rescue StopIteration
    # The file is at its end: next emits only what has failed.
  end
end

Words.run(ARGV.fetch(0) { abort "usage: words.rb FILE" })
