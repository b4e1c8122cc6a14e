#!/usr/bin/env ruby
# frozen_string_literal: true

# Splits each sentence into words. A basic bolt: every word is anchored to its sentence, which is acked at the end.

require "polybolt"

class Split < Polybolt::BasicBolt
  def process(tuple)
    tuple.values.first.scan(/[A-Za-z]+/) { |word| emit([word.downcase(:ascii)]) }
  end
end

Split.run
