# frozen_string_literal: true

# Tests of the drop-in storm.rb: components written for Apache Storm's module, in a real child, unmodified.

require "helper"

class StormTest < Minitest::Test
  def storm(code)
    keep(Child.new([RbConfig.ruby, "-W0", "--disable-gems", "-e", "require \"storm\"\n#{code}"], env: { "RUBYLIB" => File.join(ROOT, "lib") }))
  end

  SPLIT = <<~RUBY
    class SplitSentence < Storm::Bolt
      def process(tup)
        tup.values[0].split(" ").each { |word| emit([word], :anchor => tup) }
        ack(tup)
      end
    end
    SplitSentence.new.run
  RUBY

  it "runs a bolt without waiting for the task ids, and asks for them as Storm does" do
    bolt = storm(SPLIT).start
    bolt.tuple("1", "a b")
    assert_equal ['{"command":"emit","anchors":["1"],"tuple":["a"]}', '{"command":"emit","anchors":["1"],"tuple":["b"]}',
                  '{"command":"ack","id":"1"}'], Array.new(3) { bolt.hear_line }
    bolt.say([1], [2])
    bolt.tuple("2", "c")
    assert_equal '{"command":"emit","anchors":["2"],"tuple":["c"]}', bolt.hear_line
    assert_equal '{"command":"ack","id":"2"}', bolt.hear_line
    bolt.say([3])
    assert_equal 0, bolt.finish
    assert_empty bolt.rest
  end

  it "answers heartbeats, passes ticks to process, and knows every option of emit" do
    bolt = storm(<<~RUBY).start
      class B < Storm::Bolt
        def process(tup)
          emit([tup.is_heartbeat, tup.component], :anchors => [tup, tup], :stream => "s")
          emit([1], :direct_task => 4)
          emit([2])
          fail(tup)
        end
      end
      B.new.run
    RUBY
    bolt.say({ "id" => "h", "comp" => nil, "stream" => "__heartbeat", "task" => -1, "tuple" => [] })
    assert_equal '{"command":"sync"}', bolt.hear_line
    bolt.tuple("1", 5, component: "__system", stream: "__tick", task: -1)
    assert_equal ['{"command":"emit","anchors":["1","1"],"stream":"s","tuple":[false,"__system"]}',
                  '{"command":"emit","task":4,"need_task_ids":false,"tuple":[1]}', '{"command":"emit","tuple":[2]}',
                  '{"command":"fail","id":"1"}'], Array.new(4) { bolt.hear_line }
  end

  it "returns lists that are read when looked into, and nil from a direct emit" do
    bolt = storm(<<~RUBY).start
      class B < Storm::Bolt
        def process(tup)
          first, second = emit(["a"]), emit(["b"])
          log([second.length, first == [7], emit(["c"], :direct_task => 1)].inspect)
          ack(tup)
        end
      end
      B.new.run
    RUBY
    bolt.tuple("1")
    bolt.hear_many(2)
    bolt.tuple("2")
    bolt.say([7], [8, 9])
    assert_equal ["c"], bolt.hear["tuple"]
    assert_equal "[2, true, nil]", bolt.hear["msg"]
    assert_equal "1", bolt.hear["id"]
    assert_equal ["a"], bolt.hear["tuple"]
  end

  it "leaves the ids of an emit written by hand where Storm leaves them" do
    bolt = storm(<<~RUBY).start
      class B < Storm::Bolt
        def process(tup)
          emit(["lazy"])
          send_msg_to_parent({ :command => :emit, :tuple => ["by hand"] })
          log(read_task_ids.inspect)
          log(Storm::Protocol.pending_commands.length)
        end
      end
      B.new.run
    RUBY
    bolt.tuple("1")
    assert_equal [["lazy"], ["by hand"]], bolt.hear_many(2).map { |message| message["tuple"] }
    bolt.say([1], { "command" => "kept" }, [2])
    assert_equal "[2]", bolt.hear["msg"]
    assert_equal "1", bolt.hear["msg"]
  end

  it "logs at every level and reports errors" do
    bolt = storm(<<~RUBY).start
      class B < Storm::Bolt
        def prepare(conf, context)
          logTrace(0); logDebug(1); logInfo(2); logWarn(3); logError(4); log("x"); reportError(:oh)
        end
      end
      B.new.run
    RUBY
    assert_equal [["0", 0], ["1", 1], ["2", 2], ["3", 3], ["4", 4], ["x", 2], ["oh", nil]],
                 bolt.hear_many(7).map { |message| message.values_at("msg", "level") }
  end

  it "runs a spout: hooks, ids, a sync after every command" do
    spout = storm(<<~RUBY).start(conf: { "k" => "v" })
      class S < Storm::Spout
        def open(conf, context) = @conf = conf
        def nextTuple = emit([@conf["k"]], :id => 0)
        def activate = log("on")
        def deactivate = log("off")
        def ack(id) = log("ack \#{id}")
        def fail(id) = log("fail \#{id}")
      end
      S.new.run
    RUBY
    spout.say({ "command" => "next", "id" => "" })
    assert_equal ['{"command":"emit","id":0,"tuple":["v"]}', '{"command":"sync"}'], [spout.hear_line, spout.hear_line]
    spout.say([3])
    { "activate" => "on", "deactivate" => "off", "ack" => "ack 0", "fail" => "fail 0" }.each do |command, msg|
      spout.say({ "command" => command, "id" => 0 })
      assert_equal [msg, nil], spout.hear_many(2).map { |message| message["msg"] }
    end
  end

  it "reports a crash and ends with status 1, unlike Storm's" do
    [["Bolt", "process(t)", Child.tuple("1")], ["Spout", "nextTuple", { "command" => "next" }]].each do |kind, hook, message|
      child = storm("class C < Storm::#{kind}; def #{hook} = raise('no luck'); end; C.new.run").start
      child.say(message)
      assert_match(/no luck \(RuntimeError\)/, child.hear["msg"])
      assert_equal 1, child.status
    end
  end

  it "keeps prints off the protocol, and ends with status 0 at the end of input" do
    bolt = storm("class B < Storm::Bolt; def process(t); puts 'hello'; ack(t); end; end; B.new.run").start
    bolt.tuple("1")
    assert_equal '{"command":"ack","id":"1"}', bolt.hear_line
    assert_equal 0, bolt.finish
    assert_equal "hello\n", bolt.stderr
  end

  it "does not call a close method, which Storm has not" do
    bolt = storm("class B < Storm::Bolt; def close = log('closed'); end; B.new.run").start
    assert_equal 0, bolt.finish
    assert_empty bolt.rest
  end

  it "serves `require \"./storm\"` through a copy, a link or a file of one line beside the component" do
    [->(path) { FileUtils.cp(File.join(ROOT, "lib/storm.rb"), path) }, ->(path) { File.symlink(File.join(ROOT, "lib/storm.rb"), path) },
     ->(path) { File.write(path, "require 'storm'\n") }].each do |place|
      Dir.mktmpdir do |dir|
        place.call(File.join(dir, "storm.rb"))
        File.write(File.join(dir, "split.rb"), "require \"./storm\"\n#{SPLIT}")
        bolt = keep(Child.new([RbConfig.ruby, "--disable-gems", "split.rb"], chdir: dir, env: { "RUBYLIB" => File.join(ROOT, "lib") })).start
        bolt.tuple("1", "word")
        assert_equal ["word"], bolt.hear["tuple"]
        assert_equal 0, bolt.finish
      end
    end
  end

  it "has every method, class and accessor of Storm's module" do
    code = <<~RUBY
      STDERR.puts (Storm::Protocol.instance_methods.sort - [:nothing]).join(" ")
      STDERR.puts (Storm::Protocol.methods & %i[mode mode= pending_taskids pending_taskids= pending_commands pending_commands=]).sort.join(" ")
      STDERR.puts Storm::Tuple.from_hash({ "id" => "1", "comp" => "c", "stream" => "s", "task" => 2, "tuple" => [3] }).values.inspect
      STDERR.puts (Storm::Tuple.instance_methods(false) - [:nothing]).sort.join(" ")
    RUBY
    child = storm(code)
    child.finish
    assert_equal <<~TEXT, child.stderr
      ack emit emit_bolt emit_spout fail handshake log logDebug logError logInfo logTrace logWarn read_command read_message read_task_ids reportError send_msg_to_parent send_pid sync
      mode mode= pending_commands pending_commands= pending_taskids pending_taskids=
      [3]
      component component= id id= is_heartbeat stream stream= task task= values values=
    TEXT
  end
end
