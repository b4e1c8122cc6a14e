#!/usr/bin/env ruby
# frozen_string_literal: true

# Counts words and emits each with its count so far. At every tick it logs how many different words it has seen.

require "polybolt"

class Count < Polybolt::BasicBolt
  def prepare(_conf, _context)
    @counts = Hash.new(0)
  end

  def process(tuple)
    word = tuple.values.first
    emit([word, @counts[word] += 1])
  end

  def process_tick(_tuple)
    log_info("#{@counts.size} different words")
  end
end

Count.run
