# frozen_string_literal: true

# Tests of the guard: nothing that user code, its children or a C library print can reach the protocol.

require "helper"

class GuardTest < Minitest::Test
  it "leads prints and the output of child processes to stderr" do
    bolt = reference("bolt").start
    bolt.tuple("1", "print", "printed é")
    assert_equal [["print", "printed é"], nil], bolt.hear_many(2).map { |message| message["tuple"] }
    bolt.tuple("2", "spawn", "spawned")
    assert_equal [["spawn", "spawned"], nil], bolt.hear_many(2).map { |message| message["tuple"] }
    assert_equal 0, bolt.finish
    assert_empty bolt.rest
    assert_equal "printed é\nspawned\n", bolt.stderr
  end

  it "leads what was printed before the component ran to stderr, unless it was flushed" do
    bolt = source('puts "loading"; class B < Polybolt::Bolt; end; $stdout.print "ready "; B.run').start
    assert_equal 0, bolt.finish
    assert_empty bolt.rest
    assert_equal "loading\nready ", bolt.stderr
  end

  it "leads raw writes to descriptor 1 to stderr, from the first hook on" do
    bolt = source(<<~RUBY).start
      class B < Polybolt::BasicBolt
        def prepare(conf, context) = IO.for_fd(1, "w", autoclose: false).syswrite("p")
        def process(tuple) = STDOUT.syswrite("q")
      end
      B.run
    RUBY
    bolt.tuple("1")
    assert_equal({ "command" => "ack", "id" => "1" }, bolt.hear)
    assert_equal 0, bolt.finish
    assert_equal "pq", bolt.stderr
  end

  it "lets user code and its children read nothing of the protocol" do
    bolt = source(<<~RUBY).start
      class B < Polybolt::BasicBolt
        def process(tuple) = emit([$stdin.read, STDIN.gets, gets, `cat`, IO.for_fd(0, autoclose: false).read])
      end
      B.run
    RUBY
    bolt.say(Child.tuple("1"), Child.tuple("2"))
    assert_equal [["", nil, nil, "", ""], nil] * 2, bolt.hear_many(4).map { |message| message["tuple"] }
  end

  it "lets no child process inherit the protocol: the host sees its end though a child lives on" do
    bolt = source(<<~RUBY).start
      class B < Polybolt::BasicBolt
        def process(tuple) = emit([spawn("sleep", "300", err: File::NULL, out: File::NULL)])
      end
      B.run
    RUBY
    bolt.tuple("1")
    orphan = bolt.hear["tuple"].first
    assert_equal "ack", bolt.hear["command"]
    assert_equal 0, bolt.finish
    assert_empty bolt.rest
    assert_equal 1, Process.kill(0, orphan)
  ensure
    Process.kill(:KILL, orphan) if orphan
  end

  it "makes the host's pipes hold more, and leaves anything else as it is" do
    skip "only Linux can change what a pipe holds" unless RUBY_PLATFORM.include?("linux")
    IO.pipe do |reading, writing|
      Polybolt::Guard.widen(reading)
      assert_equal Polybolt::Guard::PIPE_BYTES, writing.fcntl(1032)
    end
    File.open(File::NULL) { |file| Polybolt::Guard.widen(file) }
  end
end
