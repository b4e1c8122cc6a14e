# A bolt on Storm's storm.rb that prints on the standard output, which belongs to the protocol, and logs.
require './storm'

class Chatty < Storm::Bolt
  def process(tup)
    puts "printed #{tup.values[0]}"
    logWarn("logged #{tup.values[0]}")
    emit(tup.values, anchor: tup)
    ack(tup)
  end
end

Chatty.new.run
