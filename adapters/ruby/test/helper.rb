# frozen_string_literal: true

# Owns what the tests share: a component in a real child process, spoken to over its real stdin and stdout.
# No test waits by the clock: each reads what it expects, and a watchdog ends one that would wait for ever.

require "fileutils"
require "minitest/autorun"
require "polybolt"
require "rbconfig"
require "socket"
require "tmpdir"

ROOT = File.expand_path("..", __dir__)

# A component in a child process. With `records: true` its stdin and stdout are sockets that keep record boundaries, so
# that each send is exactly one of its reads and each of its writes is exactly one record.
class Child
  WATCHDOG_S = 60
  RECORD_BYTES = 1 << 20

  attr_reader :pid

  def self.reference(name, **options)
    new([RbConfig.ruby, File.join(ROOT, "reference", "#{name}.rb")], **options)
  end

  # A component given as source text.
  def self.source(code, **options)
    new([RbConfig.ruby, "-W0", "--disable-gems", "-I", File.join(ROOT, "lib"), "-r", "polybolt", "-e", code], **options)
  end

  def initialize(command, records: false, env: {}, chdir: ROOT)
    @records = records
    child_in, @in = records ? UNIXSocket.pair(:SEQPACKET) : IO.pipe
    @out, child_out = records ? UNIXSocket.pair(:SEQPACKET) : IO.pipe
    @err, child_err = IO.pipe
    [child_in, @in, @out, child_out].each(&:binmode)
    @pid = Process.spawn(env, *command, in: child_in, out: child_out, err: child_err, chdir: chdir)
    [child_in, child_out, child_err].each(&:close)
    @stderr = Thread.new { @err.read }
    @bytes = String.new(encoding: Encoding::BINARY)
    @ended = Thread.new { Process.wait2(@pid).last }
    Thread.new { Process.kill(:KILL, @pid) unless @ended.join(WATCHDOG_S) }
  end

  # Sends bytes as they are, in one write.
  def write(bytes)
    @in.write(bytes)
    @in.flush
  end

  def say(*messages)
    write(messages.map { |message| Child.frame(message) }.join)
  end

  def self.frame(message)
    "#{JSON.generate(message)}\nend\n"
  end

  def self.tuple(id, *values, stream: "default", component: "words", task: 3)
    { "id" => id, "comp" => component, "stream" => stream, "task" => task, "tuple" => values }
  end

  # Sends the handshake and takes the pid.
  def start(conf: {}, pid_dir: "")
    say({ "pidDir" => pid_dir, "conf" => conf, "context" => { "taskid" => 7 } })
    raise "no pid came first" unless hear == { "pid" => @pid }

    self
  end

  def tuple(id, *values, **options)
    say(Child.tuple(id, *values, **options))
  end

  # The next message, as an object.
  def hear
    JSON.parse(hear_line)
  end

  # The next message, as its text.
  def hear_line
    @bytes << @out.readpartial(RECORD_BYTES) until (cut = @bytes.index("\nend\n"))
    line = @bytes.slice!(0, cut + 5).delete_suffix("\nend\n")
    line.force_encoding(Encoding::UTF_8)
  end

  def hear_many(count)
    Array.new(count) { hear }
  end

  # One write of the child's, whole.
  def hear_record
    @out.recv(RECORD_BYTES).force_encoding(Encoding::UTF_8)
  end

  # Everything from here to the end of the child's output.
  def rest
    rest = @bytes + @out.read
    rest.force_encoding(Encoding::UTF_8)
  end

  # Closes the child's input and waits for its end.
  def finish
    @in.close unless @in.closed?
    status
  end

  # Closes the reading end of the child's output.
  def stop_listening
    @out.close
  end

  # The exit status, once the child has ended.
  def status
    status = @ended.value
    status.exitstatus || "killed by signal #{status.termsig}"
  end

  def stderr
    @stderr.value
  end

  def leave
    @in.close unless @in.closed?
    @ended.value
    @stderr.value
    [@out, @err].each { |io| io.close unless io.closed? }
  end
end

module Minitest
  class Test
    make_my_diffs_pretty!

    # A test's title is a sentence.
    def self.it(title, &block)
      name = :"test_#{title}"
      raise "two tests are titled #{title.inspect}" if method_defined?(name)

      define_method(name, &block)
    end

    def reference(name, **options)
      keep(Child.reference(name, **options))
    end

    def source(code, **options)
      keep(Child.source(code, **options))
    end

    def keep(child)
      (@children ||= []) << child
      child
    end

    def teardown
      (@children || []).each(&:leave)
    end
  end
end
