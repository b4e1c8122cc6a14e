# A bolt on Storm's storm.rb: anchors, acks and fails by itself, as all of that library do.
require './storm'

class Split < Storm::Bolt
  def process(tup)
    if tup.values[0] == 'fail once' && !@failed
      @failed = true
      fail(tup)
      return
    end
    tup.values[0].split(' ').each { |word| emit([word], anchor: tup) }
    ack(tup)
  end
end

Split.new.run
