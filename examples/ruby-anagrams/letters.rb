# frozen_string_literal: true

# Puts the letters of each word in order: words with the same letters are anagrams of each other.

require "polybolt"

class Letters < Polybolt::BasicBolt
  def process(tuple)
    word = tuple.values.first
    emit([word.downcase.chars.sort.join, word])
  end
end

Letters.run
