#!/usr/bin/env ruby
# frozen_string_literal: true

# The conformance kit's basic bolt: it does what the first value of a tuple tells it; the rest are arguments.

require_relative "../lib/polybolt"

class ReferenceBolt < Polybolt::BasicBolt
  def prepare(conf, _context)
    @conf = conf
    @ticks = 0
  end

  def process_tick(_tuple)
    @ticks += 1
  end

  def process(tuple)
    order, *rest = tuple.values
    case order
    when "echo" then emit(tuple.values)
    when "fail" then fail(tuple)
    when "throw" then raise rest.first
    when "unencodable" then emit([Float::NAN])
    when "emit_direct" then emit(rest.drop(1), direct_task: rest.first)
    when "emit_many" then rest.first.times { |i| emit(["emit_many", i]) }
    when "emit_stream" then emit(rest.drop(1), stream: rest.first)
    when "task_ids" then emit(["task_ids", emit(rest, need_task_ids: true)])
    when "task_ids_unread" then emit(rest, need_task_ids: true)
    when "log" then log(rest[1], rest[0])
    when "error" then report_error(rest.first)
    when "metric" then report_metric(*rest)
    when "ticks" then emit(["ticks", @ticks])
    when "conf" then emit(["conf", rest.first, @conf[rest.first]])
    else
      act(order, rest.first)
      emit(tuple.values)
    end
  end

  private

  # The orders that do something to the process and then echo.
  def act(order, argument)
    case order
    when "sleep" then sleep(argument / 1000.0)
    when "print" then puts argument
    when "spawn" then system("printf", "%s\n", argument)
    else raise ArgumentError, "the reference bolt knows no order #{order.inspect}"
    end
  end
end

ReferenceBolt.run
