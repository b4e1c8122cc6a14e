# frozen_string_literal: true

# Gathers words by their letters and emits each group when it grows. A word that comes again changes nothing, so that it does not
# matter whether a replay brings it twice.

require "polybolt"

class Anagrams < Polybolt::BasicBolt
  def prepare(_conf, _context)
    @groups = Hash.new { |groups, letters| groups[letters] = [] }
  end

  def process(tuple)
    letters, word = tuple.values
    group = @groups[letters]
    return if group.include?(word)

    group.push(word)
    emit([letters, group.sort]) if group.size > 1
  end
end

Anagrams.run
