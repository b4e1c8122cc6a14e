# A bolt on Storm's storm.rb that raises, which ends it: that library has no basic bolt.
require './storm'

class Raises < Storm::Bolt
  def process(tup)
    raise ArgumentError, 'cannot take this' if tup.values[0] == 'bad'

    emit(tup.values, anchor: tup)
    ack(tup)
  end
end

Raises.new.run
