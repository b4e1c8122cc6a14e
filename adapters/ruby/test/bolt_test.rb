# frozen_string_literal: true

# Tests of basic and plain bolts, mostly on the reference components: anchors, acks, fails, ticks, logs, values.

require "helper"

class BasicBoltTest < Minitest::Test
  def setup
    @bolt = reference("bolt")
  end

  def answers(count, id, *values, **options)
    @bolt.tuple(id, *values, **options)
    Array.new(count) { @bolt.hear_line }
  end

  it "anchors an emit to its input and acks it, in exactly these bytes" do
    @bolt.start
    assert_equal ['{"command":"emit","anchors":["-5"],"need_task_ids":false,"tuple":["echo",1,"é"]}',
                  '{"command":"ack","id":"-5"}'], answers(2, "-5", "echo", 1, "é")
  end

  it "gives an odd id back as it came" do
    @bolt.start
    assert_equal ['{"command":"emit","anchors":["a\"\\\\\n"],"need_task_ids":false,"tuple":["echo"]}',
                  '{"command":"ack","id":"a\"\\\\\n"}'], answers(2, "a\"\\\n", "echo")
  end

  it "writes stream and direct task in their places" do
    @bolt.start
    assert_equal ['{"command":"emit","anchors":["1"],"stream":"s\"","need_task_ids":false,"tuple":[2]}',
                  '{"command":"ack","id":"1"}'], answers(2, "1", "emit_stream", "s\"", 2)
    assert_equal ['{"command":"emit","anchors":["2"],"task":4,"need_task_ids":false,"tuple":[3]}',
                  '{"command":"ack","id":"2"}'], answers(2, "2", "emit_direct", 4, 3)
  end

  it "emits many for one input" do
    @bolt.start
    many = answers(4, "1", "emit_many", 3).map { |line| JSON.parse(line) }
    assert_equal [["emit_many", 0], ["emit_many", 1], ["emit_many", 2], nil], many.map { |message| message["tuple"] }
    assert_equal({ "command" => "ack", "id" => "1" }, many.last)
  end

  it "fails a tuple without an error when the author says so, and does not ack it" do
    @bolt.start
    assert_equal ['{"command":"fail","id":"1"}', '{"command":"fail","id":"2"}'], answers(1, "1", "fail") + answers(1, "2", "fail")
  end

  it "reports what process raises with its trace, fails the tuple and lives on" do
    @bolt.start
    error, failed = answers(2, "1", "throw", "bad luck")
    assert_equal '{"command":"fail","id":"1"}', failed
    assert_match(%r{reference/bolt\.rb:\d+:in .*process.*: bad luck \(RuntimeError\)\n\tfrom }, JSON.parse(error)["msg"])
    assert_equal '{"command":"ack","id":"2"}', answers(2, "2", "echo").last
  end

  it "reports a value it cannot encode, fails the tuple and lives on" do
    @bolt.start
    error, failed = answers(2, "1", "unencodable")
    assert_match(/the values of an emit cannot be written as JSON: .*NaN/, JSON.parse(error)["msg"])
    assert_equal '{"command":"fail","id":"1"}', failed
    assert_equal '{"command":"ack","id":"2"}', answers(2, "2", "echo").last
  end

  it "lives on after an endless recursion and a method that is missing" do
    @bolt = source(<<~RUBY).start
      class B < Polybolt::BasicBolt
        def process(tuple) = tuple.values.empty? ? dive : super
        def dive = dive()
      end
      B.run
    RUBY
    assert_match(/SystemStackError/, answers(2, "1").first)
    assert_match(/B needs a method process\(tuple\)/, answers(2, "2", 1).first)
  end

  it "names the mistake when emit is not given an Array, or fail not a tuple" do
    @bolt = source(<<~RUBY).start
      class B < Polybolt::BasicBolt
        def process(tuple) = tuple.values.empty? ? emit("word") : fail("no")
      end
      B.run
    RUBY
    assert_match(/emit takes its values in an Array such as \[word, count\]; it was given String/, answers(2, "1").first)
    assert_match(/this is \\"no\\" \(to raise an exception in a bolt, say raise/, answers(2, "2", 1).first)
  end

  it "passes ticks to process_tick and acks them" do
    @bolt.start
    tick = { component: "__system", stream: "__tick", task: -1 }
    assert_equal ['{"command":"ack","id":"1"}'], answers(1, "1", 5, **tick)
    assert_equal ['{"command":"ack","id":"2"}'], answers(1, "2", 5, **tick)
    assert_equal ["ticks", 2], JSON.parse(answers(2, "3", "ticks").first)["tuple"]
  end

  it "takes a tuple for a tick only if component and stream say so" do
    @bolt.start
    assert_equal ["echo"], JSON.parse(answers(2, "1", "echo", component: "__system").first)["tuple"]
    assert_equal ["echo"], JSON.parse(answers(2, "2", "echo", stream: "__tick").first)["tuple"]
  end

  it "logs at every level, reports errors and metrics" do
    @bolt.start
    (0..4).each do |level|
      assert_equal ["{\"command\":\"log\",\"msg\":\"m\",\"level\":#{level}}", "{\"command\":\"ack\",\"id\":\"#{level}\"}"],
                   answers(2, level.to_s, "log", level, "m")
    end
    assert_equal '{"command":"error","msg":"oh"}', answers(2, "5", "error", "oh").first
    assert_equal '{"command":"metrics","name":"m","params":{"a":1}}', answers(2, "6", "metric", "m", { "a" => 1 }).first
  end

  it "has one function a level, and refuses a level it does not know" do
    @bolt = source(<<~RUBY).start
      class B < Polybolt::BasicBolt
        def process(tuple)
          log_trace(0); log_debug(1); log_info(2); log_warn(3); log_error(4)
          log("five"); log("six", :warn); log("seven", 5)
        end
      end
      B.run
    RUBY
    @bolt.tuple("1")
    assert_equal [["0", 0], ["1", 1], ["2", 2], ["3", 3], ["4", 4], ["five", 2], ["six", 3]],
                 @bolt.hear_many(7).map { |message| message.values_at("msg", "level") }
    assert_match(/log knows no level 5: use one of :trace, /, @bolt.hear["msg"])
  end

  it "reads its configuration, and null where there is none" do
    @bolt.start(conf: { "topology.name" => "t" })
    assert_equal ["conf", "topology.name", "t"], JSON.parse(answers(2, "1", "conf", "topology.name").first)["tuple"]
    assert_equal ["conf", "x", nil], JSON.parse(answers(2, "2", "conf", "x").first)["tuple"]
  end

  it "sleeps and then emits" do
    @bolt.start
    assert_equal ["sleep", 20], JSON.parse(answers(2, "1", "sleep", 20).first)["tuple"]
  end

  it "hands over the tuple's id, component, stream, task and values" do
    @bolt = source("class B < Polybolt::BasicBolt
      def process(t) = emit([t.id, t.component, t.stream, t.task, t.values]); end; B.run").start
    @bolt.tuple("1", "v", component: "c", stream: "s", task: 9)
    assert_equal ["1", "c", "s", 9, ["v"]], @bolt.hear["tuple"]
  end

  it "echoes a megabyte, a string that looks like frames, and unicode" do
    @bolt.start
    ["x" * 1_000_000, "a\nend\n{\"command\":\"ack\"}\nend\n", "é😀\u2028\u0000", "\r\n"].each do |text|
      assert_equal ["echo", text], JSON.parse(answers(2, "1", "echo", text).first)["tuple"]
    end
  end

  it "works the same in a C locale" do
    @bolt = reference("bolt", env: { "LC_ALL" => "C" }).start
    assert_equal ["echo", "é😀"], JSON.parse(answers(2, "1", "echo", "é😀").first)["tuple"]
  end
end

class PlainBoltTest < Minitest::Test
  def setup
    @bolt = reference("plain-bolt").start
  end

  it "joins what it held: one emit anchored to all, acks in order" do
    @bolt.tuple("1", "hold")
    @bolt.tuple("2", "hold")
    @bolt.tuple("3", "join")
    assert_equal ['{"command":"emit","anchors":["1","2","3"],"need_task_ids":false,"tuple":["join",2]}',
                  '{"command":"ack","id":"1"}', '{"command":"ack","id":"2"}', '{"command":"ack","id":"3"}'],
                 Array.new(4) { @bolt.hear_line }
    @bolt.tuple("4", "join")
    assert_equal ["join", 0], @bolt.hear["tuple"]
  end

  it "releases what it held in order and emits unanchored without a trace of an anchor" do
    @bolt.tuple("1", "hold")
    @bolt.tuple("2", "release")
    @bolt.tuple("3", "unanchored")
    assert_equal ['{"command":"ack","id":"1"}', '{"command":"ack","id":"2"}',
                  '{"command":"emit","need_task_ids":false,"tuple":["unanchored"]}', '{"command":"ack","id":"3"}'],
                 Array.new(4) { @bolt.hear_line }
  end

  it "reports a value it cannot encode, fails the tuple and lives on" do
    @bolt.tuple("1", "unencodable")
    assert_equal "error", @bolt.hear["command"]
    assert_equal '{"command":"fail","id":"1"}', @bolt.hear_line
    @bolt.tuple("2", "echo")
    assert_equal '{"command":"emit","anchors":["2"],"need_task_ids":false,"tuple":["echo"]}', @bolt.hear_line
  end

  it "does not fail a tuple that was acked before a value could not be encoded" do
    bolt = source("class B < Polybolt::Bolt; def process(t); ack(t); emit([Float::NAN]); end; end; B.run").start
    bolt.tuple("1")
    assert_equal '{"command":"ack","id":"1"}', bolt.hear_line
    assert_equal "error", bolt.hear["command"]
    assert_equal 0, bolt.finish
    assert_empty bolt.rest
  end

  it "reports what process raises and ends with status 1, neither acking nor failing" do
    @bolt.tuple("1", "throw", "bad luck")
    assert_match(/: bad luck \(RuntimeError\)/, @bolt.hear["msg"])
    assert_equal 1, @bolt.status
    assert_empty @bolt.rest
  end

  it "has its ticks acked by the library, once" do
    bolt = source("class B < Polybolt::Bolt; def process_tick(t) = t.values.first && ack(t); end; B.run").start
    bolt.tuple("1", false, component: "__system", stream: "__tick", task: -1)
    bolt.tuple("2", true, component: "__system", stream: "__tick", task: -1)
    assert_equal 0, bolt.finish
    assert_equal "{\"command\":\"ack\",\"id\":\"1\"}\nend\n{\"command\":\"ack\",\"id\":\"2\"}\nend\n", bolt.rest
  end
end
