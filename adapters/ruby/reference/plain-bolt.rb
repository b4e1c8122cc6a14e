#!/usr/bin/env ruby
# frozen_string_literal: true

# The conformance kit's plain bolt: it anchors, acks and holds its tuples itself.

require_relative "../lib/polybolt"

class ReferencePlainBolt < Polybolt::Bolt
  def prepare(_conf, _context)
    @held = []
  end

  def process(tuple)
    order, text = tuple.values
    case order
    when "echo" then pass_on(tuple.values, [tuple])
    when "hold" then @held << tuple
    when "join" then pass_on(["join", @held.size], take_held << tuple)
    when "release" then (take_held << tuple).each { |input| ack(input) }
    when "unanchored"
      emit(tuple.values)
      ack(tuple)
    when "unencodable" then emit([Float::NAN], anchors: tuple)
    when "throw" then raise text
    else raise ArgumentError, "the reference plain bolt knows no order #{order.inspect}"
    end
  end

  private

  def pass_on(values, inputs)
    emit(values, anchors: inputs)
    inputs.each { |input| ack(input) }
  end

  def take_held
    held = @held
    @held = []
    held
  end
end

ReferencePlainBolt.run
