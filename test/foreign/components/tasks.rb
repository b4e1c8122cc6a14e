# A bolt on Storm's storm.rb that emits before its first input, reads the task ids of an emit, and emits direct to one of them.
require './storm'

class Tasks < Storm::Bolt
  def prepare(_conf, _context)
    emit(['from initialize'], stream: 'opened')
  end

  def process(tup)
    ids = emit(tup.values, anchor: tup)
    emit([tup.values[0], ids.length], stream: 'picked', anchor: tup, direct_task: ids.max)
    ack(tup)
  end
end

Tasks.new.run
