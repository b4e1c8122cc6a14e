# frozen_string_literal: true

# Owns the task ids that one emit went to: a list that is read from the host only when somebody looks into it.
# It answers to everything that an Array answers to; nothing is read before the first question.

module Polybolt
  class TaskIds
    # What every object can answer for itself and a list must answer instead.
    OF_EVERY_OBJECT = %i[== != eql? === <=> hash to_s inspect to_json is_a? kind_of? dup clone].freeze

    def initialize(wire)
      @wire = wire
      @list = nil
    end

    # The host's answer.
    def fulfil(list)
      @list = list
      @wire = nil
    end

    # @return [Array<Integer>] the ids, read from the host now if they have not come by themselves
    def to_a
      @wire.read_until { @list } unless @list
      @list
    end

    (Array.public_instance_methods - Object.public_instance_methods - [:to_a] + OF_EVERY_OBJECT).uniq.each do |name|
      define_method(name) { |*args, **options, &block| to_a.public_send(name, *args, **options, &block) }
    end
  end
end
