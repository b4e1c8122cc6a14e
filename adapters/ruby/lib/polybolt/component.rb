# frozen_string_literal: true

# Owns what spouts and bolts have in common: running, logging, errors, metrics. The only names that it takes from an
# author's class are the documented ones and `polybolt_…`.

module Polybolt
  # Storm's log levels.
  LEVELS = { trace: 0, debug: 1, info: 2, warn: 3, error: 4 }.freeze

  class Component
    # Makes a component and runs it until the host closes its input.
    def self.run(*args, **options, &block)
      new(*args, **options, &block).run
    end

    # Speaks the protocol on this process's stdin and stdout until the host closes them.
    def run
      @polybolt_wire = Wire.new(*Guard.take)
      polybolt_serve(@polybolt_wire)
    end

    # Called after the input has ended. Override it to put things away.
    def close; end

    # @param message what to log; anything with to_s
    # @param level [Symbol, Integer] :trace, :debug, :info, :warn, :error or 0 to 4
    def log(message, level = :info)
      number = LEVELS.fetch(level, level)
      unless LEVELS.value?(number)
        raise ArgumentError, "log knows no level #{level.inspect}: use one of #{LEVELS.keys.map(&:inspect).join(', ')} or 0 to 4."
      end

      @polybolt_wire.log(message, number)
    end

    LEVELS.each do |name, number|
      define_method(:"log_#{name}") { |message| @polybolt_wire.log(message, number) }
    end

    # Reports an error against the component; it neither acks nor fails a tuple.
    #
    # @param error [Exception, String] an exception is reported with its trace
    def report_error(error)
      @polybolt_wire.error(error)
    end

    # @param name [String] the metric
    # @param params its parameters: anything JSON can hold
    # @raise [UnencodableError] when JSON cannot hold them
    def report_metric(name, params)
      @polybolt_wire.metric(name, params)
    end
  end
end
