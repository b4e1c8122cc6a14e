# frozen_string_literal: true

# Tests of the outbox alone, under a fake clock: when what was written goes.

require "helper"

class OutboxTest < Minitest::Test
  # An output that remembers each write.
  class Writes
    attr_reader :all
    attr_writer :sync

    def initialize
      @all = []
    end

    def write(bytes)
      @all << bytes
    end
  end

  def setup
    @now_s = 100.0
    @writes = Writes.new
    @outbox = Polybolt::Outbox.new(@writes, clock: -> { @now_s })
  end

  it "gathers frames and writes them in one piece" do
    @outbox.write("a")
    @outbox.write("é")
    @outbox.boundary
    assert_empty @writes.all
    @outbox.flush
    assert_equal ["aé"], @writes.all
    assert_predicate @outbox, :empty?
  end

  it "writes nothing when there is nothing" do
    @outbox.flush
    @now_s += 1
    @outbox.boundary
    assert_empty @writes.all
  end

  it "flushes at a tuple boundary when 2 ms have passed since the last flush" do
    @outbox.write("a")
    @now_s += 0.0019
    @outbox.boundary
    assert_empty @writes.all
    @now_s += 0.0002
    @outbox.boundary
    assert_equal ["a"], @writes.all
    @outbox.write("b")
    @now_s += 0.0019
    @outbox.boundary
    assert_equal ["a"], @writes.all
  end

  it "counts the 2 ms anew after a wait for input" do
    @now_s += 60
    @outbox.restart_clock
    @outbox.write("a")
    @outbox.boundary
    assert_empty @writes.all
  end

  it "flushes as soon as 64 KiB have collected, and not a byte before" do
    @outbox.write("x" * 65_535)
    assert_empty @writes.all
    @outbox.write("y")
    assert_equal [65_536], @writes.all.map(&:bytesize)
  end

  it "keeps whole frames in order when several threads write" do
    frames = Array.new(4) { |writer| Array.new(500) { |i| "#{writer}:#{i}é\n" } }
    frames.map { |mine| Thread.new { mine.each { |frame| @outbox.write(frame); @outbox.flush if frame.end_with?("7é\n") } } }.each(&:join)
    @outbox.flush
    lines = @writes.all.join.lines
    assert_equal 2_000, lines.size
    frames.each_with_index { |mine, writer| assert_equal mine, lines.select { |line| line.start_with?("#{writer}:") } }
  end

  # An output whose first write lasts until the gate is opened.
  class Slow < Writes
    attr_reader :entered, :gate

    def initialize
      super
      @entered = Queue.new
      @gate = Queue.new
    end

    def write(bytes)
      if bytes == "slow"
        @entered << true
        @gate.pop
      end
      super
    end
  end

  def slowly
    slow = Slow.new
    outbox = Polybolt::Outbox.new(slow)
    outbox.write("slow")
    writer = Thread.new { outbox.flush }
    writer.report_on_exception = false
    slow.entered.pop
    [slow, outbox, writer]
  end

  it "lets no later piece overtake one that is still being written" do
    slow, outbox, first = slowly
    outbox.write("next")
    second = Thread.new { outbox.flush }
    Thread.pass until second.stop?
    slow.gate << true
    [first, second].each(&:join)
    assert_equal %w[slow next], slow.all
  end

  it "finishes a write though an author's timeout strikes in it" do
    slow, _outbox, writer = slowly
    writer.raise("timeout")
    slow.gate << true
    assert_raises(RuntimeError) { writer.join }
    assert_equal ["slow"], slow.all
  end
end
