# frozen_string_literal: true

# Tests of spouts: one sync a command, replays of the reliable spout, what ends a spout and what does not.

require "helper"

class SpoutTest < Minitest::Test
  SYNC = { "command" => "sync" }.freeze
  NEXT = { "command" => "next", "id" => "" }.freeze

  # Everything that comes up to the sync.
  def turn(spout, message)
    spout.say(message)
    messages = []
    messages << spout.hear until messages.last == SYNC
    messages[0..-2]
  end

  def values(messages)
    messages.map { |message| message["tuple"] }
  end

  it "emits with ids, in exactly these bytes, and a sync at the end" do
    spout = reference("spout").start
    spout.say(NEXT)
    assert_equal '{"command":"emit","id":0,"need_task_ids":false,"tuple":["spout",0]}', spout.hear_line
    assert_equal '{"command":"sync"}', spout.hear_line
  end

  it "emits a batch a next, without ids if unreliable, until the count is reached" do
    spout = reference("spout").start(conf: { "reference.count" => 3, "reference.batch" => 2, "reference.unreliable" => true })
    assert_equal [["spout", 0], ["spout", 1]], values(first = turn(spout, NEXT))
    refute first.first.key?("id")
    assert_equal [["spout", 2]], values(turn(spout, NEXT))
    assert_empty turn(spout, NEXT)
  end

  it "ends every command with exactly one sync" do
    spout = reference("spout").start
    %w[activate deactivate next ack fail].each do |command|
      spout.say({ "command" => command, "id" => 99 })
    end
    assert_equal 0, spout.finish
    assert_equal 5, spout.rest.scan('{"command":"sync"}').size
  end

  it "emits a failed tuple again under its id at the next next, before new ones" do
    spout = reference("spout").start
    2.times { turn(spout, NEXT) }
    assert_equal [{ "command" => "log", "msg" => "failed 0", "level" => 1 }], turn(spout, { "command" => "fail", "id" => 0 })
    turn(spout, { "command" => "fail", "id" => 1 })
    again = turn(spout, NEXT)
    assert_equal [[0, ["spout", 0]], [1, ["spout", 1]]], again.map { |message| message.values_at("id", "tuple") }
    assert_equal [["spout", 2]], values(turn(spout, NEXT))
  end

  it "forgets what was acked: a fail after that emits nothing again" do
    spout = reference("spout").start
    turn(spout, NEXT)
    assert_equal [{ "command" => "log", "msg" => "acked 0", "level" => 1 }], turn(spout, { "command" => "ack", "id" => 0 })
    turn(spout, { "command" => "fail", "id" => 0 })
    assert_equal [["spout", 1]], values(turn(spout, NEXT))
  end

  it "emits once again a tuple that failed twice, and nothing that was acked after it failed" do
    spout = reference("spout").start(conf: { "reference.batch" => 2 })
    turn(spout, NEXT)
    [["fail", 0], ["fail", 0], ["fail", 1], ["ack", 1]].each { |command, id| turn(spout, { "command" => command, "id" => id }) }
    assert_equal [["spout", 0]], values(turn(spout, NEXT))
  end

  it "emits again what was emitted, on its stream, whatever became of the values and of the id's type" do
    spout = source(<<~RUBY).start
      class S < Polybolt::ReliableSpout
        def next_tuple
          values = [[1]]
          emit(values, id: :a, stream: "s", direct_task: 4)
          values.first.clear
        end
      end
      S.run
    RUBY
    expected = [{ "command" => "emit", "id" => "a", "stream" => "s", "task" => 4, "need_task_ids" => false, "tuple" => [[1]] }]
    assert_equal expected, turn(spout, NEXT)
    turn(spout, { "command" => "fail", "id" => "a" })
    assert_equal expected, turn(spout, NEXT)
  end

  it "remembers nothing that could not be encoded, reports it and lives on" do
    spout = source(<<~RUBY).start
      class S < Polybolt::ReliableSpout
        def next_tuple = emit([Float::NAN], id: 1)
        def activate = log(pending_count)
      end
      S.run
    RUBY
    assert_match(/the values of an emit cannot be written as JSON/, turn(spout, NEXT).first["msg"])
    assert_equal "0", turn(spout, { "command" => "activate" }).first["msg"]
  end

  it "takes 0 and the empty string for ids" do
    spout = source("class S < Polybolt::Spout
      def next_tuple; emit([1], id: 0); emit([2], id: ''); emit([3]); end; end; S.run").start
    assert_equal [0, "", nil], turn(spout, NEXT).map { |message| message["id"] }
  end

  it "calls activate and deactivate" do
    spout = source("class S < Polybolt::Spout; def activate = log('on'); def deactivate = log('off'); end; S.run").start
    assert_equal "on", turn(spout, { "command" => "activate", "id" => "" }).first["msg"]
    assert_equal "off", turn(spout, { "command" => "deactivate", "id" => "" }).first["msg"]
  end

  it "reports what leaves next_tuple, ack or fail and ends with status 1" do
    throwing = reference("spout").start(conf: { "reference.throw" => true })
    throwing.say(NEXT)
    assert_match(/reference.throw is set \(RuntimeError\)/, throwing.hear["msg"])
    assert_equal 1, throwing.status
    assert_empty throwing.rest
    %w[ack fail].each do |command|
      spout = source("class S < Polybolt::Spout; def #{command}(id) = raise('no luck'); end; S.run").start
      spout.say({ "command" => command, "id" => 1 })
      assert_match(/no luck/, spout.hear["msg"])
      assert_equal 1, spout.status
    end
  end
end
