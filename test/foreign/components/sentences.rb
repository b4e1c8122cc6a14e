# A reliable spout on Storm's storm.rb. It emits one step at a time, the next when the last has its verdict, and tells every verdict on a stream.
require './storm'

class Sentences < Storm::Spout
  def open(_conf, _context)
    @steps = [
      [0, 'the quick fox', 'default'],
      ['two', 'fail once', 'default'],
      [[3], 'good', 'risky'],
      [{ 'four' => 4 }, 'bad', 'risky'],
      [5, 'good again', 'risky']
    ]
    emit(['from initialize'], stream: 'opened')
  end

  def nextTuple
    return if @waiting || !(@replay || @steps.any?)

    @step = @replay || @steps.shift
    @replay = nil
    @waiting = true
    id, text, stream = @step
    emit([text], stream: stream, id: id)
  end

  def ack(id)
    verdict('ack', id)
  end

  def fail(id)
    @replay = @step if id == 'two'
    verdict('fail', id)
  end

  def verdict(kind, id)
    @waiting = false
    emit([kind, id], stream: 'verdicts')
  end
end

Sentences.new.run
