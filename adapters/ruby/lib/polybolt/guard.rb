# frozen_string_literal: true

# Owns the move of the protocol to private descriptors. Afterwards descriptor 0 is /dev/null and descriptor 1 a copy
# of stderr, so that prints by user code, child processes and C libraries cannot reach the host.

module Polybolt
  module Guard
    # At full speed a pipe of 64 KiB holds a few milliseconds of work: whenever the host is busy elsewhere for as long, the
    # component runs dry on one side or is stopped on the other.
    PIPE_BYTES = 256 * 1024
    # Linux's F_SETPIPE_SZ, for which Ruby has no name.
    SET_PIPE_SIZE = 1031

    module_function

    # @return [Array(IO, IO)] the protocol's input and output; children do not inherit them
    def take
      # Fresh objects over the old descriptors: STDOUT's own dup and reopen would flush into the protocol whatever the
      # program printed before it ran the component.
      input = IO.for_fd(0, "rb", autoclose: false).dup
      stdout = IO.for_fd(1, "wb", autoclose: false)
      output = stdout.dup
      widen(input)
      widen(output)
      STDIN.reopen(File::NULL)
      stdout.reopen(STDERR)
      STDOUT.sync = true
      [input.binmode, output.binmode]
    end

    # Lets a pipe hold PIPE_BYTES, where the system can; what is no pipe stays as it is.
    def widen(pipe)
      pipe.fcntl(SET_PIPE_SIZE, PIPE_BYTES) if RUBY_PLATFORM.include?("linux")
    rescue SystemCallError
      # No pipe, or this user's pipes hold as much as they may together: slower, that is all.
    end
  end
end
