# frozen_string_literal: true

# Tests of a component's life in a real child: handshake, unreadable input, crashes, the end of input at every stage.

require "helper"

class SessionTest < Minitest::Test
  it "sends the pid first and then creates an empty file of that name in pidDir" do
    Dir.mktmpdir do |dir|
      bolt = reference("bolt").start(pid_dir: dir)
      bolt.tuple("1", "fail")
      assert_equal({ "command" => "fail", "id" => "1" }, bolt.hear)
      assert_equal [bolt.pid.to_s], Dir.children(dir)
      assert_equal 0, File.size(File.join(dir, bolt.pid.to_s))
    end
  end

  it "sends the pid before anything that prepare writes" do
    bolt = source("class B < Polybolt::Bolt; def prepare(conf, context) = log(context['taskid']); end; B.run")
    bolt.start
    assert_equal({ "command" => "log", "msg" => "7", "level" => 2 }, bolt.hear)
  end

  it "reports a pidDir that cannot be written on stderr and lives on" do
    bolt = reference("bolt").start(pid_dir: "/nowhere/at/all")
    bolt.tuple("1", "fail")
    assert_equal "fail", bolt.hear["command"]
    assert_equal 0, bolt.finish
    assert_match(%r{\Apolybolt: cannot create the file \d+ in pidDir "/nowhere/at/all": .+ runs on}, bolt.stderr)
  end

  it "reads a handshake without conf, context and pidDir" do
    bolt = reference("bolt")
    bolt.say({ "unheard" => "of" })
    assert_equal({ "pid" => bolt.pid }, bolt.hear)
    bolt.tuple("1", "conf", "x")
    assert_equal ["conf", "x", nil], bolt.hear["tuple"]
  end

  it "ends with status 0 at the end of input before, in and after the handshake" do
    before = reference("bolt")
    inside = reference("plain-bolt")
    inside.write('{"conf":{')
    after = reference("spout").start
    [before, inside, after].each do |child|
      assert_equal 0, child.finish
      assert_empty child.rest
      assert_empty child.stderr
    end
  end

  it "handles what came before half a message at the end of input" do
    bolt = reference("bolt").start
    bolt.write("#{Child.frame(Child.tuple('1', 'echo'))}{\"id\":\"2\",")
    assert_equal 0, bolt.finish
    assert_equal <<~FRAMES, bolt.rest
      {"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["echo"]}
      end
      {"command":"ack","id":"1"}
      end
    FRAMES
  end

  it "handles a last message whose end line has no line break" do
    bolt = reference("bolt").start
    bolt.write(Child.frame(Child.tuple("1", "fail")).chomp)
    assert_equal 0, bolt.finish
    assert_equal "{\"command\":\"fail\",\"id\":\"1\"}\nend\n", bolt.rest
  end

  it "ends with status 0 at the end of input while it waits for task ids, and calls the close hook" do
    bolt = source(<<~RUBY).start
      class B < Polybolt::BasicBolt
        def process(tuple)
          emit([1], need_task_ids: true).first
          log("not reached")
        rescue => e
          log("not caught")
        end
        def close = log("closed")
      end
      B.run
    RUBY
    bolt.tuple("1")
    assert_equal({ "command" => "emit", "anchors" => ["1"], "tuple" => [1] }, bolt.hear)
    assert_equal 0, bolt.finish
    assert_equal "{\"command\":\"log\",\"msg\":\"closed\",\"level\":2}\nend\n", bolt.rest
  end

  it "says what it cannot read, quotes its first 200 bytes and ends with status 1" do
    bolt = reference("bolt").start
    bolt.write("#{Child.frame(Child.tuple('1', 'fail'))}oops\t#{'x' * 300}\nend\n")
    assert_equal 1, bolt.status
    assert_equal "{\"command\":\"fail\",\"id\":\"1\"}\nend\n", bolt.rest
    assert_match(/\Apolybolt: cannot read a message from the host: .* 306 bytes and begins "oops\\tx{195}"\./, bolt.stderr)
  end

  it "ends with status 1 when it cannot read a message while it waits for task ids" do
    bolt = reference("bolt").start
    bolt.tuple("1", "task_ids")
    bolt.hear
    bolt.write("oops\nend\n")
    assert_equal 1, bolt.status
    assert_match(/\Apolybolt: cannot read a message/, bolt.stderr)
  end

  it "answers heartbeats in order" do
    bolt = reference("bolt").start
    heartbeat = { "id" => "9", "comp" => nil, "stream" => "__heartbeat", "task" => -1, "tuple" => [] }
    bolt.say(heartbeat, Child.tuple("1", "fail"), heartbeat, heartbeat, Child.tuple("2", "fail"))
    assert_equal(%w[sync fail sync sync fail], bolt.hear_many(5).map { |message| message["command"] })
  end

  it "ignores unknown commands, unknown keys and task ids that nobody asked for" do
    bolt = reference("plain-bolt").start
    bolt.say({ "command" => "dance" }, {}, [1, 2], Child.tuple("1", "echo").merge("colour" => "blue"))
    assert_equal ["echo"], bolt.hear["tuple"]
    assert_equal({ "command" => "ack", "id" => "1" }, bolt.hear)
    spout = reference("spout").start
    spout.say({ "command" => "dance", "id" => "" })
    assert_equal({ "command" => "sync" }, spout.hear)
  end

  { "prepare" => "Bolt", "open" => "Spout" }.each do |hook, kind|
    it "reports what leaves #{hook} and ends with status 1" do
      child = source("class C < Polybolt::#{kind}; def #{hook}(conf, context) = raise('no luck'); end; C.run").start
      error = child.hear
      assert_equal "error", error["command"]
      assert_match(/-e:1:in .*#{hook}.*no luck \(RuntimeError\)\n\tfrom /m, error["msg"])
      assert_equal 1, child.status
      assert_empty child.rest
    end
  end

  it "does not take an author's StopIteration for the end" do
    bolt = source("class B < Polybolt::Bolt; def process(t) = [].each.next; end; B.run").start
    bolt.tuple("1")
    assert_match(/StopIteration/, bolt.hear["msg"])
    assert_equal 1, bolt.status
  end

  it "writes what is waiting when the author exits, and keeps the author's status" do
    bolt = source("class B < Polybolt::Bolt; def process(t); ack(t); exit 5; end; end; B.run").start
    bolt.tuple("1")
    assert_equal({ "command" => "ack", "id" => "1" }, bolt.hear)
    assert_equal 5, bolt.status
  end

  it "ends with status 1 in silence when the host no longer listens" do
    bolt = reference("bolt").start
    bolt.stop_listening
    bolt.tuple("1", "echo")
    assert_equal 1, bolt.status
    assert_empty bolt.stderr
  end

  it "ends with status 1 in silence when the flusher finds the host gone" do
    bolt = source("class B < Polybolt::BasicBolt; def process(t); emit([1]); sleep; end; end; B.run").start
    bolt.stop_listening
    bolt.tuple("1")
    assert_equal 1, bolt.status
    assert_empty bolt.stderr
  end

  it "reports an error whose text is no UTF-8" do
    bolt = source('class B < Polybolt::BasicBolt; def process(t) = raise("caf\xe9".b); end; B.run').start
    bolt.tuple("1")
    assert_match(/caf\ufffd/, bolt.hear["msg"])
    assert_equal({ "command" => "fail", "id" => "1" }, bolt.hear)
  end
end
