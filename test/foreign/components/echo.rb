# A bolt on Storm's storm.rb that takes whatever comes, ticks too: it emits the values anchored, waits for the task ids, logs and acks.
require './storm'

class Echo < Storm::Bolt
  def process(tup)
    ids = emit(tup.values, anchor: tup)
    logInfo("echoed to #{ids.size} tasks")
    ack(tup)
  end
end

Echo.new.run
