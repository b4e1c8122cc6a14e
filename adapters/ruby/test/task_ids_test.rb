# frozen_string_literal: true

# Tests of lazy task ids in a real child: read when looked into, in order, with commands between them kept.

require "helper"

class TaskIdsTest < Minitest::Test
  LAZY = <<~RUBY
    class B < Polybolt::BasicBolt
      def process(tuple)
        log("begins \#{tuple.id}")
        first = emit(["a"], need_task_ids: true)
        second = emit(["b"], need_task_ids: true)
        log("not read yet")
        emit(["second", second]) if tuple.values.first
        emit(["first", first]) if tuple.values.first
      end
    end
    B.run
  RUBY

  def answer(id, *values)
    { "command" => "emit", "anchors" => [id], "need_task_ids" => false, "tuple" => values }
  end

  it "asks for ids only when the author does, and waits only when somebody looks" do
    bolt = source(LAZY).start
    bolt.tuple("1", true)
    assert_equal "begins 1", bolt.hear["msg"]
    assert_equal({ "command" => "emit", "anchors" => ["1"], "tuple" => ["a"] }, bolt.hear)
    assert_equal ["b"], bolt.hear["tuple"]
    assert_equal "not read yet", bolt.hear["msg"]
    bolt.say([4])
    bolt.say([5, 6])
    assert_equal [answer("1", "second", [5, 6]), answer("1", "first", [4]), { "command" => "ack", "id" => "1" }], bolt.hear_many(3)
  end

  it "keeps the commands that come while it waits, in order" do
    bolt = source(LAZY).start
    heartbeat = { "id" => "h", "comp" => nil, "stream" => "__heartbeat", "task" => -1, "tuple" => [] }
    bolt.say(Child.tuple("1", true), Child.tuple("2", false))
    bolt.hear_many(4)
    bolt.say([4], heartbeat, [5])
    assert_equal [answer("1", "second", [5]), answer("1", "first", [4]), { "command" => "ack", "id" => "1" }], bolt.hear_many(3)
    assert_equal "begins 2", bolt.hear["msg"]
    bolt.hear_many(3)
    assert_equal [{ "command" => "ack", "id" => "2" }, { "command" => "sync" }], bolt.hear_many(2)
  end

  it "gives each emit its own list though earlier lists were never looked into" do
    bolt = reference("bolt").start
    bolt.tuple("1", "task_ids_unread", "x")
    assert_equal [{ "command" => "emit", "anchors" => ["1"], "tuple" => ["x"] }, { "command" => "ack", "id" => "1" }], bolt.hear_many(2)
    bolt.tuple("2", "task_ids", "y")
    assert_equal ["y"], bolt.hear["tuple"]
    bolt.say([1], [2, 3])
    assert_equal [answer("2", "task_ids", [2, 3]), { "command" => "ack", "id" => "2" }], bolt.hear_many(2)
  end

  it "asks for nothing with a direct emit and returns an empty list" do
    bolt = source("class B < Polybolt::BasicBolt
      def process(t) = emit([emit([1], direct_task: 3, need_task_ids: true)]); end; B.run").start
    bolt.tuple("1")
    assert_equal({ "command" => "emit", "anchors" => ["1"], "task" => 3, "need_task_ids" => false, "tuple" => [1] }, bolt.hear)
    assert_equal answer("1", []), bolt.hear
  end

  it "returns nil where no ids were asked for" do
    bolt = source("class B < Polybolt::BasicBolt; def process(t) = emit([emit([1]), 2]); end; B.run").start
    bolt.tuple("1")
    assert_equal [[1], [nil, 2]], bolt.hear_many(2).map { |message| message["tuple"] }
  end

  it "gives a spout its ids" do
    spout = source("class S < Polybolt::ReliableSpout
      def next_tuple = log(emit([1], id: 1, need_task_ids: true).sum); end; S.run").start
    spout.say({ "command" => "next", "id" => "" })
    assert_equal({ "command" => "emit", "id" => 1, "tuple" => [1] }, spout.hear)
    spout.say([2, 3])
    assert_equal "5", spout.hear["msg"]
  end

  it "answers to whatever an Array answers to" do
    ids = Polybolt::TaskIds.new(nil)
    ids.fulfil([3, 4])
    assert_equal 2, ids.size
    assert_equal [3, 4], ids
    assert_equal ids, [3, 4]
    assert_equal [3, 4, 5], [*ids, 5]
    assert_equal [5, 3, 4], [5] + ids
    first, second = ids
    assert_equal [3, 4], [first, second]
    assert_equal "[3, 4] [[3,4]]", "#{ids} #{JSON.generate([ids])}"
    assert_equal [4, 5], ids.map { |id| id + 1 }
    assert_equal [3, 4], ids.shuffle(random: Random.new(1)).sort
    assert_kind_of Array, ids.dup
    assert ids.is_a?(Array)
    refute_nil ids
    assert_includes [[3, 4]], ids
  end
end
