# frozen_string_literal: true

# Tests of the wire in a real child whose stdin and stdout keep record boundaries: each send is one of its reads, each of
# its writes one record. Where a count of writes is asserted, the child's clock stands still.

require "helper"

class WireTest < Minitest::Test
  ECHO = <<~RUBY
    class B < Polybolt::BasicBolt
      def process(tuple)
        log(tuple.values.first) if tuple.stream == "log"
        report_error(tuple.values.first) if tuple.stream == "error"
        emit(tuple.values)
      end
    end
  RUBY
  STANDING_CLOCK = <<~RUBY
    def Process.clock_gettime(*) = 0.0
    class Polybolt::Flusher; def start = self; end
  RUBY

  def echo(id, value)
    "{\"command\":\"emit\",\"anchors\":[\"#{id}\"],\"need_task_ids\":false,\"tuple\":[#{value.to_json}]}\nend\n" \
      "{\"command\":\"ack\",\"id\":\"#{id}\"}\nend\n"
  end

  def still
    bolt = source("#{STANDING_CLOCK}#{ECHO}B.run", records: true)
    bolt.say({ "pidDir" => "", "conf" => {}, "context" => {} })
    assert_equal "{\"pid\":#{bolt.pid}}\nend\n", bolt.hear_record
    bolt
  end

  it "answers a chunk of tuples with one write" do
    bolt = still
    bolt.say(*(1..100).map { |i| Child.tuple(i.to_s, "é") })
    assert_equal (1..100).map { |i| echo(i, "é") }.join, bolt.hear_record
  end

  it "flushes what is whole before it reads on, though half a message is left" do
    bolt = still
    second = Child.frame(Child.tuple("2", "b"))
    bolt.write(Child.frame(Child.tuple("1", "a")) + second[0, 30])
    assert_equal echo(1, "a"), bolt.hear_record
    bolt.write(second[30..])
    assert_equal echo(2, "b"), bolt.hear_record
  end

  it "writes a log and an error at once, with everything before them" do
    bolt = still
    bolt.say(Child.tuple("1", "a"), Child.tuple("2", "b", stream: "log"), Child.tuple("3", "c", stream: "error"))
    assert_equal "#{echo(1, 'a')}{\"command\":\"log\",\"msg\":\"b\",\"level\":2}\nend\n", bolt.hear_record
    assert_equal "#{echo(2, 'b')}{\"command\":\"error\",\"msg\":\"c\"}\nend\n", bolt.hear_record
    assert_equal echo(3, "c"), bolt.hear_record
  end

  it "writes as soon as 64 KiB have collected" do
    bolt = source("#{STANDING_CLOCK}class B < Polybolt::BasicBolt
      def process(t) = 3.times { emit(['x' * 30_000]) }; end; B.run", records: true)
    bolt.say({ "conf" => {} })
    bolt.hear_record
    bolt.tuple("1")
    assert_equal 3, bolt.hear_record.scan(/"x{30000}"/).size
    assert_equal "{\"command\":\"ack\",\"id\":\"1\"}\nend\n", bolt.hear_record
  end

  it "flushes at a tuple boundary when time has passed" do
    bolt = source("def Process.clock_gettime(*) = (@now = @now.to_f + 0.002)
      class Polybolt::Flusher; def start = self; end; #{ECHO}B.run", records: true)
    bolt.say({ "conf" => {} })
    bolt.hear_record
    bolt.say(*(1..3).map { |i| Child.tuple(i.to_s, i) })
    assert_equal (1..3).map { |i| echo(i, i) }, Array.new(3) { bolt.hear_record }
  end

  it "flushes in the background while user code blocks" do
    Dir.mktmpdir do |dir|
      gate = File.join(dir, "gate")
      File.mkfifo(gate)
      bolt = source("class B < Polybolt::BasicBolt
        def process(t); emit(['before']); File.read(#{gate.inspect}); emit(['after']); end; end; B.run").start
      2.times do |i|
        bolt.tuple(i.to_s)
        # The bolt is in File.read until the gate opens, and this test opens it only when it has heard the emit.
        assert_equal ["before"], bolt.hear["tuple"]
        File.write(gate, "")
        assert_equal ["after"], bolt.hear["tuple"]
        assert_equal "ack", bolt.hear["command"]
      end
    end
  end

  it "flushes in the background while user code computes without a pause" do
    Dir.mktmpdir do |dir|
      gate = File.join(dir, "gate")
      bolt = source("class B < Polybolt::BasicBolt
        def process(t); emit(['before']); nil until File.exist?(#{gate.inspect}); end; end; B.run").start
      bolt.tuple("1")
      assert_equal ["before"], bolt.hear["tuple"]
      File.write(gate, "")
      assert_equal "ack", bolt.hear["command"]
    end
  end

  it "takes emits and acks from other threads, whole" do
    bolt = source(<<~RUBY).start
      class B < Polybolt::Bolt
        def process(tuple)
          threads = 4.times.map { |n| Thread.new { 200.times { |i| emit([n, i, "é"], anchors: tuple) } } }
          threads.each(&:join)
          ack(tuple)
        end
      end
      B.run
    RUBY
    bolt.tuple("1")
    heard = bolt.hear_many(800).map { |message| message["tuple"] }
    4.times { |n| assert_equal (0...200).map { |i| [n, i, "é"] }, heard.select { |values| values.first == n } }
    assert_equal({ "command" => "ack", "id" => "1" }, bolt.hear)
  end

  CONVERSATION = [
    Child.frame(Child.tuple("1", "a\nend\né")), "{\r\n\r\n\"id\":\"2\",\"comp\":\"c\",\n\"stream\":\"default\",\"task\":1,\n\n" \
    "\"tuple\":[\"\\nend\\n\"]}\r\nend\r\n", Child.frame({ "id" => "h", "stream" => "__heartbeat", "task" => -1, "tuple" => [] })
  ].join.b.freeze
  ANSWER = [
    { "command" => "emit", "anchors" => ["1"], "need_task_ids" => false, "tuple" => ["a\nend\né"] },
    { "command" => "ack", "id" => "1" },
    { "command" => "emit", "anchors" => ["2"], "need_task_ids" => false, "tuple" => ["\nend\n"] },
    { "command" => "ack", "id" => "2" }, { "command" => "sync" }
  ].freeze

  it "answers a conversation read whole, byte by byte, and in two reads cut at every point" do
    bolt = source("#{ECHO}B.run", records: true).start
    bolt.write(CONVERSATION)
    assert_equal ANSWER, bolt.hear_many(5)
    CONVERSATION.each_byte { |byte| bolt.write(byte.chr) }
    assert_equal ANSWER, bolt.hear_many(5)
    (1...CONVERSATION.bytesize).each do |cut|
      bolt.write(CONVERSATION.byteslice(0, cut))
      bolt.write(CONVERSATION.byteslice(cut..))
      assert_equal ANSWER, bolt.hear_many(5), "cut at #{cut}"
    end
  end

  it "reads a handshake byte by byte" do
    bolt = source("#{ECHO}B.run", records: true)
    Child.frame({ "pidDir" => "", "conf" => {}, "context" => {} }).each_char { |byte| bolt.write(byte) }
    assert_equal({ "pid" => bolt.pid }, bolt.hear)
  end
end
