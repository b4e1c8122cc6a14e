# frozen_string_literal: true

# The drop-in for Apache Storm's own storm.rb: its names, arguments, return values and module state, on Polybolt's wire.
# Components written for Storm run unmodified; they differ in speed, in the guard around stdin and stdout, and in
# exiting with status 1 after a crash. Code that reads a task-id list gets it then, not before.

begin
  require "polybolt"
rescue LoadError
  require_relative "polybolt"
end

module Storm
  module Protocol
    # A list of task ids for an emit that was written by hand; it is left where Storm leaves it.
    LeftPending = Class.new do
      def fulfil(list)
        Protocol.pending_taskids.push(list)
      end
    end

    class << self
      attr_accessor :mode, :pending_taskids

      # The commands that have been read and not yet been handled.
      def pending_commands
        wire.commands
      end

      def pending_commands=(commands)
        wire.commands = commands
      end

      # The one conversation of this process; begun by whoever first reads or writes.
      def wire
        @wire ||= Polybolt::Wire.new(*Polybolt::Guard.take)
      end
    end

    self.pending_taskids = []

    def read_message
      wire = Protocol.wire
      wire.read_until { !wire.commands.empty? || !Protocol.pending_taskids.empty? }
      wire.commands.empty? ? Protocol.pending_taskids.shift : wire.next_command
    end

    def read_task_ids
      Protocol.wire.read_until { !Protocol.pending_taskids.empty? }
      Protocol.pending_taskids.shift
    end

    def read_command
      Protocol.wire.next_command
    end

    def send_msg_to_parent(msg)
      Protocol.wire.send_message(msg)
      Protocol.wire.await(LeftPending.new) if Protocol.answered?(msg)
      nil
    end

    def sync
      Protocol.wire.sync
    end

    def send_pid(heartbeat_dir)
      Polybolt::Session.send_pid(Protocol.wire, heartbeat_dir)
    end

    def emit_bolt(tup, args = {})
      anchors = args[:anchors] || args[:anchor] || []
      anchors = [anchors] unless anchors.is_a?(Enumerable)
      head = Polybolt::Frames.anchors(anchors.map { |anchor| Protocol.wire_id(anchor) })
      Protocol.emit(head, tup, args)
    end

    def emit_spout(tup, args = {})
      # Storm sends no id for false either.
      Protocol.emit(Polybolt::Frames.id(args[:id] || nil), tup, args)
    end

    def emit(*args)
      case Protocol.mode
      when "spout" then emit_spout(*args)
      when "bolt" then emit_bolt(*args)
      end
    end

    def ack(tup)
      Protocol.wire.outbox.write(Polybolt::Frames.ack(Protocol.wire_id(tup)))
    end

    def fail(tup)
      Protocol.wire.outbox.write(Polybolt::Frames.fail(Protocol.wire_id(tup)))
    end

    def reportError(msg)
      Protocol.wire.error(msg.to_s)
    end

    def log(msg, level = 2)
      Protocol.wire.log(msg, level)
    end

    def logTrace(msg)
      log(msg, 0)
    end

    def logDebug(msg)
      log(msg, 1)
    end

    def logInfo(msg)
      log(msg, 2)
    end

    def logWarn(msg)
      log(msg, 3)
    end

    def logError(msg)
      log(msg, 4)
    end

    def handshake
      Polybolt::Session.handshake(Protocol.wire)
    end

    class << self
      def emit(head, values, args)
        wire.emit(head, values, args[:stream] || nil, args[:direct_task] || nil, !args[:direct_task])
      end

      def wire_id(anchor)
        Polybolt::JsonText.generate(anchor.id, "the id of an anchor")
      end

      # Whether the host sends task ids for a message that was written by hand.
      def answered?(msg)
        return false unless msg.is_a?(Hash)

        keys = msg.transform_keys(&:to_s)
        keys["command"].to_s == "emit" && [nil, 0].include?(keys["task"]) && keys["need_task_ids"] != false
      end
    end
  end

  class Tuple
    attr_accessor :id, :component, :stream, :task, :values

    def initialize(id, component, stream, task, values)
      @id = id
      @component = component
      @stream = stream
      @task = task
      @values = values
    end

    def self.from_hash(hash)
      new(*hash.values_at("id", "comp", "stream", "task", "tuple"))
    end

    def is_heartbeat
      task == -1 && stream == "__heartbeat"
    end
  end

  class Bolt
    include Storm::Protocol

    def prepare(conf, context); end

    def process(tuple); end

    def run
      Protocol.mode = "bolt"
      Polybolt::Session.new(self, Protocol.wire).run(:prepare) do |message|
        tuple = Tuple.from_hash(message)
        if tuple.is_heartbeat
          sync
        elsif tuple.values
          process(tuple)
        end
      end
    end
  end

  class Spout
    include Storm::Protocol

    def open(conf, context); end

    def activate; end

    def deactivate; end

    def nextTuple; end

    def ack(id); end

    def fail(id); end

    def run
      Protocol.mode = "spout"
      Polybolt::Session.new(self, Protocol.wire).run(:open) do |message|
        case message["command"]
        when "activate" then activate
        when "deactivate" then deactivate
        when "next" then nextTuple
        when "ack" then ack(message["id"])
        when "fail" then self.fail(message["id"])
        end
        sync
      end
    end
  end
end
